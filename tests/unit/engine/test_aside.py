"""What a state holds is folded beside the loop that reads it, piece by piece."""

import asyncio
import threading
import time

import pytest

from engine.stream.aside import ASIDE, AmongMany, Aside, Pairs

MANY = [(b"t:a", b"{}")] * ASIDE


async def test_many_records_are_folded_beside_the_loop() -> None:
    """Heartbeats come between, however long it takes."""
    turns, aside = 0, Aside(lambda records: time.sleep(0.3))
    await aside.fold(MANY)
    folding = asyncio.create_task(aside.done())
    while not folding.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns >= 5


async def test_the_next_piece_is_read_while_one_is_folded_and_none_overtakes() -> None:
    """At most one is in work: what a record says stands until a later one of its key says otherwise."""
    goes_on, found = threading.Event(), list[int]()

    def many(records: Pairs) -> None:
        goes_on.wait(10)
        found.append(len(records))

    async with Aside(many) as aside:
        await aside.fold(MANY)
        second = asyncio.create_task(aside.fold(MANY[:1]))
        await asyncio.sleep(0.05)
        assert found == [] and not second.done()
        goes_on.set()
        await second
        assert found == [ASIDE, 1]
        await aside.fold([])
        await aside.done()
    assert found == [ASIDE, 1]


@pytest.mark.parametrize("records", [MANY, MANY[:1]], ids=["many", "few"])
async def test_what_cannot_be_read_is_told_as_among_few(records: Pairs) -> None:
    """With its cause; by the call that comes next at the latest."""

    def fails(records: object) -> None:
        raise ValueError("no ticket")

    async def folded() -> None:
        aside = Aside(fails)
        await aside.fold(records)
        await aside.done()

    with pytest.raises(AmongMany) as found:
        await folded()
    assert isinstance(found.value.__cause__, ValueError)


async def test_whoever_leaves_waits_for_what_was_begun() -> None:
    """All is folded once more where one record cannot be read, and the former piece must not come between."""
    found = list[str]()

    def many(records: Pairs) -> None:
        time.sleep(0.1)
        found.append("folded")
        raise ValueError("nobody asks any more")

    async def left() -> None:
        async with Aside(many) as aside:
            await aside.fold(MANY)
            raise KeyError("another fault")

    with pytest.raises(KeyError):
        await left()
    assert found == ["folded"]
