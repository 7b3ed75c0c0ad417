"""Waiting: longer each time while nothing moves, short again once it does; and what tells an operator of it."""

import asyncio
from itertools import pairwise

import pytest

from engine.kafka.driver_errors import KafkaFault
from engine.stream.contracts import Record
from engine.stream.limits import HELD_AFTER, PENDING_HIGH, REOPEN_MOST
from engine.stream.partition_loop import FAULT_SECONDS
from engine.stream.turns import SLOW_SHARE
from tests.support.loop_rig import LoopRig, Worker
from tests.support.still_time import now, still, until


def times_of(rig: LoopRig, step: str, count: int) -> list[float]:
    """Let a step fail so often, and note when."""
    found: list[float] = []

    async def fails() -> None:
        found.append(now())
        raise KafkaFault("away")

    rig.log.faults.at(step, fails, who="dispatch.p0", times=count)
    return found


@still
async def test_openings_that_fail_are_tried_again_after_growing_pauses() -> None:
    """0.2 s, doubled each time, at most ten."""
    async with LoopRig() as rig:
        found = times_of(rig, "start", 9)
        await rig.worker().start(ready=False)
        await until(lambda: len(found) == 9)
        pauses = [round(later - earlier, 1) for earlier, later in pairwise(found)]
        assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, REOPEN_MOST, REOPEN_MOST]


@still
async def test_a_step_that_was_committed_begins_the_pauses_anew() -> None:
    """The next fault is waited for as briefly as the first."""
    async with LoopRig() as rig:
        found = times_of(rig, "start", 5)
        worker = await rig.worker().start()
        await rig.send("a")
        await rig.all_decided()
        rig.log.faults.at("commit", KafkaFault("once"), who="dispatch.p0")
        began = now()
        await rig.send("b")
        await rig.all_decided()
        assert now() - began < 0.5
        assert (len(found), worker.loop.slots[0].pace.fruitless) == (5, 0)


@still
async def test_it_is_not_ready_after_three_openings_in_vain_and_ready_again_once_one_moves() -> None:
    """With one alarm, and not one for each opening."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        times_of(rig, "commit", 6)
        await rig.send("a")
        await rig.all_decided()
        assert worker.ready == [True, False, True]
        assert worker.counted("alarms", "partition_stalled") == 1
        assert worker.loop.slots[0].live


@still
async def test_two_openings_in_vain_change_nothing_for_an_operator() -> None:
    """A broker that restarts is no news."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        times_of(rig, "commit", HELD_AFTER - 1)
        await rig.send("a")
        await rig.all_decided()
        assert (worker.ready, worker.counted("alarms", "partition_stalled")) == ([True], 0)


@still
async def test_fetching_that_fails_for_a_minute_ends_the_process_and_not_before() -> None:
    """It will not mend itself; whoever supervises starts it anew."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        rig.log.faults.at("fetch", KafkaFault("broken"), who=worker.name, times=1000)
        began = now()
        assert worker.task is not None
        with pytest.raises(KafkaFault, match="broken"):
            await worker.task
        assert FAULT_SECONDS < now() - began < FAULT_SECONDS + 2 * REOPEN_MOST
        assert worker.counted("alarms", "fetch_failed") > 5


@still
async def test_fetching_that_fails_now_and_then_loses_nothing() -> None:
    """The minute begins anew with each fetch that ends."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        for n in range(20):
            rig.log.faults.at("fetch", KafkaFault("now and then"), who=worker.name, times=2)
            await rig.send(f"a{n}")
            await asyncio.sleep(5)
        await rig.all_decided()
        assert worker.counted("alarms", "fetch_failed") == 40
        assert worker.task is not None and not worker.task.done()


@still
async def test_a_process_commits_no_more_often_than_it_may() -> None:
    """Ten partitions with a record each, every 10 ms: the steps grow instead."""
    async with LoopRig(10, commits_per_second=20) as rig:
        worker = await rig.worker().start()
        began, before = now(), worker.steps.passed["applied"]
        for n in range(500):
            await rig.send(f"a{n}", partition=n % 10)
            await asyncio.sleep(0.01)
        await rig.all_decided()
        took, steps = now() - began, worker.steps.passed["applied"] - before
        assert steps <= 4 + 20 * took + 1
        assert steps > 20 * took * SLOW_SHARE * 0.9


@still
async def test_a_partition_with_enough_waiting_is_paused_and_goes_on_when_that_is_worked_off() -> None:
    """Memory is bounded, however much lies on the log."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        gate, most = asyncio.Event(), [0]

        async def decide(batch: object) -> None:
            await gate.wait()
            most[0] = max(most[0], worker.opening().waiting())
            batch.decide()  # type: ignore[attr-defined]

        worker.decide = decide
        await rig.send(*["a"] * 9000)
        await until(lambda: worker.loop.slots[0].paused)
        await asyncio.sleep(5)
        waiting = worker.opening().waiting()
        assert PENDING_HIGH < waiting < 9000
        gate.set()
        await rig.all_decided()
        assert most[0] == waiting and not worker.loop.slots[0].paused


@still
async def test_lag_is_measured_and_falls_to_nothing() -> None:
    """Every five seconds, one question for all partitions."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        rig.log.faults.at("fetch", lambda: asyncio.sleep(12), who=worker.name)
        await until(lambda: rig.log.faults.left() == 0)
        await rig.send(*["a"] * 30)
        await until(lambda: lag(worker) == 30)
        await rig.all_decided()
        await until(lambda: lag(worker) == 0)


def lag(worker: Worker) -> float | None:
    """What is shown of partition 0."""
    return worker.metrics.gauges.get(("lag_records", ("dispatch", "0")))


@still
async def test_a_fault_while_handing_out_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched would not come again: to go on would pass it by."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()

        def fails(records: list[Record]) -> None:
            raise RuntimeError("ours")

        monkeypatch.setattr(worker.loop.slots[0], "give", fails)
        await rig.send("a")
        assert worker.task is not None
        with pytest.raises(RuntimeError, match="ours"):
            await worker.task


@still
async def test_what_measures_beside_the_loop_ends_the_process_when_it_ends() -> None:
    """A loop without barriers would fire no clock, and nobody would be told."""
    async with LoopRig() as rig:
        worker = rig.worker()

        async def ends() -> None:
            raise RuntimeError("ours")

        worker.loop.barriers.run = ends  # type: ignore[method-assign]
        await worker.start(ready=False)
        assert worker.task is not None
        with pytest.raises(RuntimeError, match="ours"):
            await worker.task
