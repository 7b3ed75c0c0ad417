"""A step's time is what its own deciding takes: partitions of a process wait for each other at the agent."""

import time
from itertools import count

import pytest

from engine.stream import batch as batches
from engine.stream.batch import Batch
from engine.stream.contracts import Record
from tests.support.loop_tally import Tally
from topics.registry import COMMANDS

START, WAITING = 1_795_482_000_000, 400


def waiting() -> list[Record]:
    """Commands that came before."""
    return [Record(COMMANDS.name, 0, n, b"", b"x%d" % n, (), START, START) for n in range(WAITING)]


async def test_a_step_that_waited_for_others_decides_as_much_as_one_that_did_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others were decided for ten seconds before it was its turn: what waited is decided nevertheless, not 31 of it."""
    batch = Batch(Tally(0), waiting(), START, START, START)
    here = time.perf_counter() + 10
    monkeypatch.setattr(batches, "perf_counter", lambda: here)
    batch.decide()
    assert batch.taken == WAITING


async def test_a_step_ends_after_its_time_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is 50 ms later than the one before: the second look, after 63 causes, ends it."""
    batch = Batch(Tally(0), waiting(), START, START, START)
    looks = count()
    monkeypatch.setattr(batches, "perf_counter", lambda: next(looks) * 0.05)
    batch.decide()
    assert batch.taken == 63
