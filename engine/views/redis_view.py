"""The live queues in Redis: folding decisions in, reading queues out, comparing two views by their digest."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from engine.errors import DependencyDown
from engine.settings import Settings
from engine.views.queues import held, queues, score, summary
from topics import codec
from topics.decision import Decision
from topics.ticket import Ticket

SCRIPT = Path(__file__).with_name("project.lua").read_text()


FORM = "2"
"""Of what the script writes: a projector that meets another form starts the view over from the log."""

BETWEEN = "\x1f"
"""Stands between the names of a ticket's queues (project.lua)."""


class PositionMoved(DependencyDown):
    """The view stands elsewhere than we left it: somebody has emptied or rebuilt it. Open again from where it stands."""


class RedisView:
    """One view under one prefix; ``part`` keeps a shadow view apart while it is rebuilt."""

    def __init__(self, settings: Settings, part: str = "view") -> None:
        """Prepare a connection; nothing is sent yet."""
        self.redis = Redis.from_url(settings.redis_url, decode_responses=True, socket_timeout=10)
        self.prefix = f"{settings.prefix}{part}:"
        self._fold = self.redis.register_script(SCRIPT)

    async def close(self) -> None:
        """Let the connection go."""
        await self.redis.aclose()

    async def positions(self) -> dict[int, int]:
        """Tell how far each partition of the log is folded."""
        try:
            found = await self.redis.hgetall(f"{self.prefix}positions")
        except (RedisError, OSError) as exc:
            raise DependencyDown(f"Redis does not answer: {exc}") from exc
        return {int(partition): int(position) for partition, position in found.items() if partition != "form"}

    async def fit(self) -> None:
        """Drop a view that was written in another form: it is folded anew from the log."""
        try:
            written = await self.redis.hget(f"{self.prefix}positions", "form")
            if written != FORM and await self.redis.exists(f"{self.prefix}positions"):
                await self.drop()
        except (RedisError, OSError) as exc:
            raise DependencyDown(f"Redis does not answer: {exc}") from exc

    async def fold(self, partition: int, decisions: Sequence[Decision], expected: int, after: int) -> None:
        """Fold decisions of one partition in, latest state of each ticket only, and store the position with them.

        Raises:
            PositionMoved: The view does not stand at ``expected``.
            DependencyDown: Redis is away.
        """
        latest: dict[str, tuple[int, Ticket | None, str]] = {}
        for decision in decisions:
            for change in decision.changes:
                ticket = codec.decode(bytes(change.after), Ticket) if change.after is not None else None
                latest[change.ticket] = (change.version, ticket, ticket.identity if ticket else "")
        arguments: list[str | int] = [partition, expected, after, FORM]
        for name, (version, ticket, identity) in latest.items():
            names = [name.replace(BETWEEN, "") for name in queues(ticket)] if ticket else []
            row = codec.encode(summary(ticket)).decode() if ticket else ""
            arguments += [name, version, identity, row, score(ticket) if ticket else 0, len(names), *names]
        for decision in decisions:
            if decision.cause == "held":
                arguments += [decision.id, 1, "", codec.encode(held(decision)).decode(), decision.at, 1, "desk"]
        try:
            word, found = await self._fold(keys=[self.prefix], args=arguments)
        except (RedisError, OSError) as exc:
            raise DependencyDown(f"Redis did not take the view: {exc}") from exc
        if word == "hold":
            raise DependencyDown("the view is being compared with a rebuilt one; trying again")
        if word != "ok":
            raise PositionMoved(f"the view stands at {found} in partition {partition}, not at {expected}")

    async def ticket_of(self, identity: str) -> str | None:
        """Find the ticket of ``<source>:<id>``."""
        return await self.redis.hget(f"{self.prefix}ids", identity)  # type: ignore[no-any-return]

    async def row(self, ticket: str) -> dict[str, Any] | None:
        """Give a ticket's summary."""
        found = await self.redis.hget(f"{self.prefix}t:{ticket}", "row")
        return json.loads(found) if found else None

    async def counts(self) -> dict[str, int]:
        """Count each queue."""
        names = sorted(await self.redis.smembers(f"{self.prefix}queues"))
        async with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.zcard(f"{self.prefix}q:{name}")
            return dict(zip(names, await pipe.execute(), strict=True)) if names else {}

    async def rows(self, *queues: str, limit: int, until: int | None = None) -> list[dict[str, Any]]:
        """Give the rows of queues put together, nearest deadline first; ``until``: only what is due by then."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.zrangebyscore(f"{self.prefix}q:{queue}", "-inf", "+inf" if until is None else until, start=0, num=limit, withscores=True)
            found = {name: at for part in await pipe.execute() for name, at in part}
        names = sorted(found, key=lambda name: (found[name], name))[:limit]
        async with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hget(f"{self.prefix}t:{name}", "row")
            return [json.loads(row) for row in await pipe.execute() if row] if names else []

    async def content(self) -> dict[str, Any]:
        """Read the whole view: tickets, queues with their order, identities."""
        start = len(self.prefix)
        found: dict[str, Any] = {}
        async for key in self.redis.scan_iter(f"{self.prefix}*", count=1000):
            kind = await self.redis.type(key)
            if kind == "hash" and key[start:] not in ("positions", "hold"):
                found[key[start:]] = await self.redis.hgetall(key)
            elif kind == "zset":
                found[key[start:]] = [[name, int(at)] for name, at in await self.redis.zrange(key, 0, -1, withscores=True)]
            elif kind == "set":
                found[key[start:]] = sorted(await self.redis.smembers(key))
        return found

    async def digest(self) -> str:
        """Sum the view up: SHA-256 over its content in canonical form."""
        return hashlib.sha256(json.dumps(await self.content(), sort_keys=True).encode()).hexdigest()

    async def hold(self, seconds: int) -> None:
        """Let nothing be folded in for so long, or until ``release``: the projector tries again and goes on after."""
        await self.redis.set(f"{self.prefix}hold", 1, ex=seconds)

    async def release(self) -> None:
        """Let folding go on."""
        await self.redis.delete(f"{self.prefix}hold")

    async def drop(self) -> None:
        """Delete the view."""
        async for key in self.redis.scan_iter(f"{self.prefix}*", count=1000):
            await self.redis.delete(key)
