"""Clocks fire only once ``commands`` has been read past them, on a quiet partition as on a busy one (DESIGN 6)."""

import asyncio

import pytest

from engine.kafka.driver_errors import KafkaFault
from engine.kafka.memory.faults import hangs
from tests.support.loop_rig import START, LoopRig
from tests.support.still_time import now, still, until
from topics.registry import COMMANDS, INCIDENTS


@still
async def test_a_clock_fires_on_a_quiet_partition_soon_after_it_is_due_and_not_before() -> None:
    """Nobody sends anything."""
    async with LoopRig() as rig:
        await rig.worker().start()
        await rig.send("clock:60000")
        began = now()
        await until(lambda: len(rig.ids()) == 2)
        assert 60.0 <= now() - began < 60.3
        fired = rig.decided()[-1]
        assert (fired.what, 0 <= fired.at - (START + int(began * 1000) + 60_000) < 300) == ("fired", True)


@still
async def test_a_command_handed_in_before_a_clock_was_due_goes_first_however_late_it_is_read() -> None:
    """What is on the log decides, and not what has been fetched."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        await rig.send("clock:1000")
        await until(lambda: len(rig.ids()) == 1)
        rig.log.faults.at("fetch", lambda: asyncio.sleep(3), who=worker.name)
        await until(lambda: rig.log.faults.left() == 0)
        await rig.send("in time")
        await asyncio.sleep(2)
        await rig.send("too late")
        await until(lambda: len(rig.ids()) == 4)
        assert rig.ids() == ["commands:0:0", "commands:0:1", "clock:commands:0:0", "commands:0:2"]


@still
async def test_clocks_do_not_fire_while_nobody_says_where_commands_ends_and_do_as_soon_as_it_is_said() -> None:
    """A clock that fired blindly might fire before a command that was handed in in time."""
    async with LoopRig() as rig:
        await rig.worker().start()
        await rig.send("clock:1000")
        await until(lambda: len(rig.ids()) == 1)
        fault = rig.log.faults.at("ends", KafkaFault("away"), times=50)
        await until(lambda: fault.times < 40)
        assert len(rig.ids()) == 1
        await until(lambda: len(rig.ids()) == 2)
        assert fault.times == 0


@still
async def test_an_end_whose_question_the_driver_cancels_is_asked_for_again() -> None:
    """No clock waits for the next process."""
    async with LoopRig() as rig:
        await rig.worker().start()
        await rig.send("clock:1000")
        await until(lambda: len(rig.ids()) == 1)
        fault = rig.log.faults.at("ends", asyncio.CancelledError())
        assert await until(lambda: len(rig.ids()) == 2) < 15
        assert fault.times == 0


@still
async def test_a_broker_that_hangs_over_one_end_keeps_clocks_waiting_for_seconds_and_not_for_ever() -> None:
    """It is asked again."""
    async with LoopRig() as rig:
        await rig.worker().start()
        await rig.send("clock:1000")
        await until(lambda: len(rig.ids()) == 1)
        rig.log.faults.at("ends", hangs)
        assert await until(lambda: len(rig.ids()) == 2) < 15


@still
async def test_clocks_due_at_once_fire_in_the_order_they_are_due() -> None:
    """A hundred of them, over many steps or one."""
    async with LoopRig() as rig:
        await rig.worker().start()
        await rig.send(*[f"clock:{10_000 - n}" for n in range(100)])
        await until(lambda: len(rig.ids()) == 200)
        assert rig.ids()[100:] == [f"clock:commands:0:{n}" for n in reversed(range(100))]


@still
async def test_clocks_of_the_next_owner_fire_by_the_state() -> None:
    """Whoever set them is gone; what was due meanwhile fires at once."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        await rig.send("clock:5000")
        await rig.all_decided()
        first.kill()
        await asyncio.sleep(3600)
        await rig.worker("w2").start()
        assert await until(lambda: len(rig.ids()) == 2) < 2


def backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of fifty causes."""
    monkeypatch.setattr("engine.stream.pace.MAX_CAUSES", 50)


@still
async def test_clocks_due_before_a_command_was_handed_in_fire_before_it_over_many_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many of either wait."""
    backlog(monkeypatch)
    async with LoopRig() as rig:
        first = await rig.worker().start()
        await rig.send(*["clock:1000"] * 250)
        await rig.all_decided()
        first.kill()
        await asyncio.sleep(10)
        await rig.send(*["a"] * 250)
        await rig.worker("w2").start()
        await until(lambda: len(rig.ids()) == 750)
        order = [name.split(":")[0] for name in rig.ids()[250:]]
        assert order == ["clock"] * 250 + ["commands"] * 250


@still
async def test_a_backlog_of_incidents_and_one_of_clocks_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a step each: neither waits for the whole of the other."""
    backlog(monkeypatch)
    async with LoopRig(commits_per_second=5) as rig:
        first = await rig.worker().start()
        await rig.send(*["clock:1000"] * 500)
        await rig.all_decided()
        first.kill()
        await asyncio.sleep(10)
        await rig.send(*["a"] * 300, topic=INCIDENTS)
        await rig.worker("w2").start()
        await until(lambda: len(rig.ids()) == 1300)
        order = [name.split(":")[0] for name in rig.ids()[500:]]
        both = order[order.index("incidents") :][:200]  # what is fetched comes a tenth of a second after the opening
        assert 60 < both.count("clock") < 140


@still
async def test_the_horizon_is_observed_at_or_after_the_moment_it_stands_for() -> None:
    """A command appended while the end is asked for is before that end, or after that moment."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        await rig.send("clock:1000")
        await until(lambda: len(rig.ids()) == 1)
        (due,) = worker.cores[-1].clocks.values()

        async def meanwhile() -> None:
            await rig.send("while the end is asked for")

        rig.log.faults.at("ends", meanwhile)
        await until(lambda: len(rig.ids()) == 3)
        appended = {one.offset: one.timestamp for one in rig.log.all(COMMANDS.name, 0)}[1]
        clock_first = rig.ids().index("clock:commands:0:0") < rig.ids().index("commands:0:1")
        assert clock_first == (due < appended)
