"""A ticket as its page shows it: image, place with labels, clocks as rows, children, and what may be done now."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import allowed
from engine.gateway.callers import OUTSIDE, Caller, sees, way_to
from engine.gateway.http import answer
from engine.gateway.problems import not_found
from engine.gateway.world import World
from engine.views.told import clock_state
from rules.history.deadline_rows import reckoned
from rules.law.compiled import Law
from rules.state.partition_state import Book
from rules.ticket import clocks
from rules.ticket.draft import Draft
from rules.ticket.team import stage_owners
from topics.ids import Instant, folded, home_of
from topics.ticket import Clock, Ticket

HIDDEN = ("token", "before_merge", "informed", "schema")
"""Of an image: the way to the reporter's own data, and what only the law needs."""

NONE = "-"
"""No ticket's id: asked for where there is none, so that absent takes as long as another's."""


async def ticket(world: World, request: Request, caller: Caller) -> Response:
    """Show one ticket, by its id or by ``source:id``."""
    draft, images = await found(world, caller, request.path_params["id"])
    law, now = world.packs.laws[draft.pack], world.now
    zone = ZoneInfo(law.bundle.timezone)
    book = book_of(world, draft, images)
    told = {
        "id": draft.id,
        "version": draft.version,
        "ticket": public(images[draft.id]),
        "category": _category(law, draft),
        "place": _place(law, draft),
        "reporter": {
            "reachable": draft.can_reach_reporter,
            "sealed": draft.token is not None,
            "reveal": way_to(world.law_of(draft.home), caller, draft),
        },
        "holder": {"person": draft.person, "duty": draft.duty, "tier": draft.tier, "next": draft.task},
        "stages": stage_owners(law, draft),
        "clocks": [_clock(law, draft, clock, zone) for clock in draft.clocks],
        "children": [msgspec.to_builtins(child) for child in draft.children],
        "commands": []
        if caller.kind in OUTSIDE
        else allowed.commands(book, world.packs.laws, draft.id, caller.actor, now),
        "times": {"zone": zone.key, "now": moment(now, zone)},
    }
    return answer(told, headers={"ETag": f'"{draft.version}"'})


def book_of(world: World, draft: Ticket, images: dict[str, bytes]) -> Book:
    """Put a ticket and its kin into a book by the law and roster of its partition."""
    number = world.partition(draft.id)
    pack = world.tail.packs.get(number, world.packs.current())
    return allowed.book_of(images, world.packs.laws, pack, world.tail.rosters[number])


async def found(world: World, caller: Caller, name: str) -> tuple[Draft, dict[str, bytes]]:
    """Find a ticket and the images of those it hangs together with.

    Raises:
        Problem: There is none, or it is not theirs: the same answer.
    """
    ticket_id = await named(world, name)
    images = await world.view.images(ticket_id or NONE)
    if ticket_id is None or ticket_id not in images:
        raise not_found()
    draft = allowed.read(images[ticket_id])
    if not sees(world.law_of(draft.home), caller, draft):
        raise not_found()
    images |= await _kin(world, draft)
    await world.have({allowed.read(image).pack for image in images.values()})
    return draft, images


async def with_kin(world: World, name: str) -> dict[str, bytes]:
    """Give a live ticket and those it hangs together with; none where the name is of no ticket."""
    images = await world.view.images(name)
    for image in list(images.values()):
        images |= await _kin(world, allowed.read(image))
    await world.have({allowed.read(image).pack for image in images.values()})
    return images


async def named(world: World, name: str) -> str | None:
    """Give the id that a name stands for: itself, or that of ``source:id``; ``None``: of no ticket that is live."""
    name = folded(name)
    if ":" in name:
        return await world.view.ticket_of(name)
    try:
        home_of(name)
    except ValueError:
        return None
    return name if "/" not in name else None


async def _kin(world: World, draft: Ticket) -> dict[str, bytes]:
    """Read what was merged here, and what this was merged or folded into, to the end of the chain."""
    images = await world.view.images(*draft.merged_here) if draft.merged_here else {}
    names = [name for name in (draft.merged_into, draft.folded_into) if name is not None]
    while names and len(images) < 200:
        new = await world.view.images(*[name for name in names if name not in images])
        images |= new
        read = [allowed.read(image) for image in new.values()]
        names = [one.merged_into for one in read if one.merged_into is not None and one.merged_into not in images]
    return images


def public(image: bytes) -> dict[str, Any]:
    """Give an image without what is nobody's business."""
    whole: dict[str, Any] = msgspec.json.decode(image)
    return {name: value for name, value in whole.items() if name not in HIDDEN}


def _category(law: Law, draft: Ticket) -> dict[str, Any] | None:
    known = law.categories.get(draft.category or "")
    return None if known is None else {"code": known.code, "label": known.label, "label_zh": known.label_zh}


def path_told(law: Law, code: str) -> list[dict[str, str]]:
    """Name a grid and all above it, the largest first."""
    nodes = [law.nodes[one] for one in reversed(law.path(code))]
    return [{"code": n.code, "level": n.level, "label": n.label, "label_zh": n.label_zh} for n in nodes]


def _place(law: Law, draft: Ticket) -> dict[str, Any]:
    found: dict[str, Any] = {"grid": path_told(law, draft.leaf or draft.home), "address": draft.address}
    if draft.lat_e7 is not None and draft.lon_e7 is not None:
        found |= {"lat": draft.lat_e7 / 1e7, "lon": draft.lon_e7 / 1e7}
    return found


def _clock(law: Law, draft: Ticket, clock: Clock, zone: ZoneInfo) -> dict[str, Any]:
    """Give a clock with the moments of its rungs and, for the one that ends it, the reckoning row by row."""
    rungs = [(rung, clocks.moment(law, clock, rung, draft.urgency, draft.hours)) for rung in clock.rungs]
    last = 100 if 100 in clock.rungs or not clock.rungs else clock.rungs[-1]
    rows, adds_up = reckoned(law, clock, last, draft.urgency)
    return {
        "kind": clock.kind,
        "number": clock.number,
        "state": clock_state(draft, clock),
        "why": clock.paused_reason,
        "limit_ms": clock.limit_ms,
        "consumed_ms": clock.consumed_ms,
        "unit": clock.unit,
        "started_at": clock.started_at,
        "extended": clock.extended,
        "fired": list(clock.fired),
        "rungs": [{"percent": rung, "at": moment(at, zone)} for rung, at in rungs],
        "reckoned": {"percent": last, "rows": rows, "adds_up": adds_up},
    }


def moment(at: Instant | None, zone: ZoneInfo) -> str | None:
    """Write an instant as RFC 3339, in a zone."""
    return None if at is None else datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")
