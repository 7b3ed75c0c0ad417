"""A step's time is what its own deciding takes of the CPU: partitions of a process wait for each other at the agent,
and a process for its machine."""

import time
from collections.abc import Callable
from itertools import count

import pytest

from engine.stream import batch as batches
from engine.stream.batch import Batch
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
    """Others were decided for ten seconds before it was its turn: what waited is decided nevertheless, not 31 of it."""
    batch, cpu, wall = a_step(), time.thread_time() + 10, time.perf_counter() + 10
    monkeypatch.setattr(batches, "thread_time", lambda: cpu)
    monkeypatch.setattr(batches, "perf_counter", lambda: wall)
    batch.decide()
    assert batch.taken == WAITING


@pytest.mark.parametrize(
    ("cpu", "wall", "taken"),
    [(0.05, 0.05, 63), (0.0, 0.3, 63), (0.001, 0.039, WAITING)],
    ids=["by the CPU", "by the wall", "a full machine: 31 causes in 39 ms, 1 of them of the CPU"],
)
async def test_where_a_step_ends(monkeypatch: pytest.MonkeyPatch, cpu: float, wall: float, taken: int) -> None:
    """Between two looks at the clocks lie 32 causes, and so much of either."""
    batch = a_step()
    monkeypatch.setattr(batches, "thread_time", later_by(cpu))
    monkeypatch.setattr(batches, "perf_counter", later_by(wall))
    batch.decide()
    assert batch.taken == taken
