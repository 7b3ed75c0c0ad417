"""A shift handed over: its open points with a note, signed over to the next person, who acknowledges it."""

import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import idempotency
from engine.gateway.callers import Caller
from engine.gateway.databases import doors_of
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.notices import before_of
from engine.gateway.open_points import open_points
from engine.gateway.problems import Problem, not_found
from engine.gateway.pulling import demand_nothing_more
from engine.gateway.queues import limit_of
from engine.gateway.reporters import reading
from engine.gateway.world import World
from rules.masking.masker import masker_for
from topics.audit import AuditEntry, Deed
from topics.incident import unfit

if TYPE_CHECKING:
    pass

LONGEST = 2_000
"""Characters of a note."""
_NAME = re.compile(r"[0-9a-z-]{8,64}", re.ASCII)


async def points(world: World, request: Request, caller: Caller) -> Response:
    """List what one's shift leaves open now: what would be signed over."""
    found, n = await open_points(world, caller)
    return answer({"points": found, "n": n, "now": world.now})


async def handovers(world: World, request: Request, caller: Caller) -> Response:
    """List the hand-overs that one gave or is given, the latest first; an auditor sees everybody's."""
    from engine.doors.handovers import listed

    limit, before = limit_of(request.query_params.get("limit")), before_of(request.query_params.get("cursor"))
    async with doors_of(world, "hand-overs") as doors:
        rows = await listed(doors, None if caller.kind == "auditor" else caller.name, before, limit)
    more = {"next": str(rows[-1].seq)} if len(rows) == limit else {}
    return answer({"handovers": [_told(row) for row in rows], "now": world.now} | more)


def _told(row: Any) -> dict[str, Any]:
    names = ("id", "giver", "giver_role", "taker", "note", "n_points", "at", "taken_at", "taken_note")
    return {name: getattr(row, name) for name in names}


async def handover(world: World, request: Request, caller: Caller) -> Response:
    """Show one with its points, as they were when it was signed."""
    from engine.doors.handovers import one

    name = _name(request)
    async with doors_of(world, "hand-overs") as doors:
        row = await one(doors, name)
    if row is None or (caller.kind != "auditor" and caller.name not in (row.giver, row.taker)):
        raise not_found()
    return answer(_told(row) | {"points": msgspec.Raw(row.points.encode())})


async def handover_sign(world: World, request: Request, caller: Caller) -> Response:
    """Sign one's open points over to somebody of the roster; kept, and in the audit, before this is answered."""
    body = await body_of(world, request)
    given = object_of(body)
    taker, note = _taker(world, caller, given.pop("to", None)), _note(world, given)
    demand_nothing_more(given)

    async def work() -> Response:
        from engine.doors.handovers import has_room, put, writing

        found, n = await open_points(world, caller)
        key = idempotency.key_of(request)
        name = str(uuid.uuid4()) if key is None else idempotency.drawn_from(caller, key)
        entry = _entry(world, caller, Deed.HANDED_OVER, name, count=n)
        async with doors_of(world, "hand-overs") as doors, writing(doors) as connection:
            if not await has_room(connection, caller.name):
                raise Problem("too-many", "others that you signed over wait to be acknowledged")
            await put(
                connection,
                id=name,
                giver=caller.name,
                giver_role=str(caller.role),
                taker=taker,
                note=note,
                points=msgspec.json.encode(found).decode(),
                n_points=n,
                at=_moment(world.now),
            )
            async with reading():
                await world.audit.append(entry)
        return answer({"id": name, "to": taker, "n_points": n}, 201)

    return await idempotency.once(world, request, caller, body, work)


async def handover_take(world: World, request: Request, caller: Caller) -> Response:
    """Acknowledge one that was signed over to oneself; once."""
    given = object_of(await body_of(world, request) or b"{}")
    note, name = _note(world, given), _name(request)
    demand_nothing_more(given)
    from engine.doors.handovers import take, writing

    async with doors_of(world, "hand-overs") as doors, writing(doors) as connection:
        if not await take(connection, name, caller.name, _moment(world.now), note):
            raise not_found()
        async with reading():
            await world.audit.append(_entry(world, caller, Deed.TAKEN_OVER, str(uuid.uuid4()), of=name))
    return answer({"id": name, "taken_at": _moment(world.now)})


def _entry(world: World, caller: Caller, what: Deed, name: str, **more: Any) -> AuditEntry:
    return AuditEntry(id=name, at=world.now, who=caller.id, what=what, **more)


def _taker(world: World, caller: Caller, given: Any) -> str:
    """Read whom a shift goes to.

    Raises:
        Problem: Nobody of the roster, or oneself.
    """
    if not isinstance(given, str) or given == caller.name or not world.law().people.of(given):
        raise Problem("invalid", "somebody else of the roster, by their id", field="to")
    return given


def _note(world: World, given: dict[str, Any]) -> str:
    """Read a note; numbers in it are masked, as in all that people write."""
    found = given.pop("note", "")
    if not isinstance(found, str) or len(found) > LONGEST or unfit(found) is not None:
        raise Problem("invalid", f"sound text of at most {LONGEST} characters", field="note")
    return masker_for(world.law().bundle.timezone).mask(found.strip(), longest=LONGEST)


def _name(request: Request) -> str:
    name = str(request.path_params["handover"])
    if _NAME.fullmatch(name) is None:
        raise not_found()
    return name


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
