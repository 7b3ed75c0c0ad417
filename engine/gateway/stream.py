"""The live stream of a queue (SSE): a snapshot, then what changes; whoever comes back says where they were."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from engine.gateway.callers import SEATED, Caller, is_known
from engine.gateway.cursors import positions_of, written
from engine.gateway.http import is_still
from engine.gateway.live import Client, Rights, Shown, Wants, frame
from engine.gateway.problems import Problem, away
from engine.gateway.queues import MINE, all_rows, limit_of, queue_named, sees_row
from engine.gateway.row_slices import sees_whole, slices, standing
from engine.gateway.world import World
from engine.views.queues import OPEN, OVERDUE
from rules.law.compiled import Law
from rules.ticket import authority
from topics.ids import partition_of

PING_SECONDS = 2.0
"""A screen says within five seconds that it shows what was: it misses two signs of life in a row."""
CATCH_UP_SECONDS = 5.0
"""So long the queues may be behind the decisions when a stream begins."""
RETRY_MS = 1000
CHECK_SECONDS = 5.0
"""How often it is looked whether the key or session by which a stream was opened still holds."""
MOST_STREAMS, MOST_OF_ONE = 1000, 250
"""Of one process, and of one who asks: a program that opens them and forgets them takes nobody else's."""
RESET = frame("reset", {}, "none")
"""From here on whoever breaks off has no place to go on from until they have all of the queue."""


def wants(world: World, caller: Caller, name: str) -> Wants:
    """Return what tells whether a change is of a queue and somebody's to see."""
    queue = queue_named(name, caller)

    def fits(one: Shown, rights: Rights) -> bool:
        row = one.row
        if row is None or not _stands_in(rights[0], queue, one, world.now):
            return False
        return sees_row(rights[partition_of(row["home"], len(rights))], caller, row)

    return fits


def scope(caller: Caller, name: str) -> Callable[[Rights], Hashable]:
    """Return what names those who see the same of a queue: whoever sees all of it, or one caller alone. Two hundred
    screens in a hall are judged for once."""
    queue = queue_named(name, caller)
    return lambda rights: (queue, None if all(sees_whole(law, caller) for law in rights) else caller)


def sight(caller: Caller) -> Callable[[Rights], Hashable]:
    """Return what tells whether somebody still sees the same tickets: by the law of each partition and their posts
    there."""

    def seen(rights: Rights) -> Hashable:
        if caller.kind not in SEATED:
            return None
        posts = (authority.entries(law, caller.actor) for law in rights)
        return tuple(
            (law.ref, frozenset((one.org, one.nodes) for one in held)) for law, held in zip(rights, posts, strict=True)
        )

    return seen


def _stands_in(law: Law, queue: str, one: Shown, now: int) -> bool:
    """Whether a row stands in a queue, put-together ones too (``engine.views.lists``)."""
    kind, _, which = queue.partition(":")
    row = one.row or {}
    if queue == OPEN:
        return bool(one.queues)
    if kind == "street":
        return any(name.startswith("grid:") and law.street_of(name[5:]) == which for name in one.queues)
    if queue == OVERDUE:
        return bool(one.queues) and (OVERDUE in one.queues or row.get("deadline_at", now + 1) <= now)
    if kind == "approval" and which:
        return "approval" in one.queues and which in row.get("waits_for", {}).get("roles", ())
    return queue in one.queues


