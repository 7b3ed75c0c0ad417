"""Two views on a real Valkey held against each other: every difference is found and put right, in few round trips, and
nothing is folded in meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from engine.errors import DependencyDown
from engine.settings import Settings
from engine.views import hold
from engine.views.comparison import KEYS, compared, digest, names, put_in_place, written
from engine.views.hold import Hold, holding
from engine.views.redis_view import RedisView
from tests.support.views import decided_of
from topics.vocabulary import Status

Two = tuple[RedisView, RedisView]


@pytest.fixture
async def two(redis_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    """A running view and a shadow of one prefix."""
    settings = Settings(redis_url=redis_url, prefix=f"{request.node.name[:20]}.")
    views = RedisView(settings), RedisView(settings, "shadow")
    try:
        yield views
    finally:
        for view in views:
            await view.drop()
            await view.close()


async def filled(view: RedisView, tickets: int) -> None:
    """Fold so many open tickets in."""
    decisions = [decided_of(f"home{n}", 1, Status.OFFERED) for n in range(tickets)]
    for first in range(0, tickets, 500):
        await view.fold(0, decisions[first : first + 500], first, min(first + 500, tickets))


async def content(view: RedisView) -> dict[str, Any]:
    """All that a view holds, positions and order too, without the stream of changes."""
    found: dict[str, Any] = {}
    async for key in view.redis.scan_iter("*"):
        if key.startswith(view.prefix) and not key.endswith((":changes", ":hold")):
            kind, name = await view.redis.type(key), key.removeprefix(view.prefix)
            if kind == "zset":
                found[name] = await view.redis.zrange(key, 0, -1, withscores=True)
            else:
                found[name] = await (view.redis.hgetall if kind == "hash" else view.redis.smembers)(key)
    for name in ("generation", "form"):
        found.get("positions", {}).pop(name, None)
    return found


async def test_every_difference_is_found_and_put_right(two: Two) -> None:
    """In a ticket, a queue, an identity; what one of them lacks; then they are the same, to the last key."""
    live, new = two
    for view in two:
        await filled(view, 40)
    said = await compared(live, new, lambda by: None)
    assert (said.is_same, said.live) == (True, said.new)
    ticket = next(name for name in await all_names(live) if name.startswith("t:"))
    queue = next(name for name in await all_names(live) if name.startswith("q:person"))
    await live.redis.hset(live.prefix + ticket, "row", "{}")
    await live.redis.zadd(live.prefix + queue, {"nobody-20260101-1": 7})
    await live.redis.hset(f"{live.prefix}ids", "hotline:x", "111x")
    await live.redis.hset(f"{live.prefix}t:left-20260101-1", "row", "{}")
    await live.redis.sadd(f"{live.prefix}queues", "tier:nowhere")
    lost = next(
        name for name in await all_names(live) if name.startswith("t:") and name not in (ticket, "t:left-20260101-1")
    )
    await live.redis.delete(live.prefix + lost)
    await live.redis.hset(f"{live.prefix}positions", "0", 39)
    said = await compared(live, new, lambda by: None)
    assert set(said.differing) == {ticket, queue, "ids", "queues", "t:left-20260101-1", lost}
    assert written(said.new) == await digest(new) != written(said.live) == await digest(live)
    expected, done = await content(new), list[int]()
    await put_in_place(live, new, said.differing, done.append)
    assert await content(live) == expected
    assert sum(done) == len(said.differing)
    assert (await live.redis.xrange(f"{live.prefix}changes"))[0][1].keys() == {"reset"}


async def all_names(view: RedisView) -> list[str]:
    """Every key of the content."""
    return sorted([name async for batch in names(view) for name in batch])


async def test_an_emptied_view_is_put_right_and_a_view_of_nothing_empties(two: Two) -> None:
    """All that is there, or nothing of it."""
    live, new = two
    await filled(new, 10)
    expected = await content(new)
    await put_in_place(live, new, (await compared(live, new, lambda by: None)).differing, lambda by: None)
    assert await content(live) == expected
    assert await content(new) == {}
    await put_in_place(live, new, (await compared(live, new, lambda by: None)).differing, lambda by: None)
    assert await content(live) == {}


async def test_round_trips_grow_with_batches_not_with_keys(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key by key a comparison of 100,000 tickets took minutes; then the hold had ended, and the views differed."""
    for view in two:
        await filled(view, 1_200)
    keys, trips = len(await all_names(two[0])), 0
    one, many = Redis.execute_command, Pipeline.execute

    async def single(self: Any, *args: Any, **more: Any) -> Any:
        nonlocal trips
        trips += 1
        return await one(self, *args, **more)

    async def piped(self: Any, *args: Any, **more: Any) -> Any:
        nonlocal trips
        trips += 1
        return await many(self, *args, **more)

    monkeypatch.setattr(Redis, "execute_command", single)
    monkeypatch.setattr(Pipeline, "execute", piped)
    assert (await compared(*two, lambda by: None)).is_same
    assert keys > 2_400  # a ticket's own, its home's queue
    assert trips <= 8 * (keys // KEYS + 2) + 20


async def test_a_held_view_takes_nothing_in_until_it_is_let_go(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long that takes; a second who would hold it is refused; whoever lost it must not put anything in."""
    live, _ = two
    await filled(live, 1)
    monkeypatch.setattr(hold, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(hold, "HOLD_SECONDS", 1)
    async with holding(live) as ours:
        await live.redis.expire(f"{live.prefix}hold", 1)
        with pytest.raises(DependencyDown, match="compared by somebody else"):
            await Hold(live).take()
        for _ in range(14):  # longer than it would last by itself
            await live.redis.ping()
            await asyncio.sleep(0.1)
            await ours.demand()
        with pytest.raises(DependencyDown, match="being compared"):
            await live.fold(0, [decided_of("home1", 1, Status.OFFERED)], 1, 2)
    await live.fold(0, [decided_of("home1", 1, Status.OFFERED)], 1, 2)
    async with holding(live) as ours:
        await live.redis.set(f"{live.prefix}hold", "another's")
        with pytest.raises(DependencyDown, match="went on while it was compared"):
            await ours.demand()
    assert await live.redis.get(f"{live.prefix}hold") == "another's"
