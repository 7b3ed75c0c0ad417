"""Revocation: the running step ends, or is dropped after three seconds; the next owner does what was not committed."""

import asyncio

import pytest

from engine.kafka.memory.faults import hangs
from engine.stream.fetched import records_of
from tests.support.loop_rig import LoopRig
from tests.support.still_time import now, still, until
from topics.registry import STATE


@still
async def test_a_step_that_runs_when_its_partition_is_taken_away_is_ended_and_committed() -> None:
    """Its owner lets go only then, and the next one does nothing of it again."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        rig.log.faults.at("commit", lambda: asyncio.sleep(2), who="dispatch.p0")
        await rig.send("a", "b")
        await until(lambda: rig.log.faults.left() == 0)
        second = await rig.worker("w2").start()
        await rig.all_decided()
        assert rig.ids() == ["commands:0:0", "commands:0:1"]
        owner = first if first.loop.slots else second
        assert set(owner.cores[-1].done) == {"commands:0:0", "commands:0:1"}
        assert first.counted("openings", "dispatch", "fenced") == 0


@still
async def test_a_step_that_hangs_when_its_partition_is_taken_away_is_dropped() -> None:
    """Three seconds for the step, three for letting go; then the next owner decides it, once."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        rig.log.faults.at("commit", hangs, who="dispatch.p0")
        await rig.send("a")
        await until(lambda: rig.log.faults.left() == 0)
        began = now()
        rig.worker("w2")
        await rig.workers[1].start(ready=False)
        await rig.all_decided()
        assert 3.0 <= now() - began < 8.0
        assert first.steps.passed["revoked"] == 1


@pytest.mark.parametrize("step", ["join", "begins", "start", "commit"])
def test_a_partition_that_is_taken_away_while_it_opens_is_let_go_of(step: str) -> None:
    """However long its broker takes to answer."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            first = rig.worker()
            if step == "join":  # reading the state hangs
                rig.log.faults.at("join", hangs, who="reading")
            else:
                rig.log.faults.at(step, hangs)
            await rig.send("a")
            await first.start(ready=False)
            await until(lambda: rig.log.faults.left() == 0)
            await rig.worker("w2").start(ready=False)
            await rig.all_decided(within=20)
            assert rig.marker().positions["commands"] == 1

    story()


@still
async def test_two_share_the_partitions_and_one_takes_all_when_the_other_leaves() -> None:
    """Each record is decided once, whoever has it."""
    async with LoopRig(4) as rig:
        first = await rig.worker().start()
        second = await rig.worker("w2").start()
        await until(lambda: len(first.loop.slots) == len(second.loop.slots) == 2)
        for number in range(4):
            await rig.send("a", "b", partition=number)
        await rig.all_decided()
        await first.stop()
        first.is_dead = True
        for number in range(4):
            await rig.send("c", partition=number)
        await rig.all_decided()
        assert set(second.loop.slots) == {0, 1, 2, 3}
        assert second.metrics.gauges["partitions_live", ("dispatch",)] == 4


@still
async def test_rebalances_one_after_the_other_under_traffic_lose_and_double_nothing() -> None:
    """Workers come, go and are killed while 120 commands arrive."""
    async with LoopRig(3) as rig:
        await rig.worker("w0").start()
        for n in range(120):
            await rig.send(f"a{n}", partition=n % 3)
            await asyncio.sleep(0.05)
            if n % 20 == 5:
                await rig.worker(f"come{n}").start(ready=False)
            if n % 20 == 12:
                rig.workers[-1].kill()
            if n % 20 == 16:
                rig.log.groups["gw.dispatch"].rebalance()
        await rig.all_decided()
        assert len(rig.ids()) == 120


@still
async def test_what_was_fetched_for_a_former_opening_is_dropped() -> None:
    """It is fetched again from where the new opening stands."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        await rig.send("a")
        await rig.all_decided()
        slot = worker.loop.slots[0]
        records = rig.log.all("commands", 0)
        slot.open = False
        slot.give(records_of(worker.opening().tps[1], records, "gw.", lambda ms: ms))
        assert (worker.opening().waiting(), slot.waiting_bytes) == (0, 0)
        slot.open = True


@still
async def test_nothing_is_handed_out_while_the_group_is_joined() -> None:
    """The library would wait for it without an end; barriers and watching go on."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        worker.reader.joining = True
        await rig.send("a")
        await asyncio.sleep(30)
        assert rig.ids() == []
        assert worker.loop.watch.progress_age() < 10
        worker.reader.joining = False
        await rig.all_decided()


@still
async def test_the_state_holds_what_was_decided_and_nothing_that_was_dropped() -> None:
    """Outputs, state and positions are one."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        rig.log.faults.at("ack", hangs, who="dispatch.p0")
        await rig.send("a")
        await until(lambda: rig.log.faults.left() == 0)
        await first.stop()
        first.is_dead = True
        assert [one.key for one in rig.log.all(STATE.name, 0)] == [b"m:"]
        await rig.worker("w2").start()
        await rig.all_decided()
        assert {one.key for one in rig.log.all(STATE.name, 0)} == {b"m:", b"s:commands:0:0"}
