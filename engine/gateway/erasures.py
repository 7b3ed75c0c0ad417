"""Forgetting a reporter, by two people: one of the roster asks, a security administrator destroys; and the audit of
it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import reporters
from engine.gateway.callers import Caller
from engine.gateway.databases import doors_of
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.queues import limit_of
from engine.gateway.world import World
from engine.people.erasure import forget
from topics.audit import AuditEntry, Deed, Purpose
from topics.vocabulary import Role

MAY_ASK = (Role.CHIEF, Role.CENTRE)
SHORTEST = 4
"""Characters of a reason."""
STAYS = "reports of the last 30 days stand as they came on incidents.raw until its retention drops them"


async def erase_ask(world: World, request: Request, caller: Caller) -> Response:
    """Ask that a ticket's reporter, or who is known by a number, be forgotten."""
    given = object_of(await body_of(world, request))
    if caller.role not in MAY_ASK:
        raise not_found()
    if len(str(given.get("text", "")).strip()) < SHORTEST:
        raise Problem("invalid", "say in words why", field="text")
    async with reporters.reading():
        ticket, tokens = await reporters.entries(world, caller, given)
        if not tokens:
            raise Problem("erased", "nothing lies sealed of them: there never was, or it is forgotten")
        entry = reporters.noted(
            world,
            caller,
            Deed.ERASE_ASKED,
            given=given,
            ticket=ticket.id if ticket else None,
            purpose=Purpose.REQUEST_OF_PERSON,
            tokens=tuple(tokens),
        )
        await world.audit.append(entry)
    return answer({"erasure": entry.id, "entries": len(tokens)}, 202)


async def erasures(world: World, request: Request, caller: Caller) -> Response:
    """List what was asked to be forgotten and is not yet, the oldest first."""
    async with reporters.reading():
        found = await world.audit.pending()
    return answer({"rows": [_told(one) for one in found.values()], "now": world.now})


async def erase_approve(world: World, request: Request, caller: Caller) -> Response:
    """Destroy the keys of what was asked for: nobody can show it any more, whoever has the master key."""
    async with reporters.reading(), world.audit.forgetting:
        asked = (await world.audit.pending()).get(request.path_params["id"])
        if asked is None:
            raise not_found()
        done = await forget(
            world.tail.log,
            world.sealed,
            world.vault(),
            tokens=asked.tokens,
            partitions=world.settings.partitions,
            send=world.door.send,
            drop_photos=partial(_drop_photos, world),
        )
        entry = reporters.noted(
            world, caller, Deed.ERASE_DONE, given={}, ticket=asked.ticket, of=asked.id, count=sum(done)
        )
        await world.audit.append(entry)
    return answer({"erasure": asked.id, "audit": entry.id, **done._asdict(), "stays": STAYS})


async def _drop_photos(world: World, tokens: Sequence[str]) -> int:
    """Drop the pictures of these reporters' tickets; a stack without a database has none."""
    if not world.settings.database_url:
        return 0
    from engine.doors.photos import forget as drop

    async with doors_of(world, "pictures") as doors:
        return await drop(doors, tokens)


async def audit(world: World, request: Request, caller: Caller) -> Response:
    """List who was shown whom, who had whom forgotten and who took what figures away, the latest first."""
    limit = limit_of(request.query_params.get("limit"))
    async with reporters.reading():
        found = await world.audit.entries()
    return answer({"rows": [_told(one) for one in reversed(found[-limit:])], "now": world.now})


def _told(entry: AuditEntry) -> dict[str, Any]:
    names = (
        "id", "at", "who", "what", "ticket", "record", "purpose", "text", "is_urgent", "of", "count", "report", "since",
        "until",
    )  # fmt: skip
    return {name: value for name in names if (value := getattr(entry, name)) not in (None, "", False)}
