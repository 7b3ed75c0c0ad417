"""Turns to commit: so many a second, in the order in which they are asked for, more where more partitions share."""

import asyncio

import pytest

from engine.stream.turns import AT_ONCE, Turns
from tests.support.still_time import now, still

STEP = 0.006
"""Seconds that a step takes between two turns."""


def turns(per_second: int, seconds: float = 0.0, causes: int = 1) -> Turns:
    """Those of a process whose transactions have taken so long, and carried so many, for a while."""
    of = Turns(per_second)
    for _ in range(100):
        of.took(seconds, causes)
    return of


async def busy(partitions: int, seconds: float, of: Turns) -> tuple[list[float], list[int], list[float]]:
    """Let partitions that always have work take turns; every wait, how many turns each got, and when they were."""
    waits, got, taken = list[float](), [0] * partitions, list[float]()

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
    waits, got, taken = await busy(partitions, 4, turns(100))
    assert max(got) - min(got) <= 1
    assert max(waits) <= partitions / rate - STEP + 0.002
    more = int(AT_ONCE) + 1  # than may be taken at once
    assert all(last - first > 0.9 / rate for first, last in zip(taken, taken[more:], strict=False))
    assert sum(got) == pytest.approx(4 * rate + AT_ONCE + partitions, abs=partitions)


@pytest.mark.parametrize(
    ("took", "rate"), [(0.002, 300), (0.01, 300), (0.02, 150), (0.03, 100), (0.5, 100)], ids=lambda value: f"{value}"
)
@still
async def test_the_longer_transactions_take_the_fewer_and_larger_they_are(took: float, rate: int) -> None:
    """Down to a third; one that hung for a minute among quick ones changes that for a second at most."""
    of = turns(300, took)
    of.took(60.0, 1)
    for _ in range(80):
        of.took(took, 1)
    _, got, _ = await busy(6, 2, of)
    assert sum(got) == pytest.approx(2 * rate + AT_ONCE, rel=0.05)


@pytest.mark.parametrize(("causes", "rate"), [(0, 300), (1, 300), (2, 150), (3, 100), (500, 100)])
@still
async def test_the_more_a_transaction_carries_the_fewer_there_are(causes: int, rate: int) -> None:
    """Down to a third: what shares one already waits no longer, and the machine is others'."""
    _, got, _ = await busy(6, 2, turns(300, 0.0, causes))
    assert sum(got) == pytest.approx(2 * rate + AT_ONCE, rel=0.05)


@still
async def test_as_many_as_come_are_committed_one_by_one_while_turns_suffice() -> None:
    """At 200 a second each its own transaction; at 500 they end at a hundred of five."""
    for coming, rate in ((200, 200), (500, 100)):
        of, left, done = turns(300), 0.0, list[int]()
        for _ in range(400):
            began = now()
            await of.take(6)
            left += (now() - began) * coming
            if (causes := int(left)) < 1:
                await asyncio.sleep((1 - left) / coming)
                left, causes = 1.0, 1
            left -= causes
            of.took(0.002, causes)
            done.append(causes)
        assert coming / (sum(done[200:]) / 200) == pytest.approx(rate, rel=0.1)


@still
async def test_what_has_no_transactions_takes_turns_as_where_they_take_long() -> None:
    """An edge tells nobody how long it takes."""
    _, got, _ = await busy(6, 2, Turns(300))
    assert sum(got) == pytest.approx(2 * 100 + AT_ONCE, rel=0.05)


@still
async def test_who_gives_up_keeps_nobody_waiting() -> None:
    """A partition that is revoked while it waits takes no turn with it."""
    of = turns(1)
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
