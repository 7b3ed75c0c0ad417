"""The live queues in Redis: folding decisions in, reading queues out."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import DependencyDown
from engine.security.connections import new_async_redis
from engine.security.redis_faults import redis_answering
from engine.settings import Settings
from engine.views.eviction import demand_no_eviction
from engine.views.fold_call import Stands, call_of, stands_of
from engine.views.rows import BETWEEN, NO_LAWS, RANK, Row, rows_of
from rules.law.compiled import Law
from topics.decision import Decision

SCRIPT = Path(__file__).with_name("project.lua").read_text()
READ = Path(__file__).with_name("rows.lua").read_text()
STANDS = Path(__file__).with_name("stands.lua").read_text()

ROWS_AT_ONCE = 500
"""Rows of a call: half a megabyte, and Redis answers others after some milliseconds."""

FORM = "8"
"""Of what the script writes: a projector that meets another form starts the view over."""

AT_ONCE = 128
"""Decisions of a call: of 2,000 each costs twice as much, here and in Redis (100: 21 + 13 µs, 2,000: 34 + 21)."""

CHANGES = 10_000
"""Changes that are kept on the stream: a reader who is further behind reads the queues anew."""


class PositionMoved(DependencyDown):
    """The view stands elsewhere than we left it: somebody has emptied or rebuilt it. Open again from where it
    stands."""


def key_prefix(settings: Settings, part: str) -> str:
    """Begin the keys of a view; the braces put all of them, and those of its shadow, into one slot of a cluster."""
    return f"{{{settings.prefix}views}}:{part}:"


class RedisView:
    """One view under one prefix; ``part`` keeps a shadow view apart while it is rebuilt."""

    def __init__(
        self,
        settings: Settings,
        part: str = "view",
        laws: Mapping[str, Law] = NO_LAWS,
        *,
        learn: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Prepare a connection; nothing is sent yet. Rows are labelled by ``laws``; ``learn`` reads on for a pack that
        they do not have."""
        self.laws, self._learn, self._hopeless = laws, learn, set[str]()
        self.redis = new_async_redis(settings, decode_responses=True, socket_timeout=10)
        self.prefix = key_prefix(settings, part)
        self._former = f"{settings.prefix}{part}:"
        self._fitting = asyncio.Lock()
        self._fold, self._read = self.redis.register_script(SCRIPT), self.redis.register_script(READ)
        self._stands = self.redis.register_script(STANDS)

    async def close(self) -> None:
        """Let the connection go."""
        await self.redis.aclose()

    async def ping(self) -> None:
        """See that it answers.

        Raises:
            DependencyDown: Redis is away.
        """
        with redis_answering():
            await self.redis.ping()

    async def positions(self) -> dict[int, int]:
        """Tell how far each partition of the log is folded."""
        with redis_answering():
            found = await self.redis.hgetall(f"{self.prefix}positions")
        return {int(partition): int(position) for partition, position in found.items() if partition.isdecimal()}

    async def fit(self) -> None:
        """Drop a view that was written in another form: it is folded anew from the log."""
        with redis_answering():
            await demand_no_eviction(self.redis)
            async with self._fitting:  # all partitions open at once: one of them drops it, before any folds anew
                written = await self.redis.hget(f"{self.prefix}positions", "form")
                if written != FORM and await self.redis.exists(f"{self.prefix}positions"):
                    await self._drop_alone()
            if await self.redis.exists(f"{self._former}positions"):
                await self._delete(f"{self._former}*")  # the view of an engine before 0.3

    async def _drop_alone(self) -> None:
        """Drop the view unless another process is at it.

        Raises:
            DependencyDown: One is: what it has folded anew by then must not be dropped.
        """
        if not await self.redis.set(f"{self.prefix}fitting", "1", nx=True, ex=60):
            raise DependencyDown("another projector is dropping a view of another form")
        await self.drop()

    async def fold(
        self, partition: int, decisions: Sequence[Decision], expected: int, after: int, *, last: str = ""
    ) -> None:
        """Fold decisions of one partition in, latest state of each ticket only, and store the position with them, and
        with it what the log held there (``last``, see ``folded_last``).

        Raises:
            PositionMoved: The view does not stand at ``expected``.
            DependencyDown: Redis is away.
        """
        missing = set[str]()
        rows = rows_of(decisions, self.laws, missing)
        if await self.know(missing):
            rows = rows_of(decisions, self.laws)
        await self.write(partition, rows, expected, after, last=last)

    async def know(self, packs: set[str]) -> bool:
        """Read on for packs that are not known; once for each that there is nowhere: labels stop no queue. Answers
        whether any came."""
        new = packs - self.laws.keys() - self._hopeless
        if not new or self._learn is None:
            return False
        await self._learn()
        self._hopeless |= new - self.laws.keys()
        return bool(new & self.laws.keys())

    async def begin_generation(self) -> None:
        """Tell readers of the changes that what they hold is void: the view is made anew in place."""
        with redis_answering("Redis did not take the view"):
            seconds, micros = await self.redis.time()
            generation = f"{seconds}{micros:06d}"
            async with self.redis.pipeline(transaction=True) as pipe:
                pipe.hset(f"{self.prefix}positions", "generation", generation)
                pipe.xadd(f"{self.prefix}changes", {"reset": generation})
                await pipe.execute()

    async def write(self, partition: int, rows: Sequence[Row], expected: int, after: int, *, last: str = "") -> None:
        """Put rows in, each id once, and the position with them; ``last`` as for ``fold``.

        Raises:
            PositionMoved: The view does not stand at ``expected``, or somebody else writes into it.
            DependencyDown: Redis is away.
        """
        arguments: list[str | int | bytes] = [partition, expected, after, last, FORM, CHANGES]
        with redis_answering("Redis did not take the view"):
            word, found = await self._write(rows, arguments, [row.id for row in rows if not row.is_new])
            if word == "other":  # the log is read again over what stands, or the view was made of the state
                word, found = await self._write(rows, arguments, [row.id for row in rows])
        if word == "hold":
            raise DependencyDown("the view is being compared with a rebuilt one; trying again")
        if word == "other":
            raise PositionMoved(f"{found} was written by somebody else while partition {partition} was folded")
        if word != "ok":
            raise PositionMoved(f"the view stands at {found} in partition {partition}, not at {expected}")

    async def _write(self, rows: Sequence[Row], arguments: list[str | int | bytes], known: list[str]) -> list[str]:
        """Write over what stands, of which only these are asked for; answers the script's word."""
        call = call_of(rows, await self._stood(known))
        keys = [self.prefix + name for name in ("positions", "hold", "queues", "ids", "changes", "last")]
        done: list[str] = await self._fold(keys=[*keys, *call.keys(self.prefix)], args=[*arguments, call.packed()])
        return done

    async def _stood(self, tickets: list[str]) -> dict[str, Stands]:
        """How these stand now: a script in a cluster may touch only what it was told of; it checks that this holds."""
        if not tickets:
            return {}
        found = msgspec.json.decode(await self._stands(keys=[f"{self.prefix}t:{name}" for name in tickets]))
        return {name: stands_of(one) for name, one in zip(tickets, found, strict=True)}

    async def names(self) -> list[str]:
        """Name everything that has a row."""
        start = len(f"{self.prefix}t:")
        with redis_answering():
            return [key[start:] async for key in self.redis.scan_iter(f"{plain(self.prefix)}t:*", count=1000)]

    async def ticket_of(self, identity: str) -> str | None:
        """Find the ticket of ``<source>:<id>``."""
        found = await self.redis.hget(f"{self.prefix}ids", identity)
        return found.split(BETWEEN)[0][RANK:] if found else None

    async def size(self) -> int:
        """Count the identities it knows: about as many as tickets."""
        return int(await self.redis.hlen(f"{self.prefix}ids"))

    async def row(self, ticket: str) -> dict[str, Any] | None:
        """Give a ticket's summary."""
        found = await self.texts([ticket])
        return json.loads(found[0]) if found else None

    async def images(self, *tickets: str) -> dict[str, bytes]:
        """Give tickets whole, as they were decided last; one that is unknown, forgotten or no ticket is left out."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for ticket in tickets:
                pipe.hget(f"{self.prefix}t:{ticket}", "image")
            return {name: found.encode() for name, found in zip(tickets, await pipe.execute(), strict=True) if found}

    async def counts(self) -> dict[str, int]:
        """Count each queue."""
        names = sorted(await self.redis.smembers(f"{self.prefix}queues"))
        async with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.zcard(f"{self.prefix}q:{name}")
            return dict(zip(names, await pipe.execute(), strict=True)) if names else {}

    async def rows(
        self, *queues: str, limit: int, until: int | None = None, since: int | None = None
    ) -> list[dict[str, Any]]:
        """Give the rows of queues put together, nearest deadline first; ``until``: only what is due by then, and after
        ``since``."""
        names = await self.ids(*queues, limit=limit, until=until, since=since)
        return [json.loads(row) for row in await self.texts(names)]

    async def ids(self, *queues: str, limit: int, until: int | None = None, since: int | None = None) -> list[str]:
        """Give the tickets of queues put together, in the order of ``rows``."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.zrangebyscore(
                    f"{self.prefix}q:{queue}",
                    "-inf" if since is None else f"({since}",
                    "+inf" if until is None else until,
                    start=0,
                    num=limit,
                    withscores=True,
                )
            found = {name: at for part in await pipe.execute() for name, at in part}
        return sorted(found, key=lambda name: (found[name], name))[:limit]

    async def texts(self, tickets: Sequence[str]) -> list[str]:
        """Give rows as they are written, with what last moved each; those that have none are left out."""
        found = list[str]()
        for n in range(0, len(tickets), ROWS_AT_ONCE):
            some = tickets[n : n + ROWS_AT_ONCE]
            found += [row for row in await self._read(keys=[f"{self.prefix}t:{name}" for name in some]) if row]
        return found

    async def drop(self) -> None:
        """Delete the view."""
        await self._delete(f"{plain(self.prefix)}*")

    async def _delete(self, pattern: str) -> None:
        some = list[str]()
        async for key in self.redis.scan_iter(pattern, count=1000):
            some.append(key)
            if len(some) >= 1000:
                await self.redis.unlink(*some)
                some.clear()
        if some:
            await self.redis.unlink(*some)


def plain(prefix: str) -> str:
    """A prefix as a pattern that means just itself."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", prefix)