async def stream(world: World, request: Request, caller: Caller) -> Response:
    """Open a stream of a queue; without one, of what the caller has."""
    name = request.query_params.get("queue", MINE)
    first = limit_of(given, "first") if (given := request.query_params.get("first")) is not None else None
    await all_rows(world, caller, name, 1)  # there is no such queue: said before a stream is begun
    if len(world.live.clients) >= MOST_STREAMS:
        raise away("the gateway has as many streams as it can; it")
    cursor = request.headers.get("last-event-id") or request.query_params.get("cursor")
    if sum(one.who == caller.id for one in world.live.clients) >= MOST_OF_ONE:
        raise Problem("too-many", f"at most {MOST_OF_ONE} streams of one; end one", headers={"Retry-After": "10"})
    client = Client(wants(world, caller, name), scope(caller, name), sight(caller))
    client.who = caller.id
    return StreamingResponse(
        _frames(world, caller, name, client, cursor, lambda: is_still(world, request, caller), first=first),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _always() -> bool:
    return True


async def _frames(
    world: World,
    caller: Caller,
    name: str,
    client: Client,
    given: str | None,
    holds: Callable[[], Awaitable[bool]] = _always,
    *,
    first: int | None = None,
) -> AsyncGenerator[bytes, None]:
    """Give the stream's events until its client goes, or may no longer watch, or we end."""
    live, looked = world.live, asyncio.get_running_loop().time()
    client.key(live.rights())
    live.clients.add(client)
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        missed = await _resumed(world, caller, name, client, given)
        if missed is not None:
            yield missed
        else:
            if given is not None:
                yield RESET
            async for piece in _begun(world, caller, name, client, first=first):
                yield piece
        while not live.closing.is_set() and is_known(world.law(), caller):
            await client.moved(PING_SECONDS)
            client.key(live.rights())  # a duty begins and ends without a ticket's change
            if (now := asyncio.get_running_loop().time()) - looked >= CHECK_SECONDS:
                looked = now
                if not await holds():
                    return
            if client.torn:
                client.torn = False
                yield RESET
                async for piece in _begun(world, caller, name, client, first=first):
                    yield piece
                continue
            yield client.take() or frame("ping", {"now": world.now, "speed": world.speed})
    finally:
        live.clients.discard(client)


async def _resumed(world: World, caller: Caller, name: str, client: Client, given: str | None) -> bytes | None:
    """Give what stands in the queue by name, then what was missed since a cursor; ``None``: that is not known any more,
    or no cursor was given. Without the names a row that left meanwhile would stand at the client for ever."""
    partitions, rights = world.settings.partitions, world.live.named_rights()
    cursor = positions_of(given, partitions, rights) if given is not None else None
    if cursor is None or not world.live.keeps(cursor):
        return None
    view = await world.view.positions()
    has = await standing(world, caller, name)
    since = world.live.since({number: min(offset, view.get(number, 0)) for number, offset in cursor.items()})
    if since is None:
        return None
    return frame("standing", {"ids": sorted(has)}) + world.live.begin_with(client, has, since)


async def _begun(
    world: World, caller: Caller, name: str, client: Client, *, first: int | None
) -> AsyncGenerator[bytes, None]:
    """Read the queue as it is, and add what has come since the queue was written: nothing is missed between the two.

    With ``first`` the queue comes in slices; until the last is there no cursor is given, for whoever goes on from one
    has all before it.
    """
    deadline, rights = asyncio.get_running_loop().time() + CATCH_UP_SECONDS, world.live.named_rights()
    while True:
        positions = dict.fromkeys(range(world.settings.partitions), 0) | await world.view.positions()
        if world.live.keeps(positions):
            break
        if asyncio.get_running_loop().time() > deadline:
            client.tear()
            yield frame("behind", {"why": "the queues are behind the decisions; they are waited for"})
            return
        await asyncio.sleep(0.05)
    has, texts, event = set[str](), list[str](), "snapshot"
    async for some in slices(world, caller, name, first):
        has.update(some.ids)
        texts += some.texts
        if first is not None and some.more:
            yield _rows(world, event, name, texts)
            event, texts = "rows", []
    client.torn = False
    since = world.live.since(positions)
    if since is None:
        client.tear()
        return
    last = _rows(world, event, name, texts, written(positions, rights))
    yield last + world.live.begin_with(client, has, since)


def _rows(world: World, event: str, name: str, texts: list[str], cursor: str | None = None) -> bytes:
    """Write rows as they were read, without opening them; ``more``: others follow."""
    head = {"queue": name, "more": cursor is None, "now": world.now, "speed": world.speed}
    at = f"id: {cursor}\n" if cursor is not None else ""
    told = msgspec.json.encode(head).decode()[:-1]
    return f'{at}event: {event}\ndata: {told},"rows":[{",".join(texts)}]}}\n\n'.encode()
