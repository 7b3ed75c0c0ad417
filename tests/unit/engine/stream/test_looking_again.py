"""State and log that do not seem to fit are read once more before a partition stops."""

import asyncio

from engine.kafka.driver_errors import KafkaFault
from tests.support.loop_rig import LoopRig
from tests.support.still_time import now, still, until


@still
async def test_an_opening_that_slept_while_another_took_over_stops_nothing() -> None:
    """It compares the state as it was with a group that has gone on since: nothing is wrong with either."""
    async with LoopRig() as rig:
        await rig.send("a")
        gate = asyncio.Event()
        rig.log.faults.at("stands", gate.wait)
        first = rig.worker()
        starting = asyncio.create_task(first.start())
        await until(lambda: rig.log.faults.left() == 0)
        rig.log.groups["gw.dispatch"].lose(first.reader)
        second = await rig.worker("w2").start()
        await rig.all_decided()
        await until(lambda: bool(rig.log.stands))
        gate.set()
        await until(lambda: first.counted("openings", "dispatch", "failed") == 1)
        assert first.loop.slots[0].stopped_by is None
        await starting
        await rig.send("b")
        await rig.all_decided()
        assert rig.each_once() and second.loop.slots[0].stopped_by is None


@still
async def test_a_broker_that_says_less_at_first_than_it_has_stops_nothing() -> None:
    """It is asked once more, after a while."""
    async with LoopRig() as rig:
        await rig.send("a")
        first = await rig.worker().start()
        await rig.all_decided()
        await first.stop()
        stood, rig.log.stands = rig.log.stands, {key: 9 for key in rig.log.stands}
        second = rig.worker("w2")
        starting = asyncio.create_task(second.start())
        await until(lambda: second.counted("openings", "dispatch", "failed") == 1)
        began, rig.log.stands = now(), stood
        await starting
        assert 11.0 < now() - began < 13.0
        assert (
            second.counted("openings", "dispatch", "opened"),
            second.counted("alarms", "position_out_of_range"),
        ) == (1, 0)


@still
async def test_each_opening_that_went_well_is_behind_what_was_doubted() -> None:
    """A partition that opens again a month later is looked at twice once more."""
    async with LoopRig() as rig:
        await rig.send("a")
        worker = await rig.worker().start()

        async def doubts_and_goes_on(failed: int) -> None:
            await rig.all_decided()
            await until(lambda: bool(rig.log.stands))
            stood, rig.log.stands = rig.log.stands, {key: 99 for key in rig.log.stands}
            rig.log.faults.at("commit", KafkaFault("no"))
            await rig.send("b")
            await until(lambda: worker.counted("openings", "dispatch", "failed") == failed)
            rig.log.stands = stood
            await rig.all_decided()

        await doubts_and_goes_on(failed=2)
        await doubts_and_goes_on(failed=4)
        assert worker.counted("alarms", "position_out_of_range") == 0
