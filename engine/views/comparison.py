"""Two views held against each other key by key, in pipelines and pieces: no key is asked for alone, and nothing is read
whole."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.security.redis_faults import redis_answering
from engine.views.queues import SINCE
from engine.views.redis_view import RedisView, plain

SCRIPT = Path(__file__).with_name("digest.lua").read_text()

KEYS = 500
"""Keys of a batch."""
PIECE = 5_000
"""Members of a large key in one answer."""

Progress = Callable[[int], None]
"""Told how many keys more are done."""


class Compared(NamedTuple):
    """What two views hold, and where they are not the same."""

    differing: list[str]
    """Keys without their prefix, in order; of some that one of the two does not have."""
    live: int
    new: int

    @property
    def is_same(self) -> bool:
        """Whether they hold the same."""
        return not self.differing


def is_content(name: str) -> bool:
    """Whether a key says what stands in the queues; a view made from the state does not know since when that is
    overdue."""
    return (name.startswith(("t:", "q:")) and name != f"q:{SINCE}") or name in ("ids", "queues")


async def names(view: RedisView) -> AsyncIterator[list[str]]:
    """Give all keys of a view that are content, each once, in batches."""
    seen, batch, start = set[str](), list[str](), len(view.prefix)
    async for key in view.redis.scan_iter(f"{plain(view.prefix)}*", count=KEYS):
        name = key[start:]
        if is_content(name) and name not in seen:
            seen.add(name)
            batch.append(name)
        if len(batch) >= KEYS:
            yield batch
            batch = []
    yield batch


async def digest(view: RedisView) -> str:
    """Sum a view up: equal for views that hold the same, in whatever order it is kept."""
    total = 0
    with redis_answering():
        async for batch in names(view):
            total += sum((await _sums(view, batch)).values())
    return written(total)


async def compared(live: RedisView, new: RedisView, done: Progress) -> Compared:
    """Find what differs. Neither may change meanwhile.

    Raises:
        DependencyDown: Redis is away.
    """
    with redis_answering():
        return await _compared(live, new, done)


async def _compared(live: RedisView, new: RedisView, done: Progress) -> Compared:
    differing, known, ours, theirs = list[str](), set[str](), 0, 0
    async for batch in names(live):
        here, there = await _sums(live, batch), await _sums(new, batch)
        differing += [name for name in batch if here[name] != there[name]]
        known.update(batch)
        ours, theirs = ours + sum(here.values()), theirs + sum(there.values())
        done(len(batch))
    async for batch in names(new):
        more = [name for name in batch if name not in known]
        differing += more
        theirs += sum((await _sums(new, more)).values())
        done(len(batch))
    return Compared(sorted(differing), ours, theirs)


async def put_in_place(live: RedisView, new: RedisView, differing: Sequence[str], done: Progress) -> None:
    """Let one view have what the other holds, key by key, where they differ; then its positions and its stream of
    changes, which begins anew for whoever reads it. Nothing may be folded into either meanwhile.

    Raises:
        DependencyDown: Redis is away; whatever was put in place by then holds, and the positions are as they were.
    """
    with redis_answering("Redis did not take the view"):
        await _put_in_place(live, new, differing, done)


async def _put_in_place(live: RedisView, new: RedisView, differing: Sequence[str], done: Progress) -> None:
    for first in range(0, len(differing), KEYS):
        some = differing[first : first + KEYS]
        there = await _exist(new, some)
        async with live.redis.pipeline(transaction=False) as pipe:
            for name in some:
                if name in there:
                    pipe.rename(new.prefix + name, live.prefix + name)
                else:
                    pipe.unlink(live.prefix + name)
            await pipe.execute()
        done(len(some))
    beside = await _exist(new, (SINCE_KEY, "positions", "changes"))
    async with live.redis.pipeline(transaction=True) as pipe:
        pipe.unlink(*(live.prefix + name for name in (SINCE_KEY, "positions", "changes", "last")))
        for name in beside:
            pipe.rename(new.prefix + name, live.prefix + name)
        await pipe.execute()


SINCE_KEY = f"q:{SINCE}"


async def held(view: RedisView, some: Sequence[str]) -> dict[str, Any]:
    """Give what stands under a few keys, to be shown."""
    found: dict[str, Any] = {}
    for name in some:
        if name.startswith("t:"):
            found[name] = await view.redis.hgetall(view.prefix + name)
        else:
            found[name] = [piece async for pieces in _pieces(view, name) for piece in pieces]
    return found


def written(total: int) -> str:
    """Write a sum of digests."""
    return f"{total % 2**256:064x}"


async def _exist(view: RedisView, some: Sequence[str]) -> list[str]:
    async with view.redis.pipeline(transaction=False) as pipe:
        for name in some:
            pipe.exists(view.prefix + name)
        return [name for name, is_there in zip(some, await pipe.execute(), strict=True) if is_there]


async def _sums(view: RedisView, some: Iterable[str]) -> dict[str, int]:
    """Sum up what each key holds; 0 for one that is not there. What is small is summed up where it stands."""
    found = dict.fromkeys(some, 0)
    small = [name for name in found if name.startswith(("t:", "q:"))]
    script = view.redis.register_script(SCRIPT)
    told = await script(keys=[view.prefix + name for name in small], args=[PIECE]) if small else []
    for name, text in zip(small, told, strict=True):
        found[name] = await _sum(view, name) if text == "+" else _hashed(name, text) if text else 0
    for name in found.keys() - set(small):
        found[name] = await _sum(view, name)
    return found


async def _sum(view: RedisView, name: str) -> int:
    total = 0
    async for pieces in _pieces(view, name):
        total += sum(_hashed(name, *piece) for piece in pieces)
    return total


async def _pieces(view: RedisView, name: str) -> AsyncIterator[list[tuple[str, ...]]]:
    """Read a large key in pieces, each member once."""
    key = view.prefix + name
    if name == "queues":
        yield [(member,) for member in await view.redis.smembers(key)]
    elif name == "ids":
        seen = set[str]()
        cursor = None
        while cursor != 0:
            cursor, fields = await view.redis.hscan(key, cursor or 0, count=PIECE)
            yield [(field, value) for field, value in fields.items() if field not in seen]
            seen.update(fields)
    else:
        first, got = 0, PIECE
        while got == PIECE:
            members = await view.redis.zrange(key, first, first + PIECE - 1, withscores=True)
            yield _members(members)
            first, got = first + PIECE, len(members)


def _members(held: list[tuple[str, float]]) -> list[tuple[str, ...]]:
    return [(member, str(int(at))) for member, at in held]


def _hashed(*texts: str) -> int:
    return int.from_bytes(hashlib.sha256("\x00".join(texts).encode()).digest(), "big")
