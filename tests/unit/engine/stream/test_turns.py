"""Turns to commit: so many a second, in the order in which they are asked for, more where more partitions share."""

import asyncio

import pytest

from engine.stream.turns import AT_ONCE, Turns
from tests.support.still_time import now, still

STEP = 0.006
"""Seconds that a step takes between two turns."""


async def busy(partitions: int, seconds: float) -> tuple[list[float], list[int], list[float]]:
    """Let partitions that always have work take turns; every wait, how many turns each got, and when they were."""
    of, waits, got, taken = Turns(100), list[float](), [0] * partitions, list[float]()

    async def one(number: int) -> None:
        while now() < end:
            began = now()
            await of.take(partitions)
            waits.append(now() - began)
            taken.append(now())
            got[number] += 1
            await asyncio.sleep(STEP)

    end = now() + seconds
    await asyncio.gather(*(one(number) for number in range(partitions)))
    return waits, got, taken


@pytest.mark.parametrize(("partitions", "rate"), [(6, 100), (20, 100), (24, 120), (100, 500)])
@still
async def test_nobody_waits_longer_than_for_all_others(partitions: int, rate: int) -> None:
    """Each gets as many turns; the longest wait is one round; the rate is kept, and grows beyond 20 partitions."""
    waits, got, taken = await busy(partitions, 4)
    assert max(got) - min(got) <= 1
    assert max(waits) <= partitions / rate - STEP + 0.002
    more = int(AT_ONCE) + 1  # than may be taken at once
    assert all(last - first > 0.9 / rate for first, last in zip(taken, taken[more:], strict=False))
    assert sum(got) == pytest.approx(4 * rate + AT_ONCE + partitions, abs=partitions)


@still
async def test_who_gives_up_keeps_nobody_waiting() -> None:
    """A partition that is revoked while it waits takes no turn with it."""
    of = Turns(1)
    for _ in range(int(AT_ONCE)):
        await of.take(1)
    waiting = [asyncio.create_task(of.take(1)) for _ in range(3)]
    await asyncio.sleep(0.5)
    waiting[0].cancel()
    began = now()
    await waiting[1]
    assert now() - began < 0.51
    await waiting[2]
    assert now() - began < 1.51
