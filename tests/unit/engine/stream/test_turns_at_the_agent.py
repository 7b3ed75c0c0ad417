"""A step's time is what its own deciding takes of the CPU: partitions of a process wait for each other at the agent,
and a process for its machine."""

import asyncio
import time
from collections.abc import Callable
from itertools import count

import pytest

from engine.stream import batch as batches
from engine.stream.batch import Batch
from engine.stream.limits import PIECE_SECONDS
from tests.support.fetched import fetched
from tests.support.loop_tally import Tally
from topics.registry import COMMANDS

START, WAITING = 1_795_482_000_000, 400


def a_step() -> Batch:
    """Commands came before, more than are looked at between two looks at the clock."""
    records = [fetched(COMMANDS.name, n, b"", b"x%d" % n, at=START) for n in range(WAITING)]
    return Batch(core=Tally(0), records=records, now=START, horizon=START, last_at=START)


def later_by(seconds: float) -> Callable[[], float]:
    """A clock that is so much later at each look."""
    looks = count()
    return lambda: next(looks) * seconds


async def test_a_step_that_waited_for_others_decides_as_much_as_one_that_did_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others were decided for ten seconds before it was its turn: what waited is decided nevertheless, not 7 of it."""
    batch, cpu, wall = a_step(), time.thread_time() + 10, time.perf_counter() + 10
    monkeypatch.setattr(batches, "thread_time", lambda: cpu)
    monkeypatch.setattr(batches, "perf_counter", lambda: wall)
    batch.decide()
    assert batch.taken == WAITING


@pytest.mark.parametrize(
    ("cpu", "wall", "taken"),
    [(0.05, 0.05, 15), (0.0, 0.3, 15), (0.0003, 0.009, WAITING)],
    ids=["by the CPU", "by the wall", "a full machine: 8 causes in 9 ms, 0.3 of them of the CPU"],
)
async def test_where_a_step_ends(monkeypatch: pytest.MonkeyPatch, cpu: float, wall: float, taken: int) -> None:
    """Between two looks at the clocks lie 8 causes, and so much of either."""
    batch = a_step()
    monkeypatch.setattr(batches, "thread_time", later_by(cpu))
    monkeypatch.setattr(batches, "perf_counter", later_by(wall))
    batch.decide()
    assert batch.taken == taken


async def test_a_pause_comes_every_few_milliseconds_and_is_no_time_of_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cause takes a third of a millisecond, and the loop's others a second in each pause."""
    batch, others = a_step(), 0.0
    monkeypatch.setattr(batches, "thread_time", lambda: batch.taken / 3000 + others)
    monkeypatch.setattr(batches, "perf_counter", lambda: 0.0)
    pauses = list[int]()
    for _ in batch.pieces():
        pauses.append(batch.taken)
        others += 1.0
    assert pauses == [*range(16, batch.taken, 16)]
    assert 225 <= batch.taken < 256  # 75 ms of its own


async def test_nobody_decides_on_for_who_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The opening was dropped in a pause: what is left of its step is decided by nobody."""
    batch = a_step()
    monkeypatch.setattr(batches, "thread_time", later_by(PIECE_SECONDS * 1.1))
    deciding = asyncio.create_task(batch.decided())
    await asyncio.sleep(0)
    batch.done.cancel()
    await deciding
    assert 0 < batch.taken < WAITING and batch.last_at == START
