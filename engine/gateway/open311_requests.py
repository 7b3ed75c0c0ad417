"""Tickets as Open311 shows them: open or closed, by when it is to be done, and which department leads."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from engine.gateway import allowed, tickets
from engine.gateway.callers import Caller, sees
from engine.gateway.finding import instant_of, scope_of
from engine.gateway.past import archived
from engine.gateway.problems import Problem
from engine.gateway.queues import limit_of
from engine.gateway.world import World
from rules.law.compiled import Law
from topics.ids import Instant, folded, identity
from topics.ticket import Ticket
from topics.vocabulary import FINAL

DAY_MS = 86_400_000
DAYS = 90
"""The longest span, and the one that is meant where none is given (GeoReport v2)."""
MOST_NAMED = 50


async def named(world: World, who: Caller, names: list[str]) -> list[dict[str, Any]]:
    """Show requests by their ids, or by the id that the source gave them; others' are left out, as if there were none.

    Raises:
        Problem: They are too many.
    """
    if len(names) > MOST_NAMED:
        raise Problem("invalid", f"at most {MOST_NAMED} ids", field="service_request_id")
    rows = []
    for name in dict.fromkeys(one.strip() for one in names):
        ticket = await _ticket(world, name) or await _ticket(world, identity(who.name, name))
        if ticket is not None and sees(world.law_of(ticket.home), who, ticket):
            rows.append(await _row(world, ticket))
    return rows


async def _ticket(world: World, name: str) -> Ticket | None:
    """Find a ticket, live or in the archive."""
    known = await tickets.named(world, name)
    images = await world.view.images(known or tickets.NONE)
    if images:
        return allowed.read(images[known or ""])
    if not world.settings.database_url or (known is None and ":" not in name):
        return None
    async with archived():
        from engine.archive.search import by_name

        archive = await world.archive()
        rows = await by_name(archive, folded(name))
        image = await archive.image(rows[0]["id"]) if rows else None
    return None if image is None else allowed.read(image)


async def found(world: World, who: Caller, given: QueryParams) -> list[dict[str, Any]]:
    """Show the requests of a time, the latest first; without one those of the last 90 days."""
    since, until = _span(world, given)
    states = _states(given.get("status"))
    codes = tuple(code for code in given.get("service_code", "").split(",") if code)
    async with archived():
        from engine.archive.search import Asked, search

        archive = await world.archive()
        asked = Asked(categories=codes, states=states, since=since, until=until)
        page = await search(
            archive, asked, limit_of(given.get("page_size")), given.get("cursor"), scope_of(world.law(), who)
        )
        images = [await archive.image(row["id"]) for row in page.rows]
    live = await world.view.images(*[row["id"] for row in page.rows]) if page.rows else {}
    shown = [live.get(row["id"], image) for row, image in zip(page.rows, images, strict=True)]
    return [await _row(world, allowed.read(image)) for image in shown if image is not None]


def _span(world: World, given: QueryParams) -> tuple[Instant, Instant]:
    zone = ZoneInfo(world.law().bundle.timezone)
    begin, end = instant_of(given, "start_date", zone), instant_of(given, "end_date", zone)
    if begin is None and end is None:
        end = world.now + 1
    begin = (end or 0) - DAYS * DAY_MS if begin is None else begin
    end = begin + DAYS * DAY_MS if end is None else end
    if not 0 <= end - begin <= DAYS * DAY_MS:
        raise Problem("invalid", f"no more than {DAYS} days from start_date to end_date", field="start_date")
    return begin, end


def _states(text: str | None) -> tuple[str, ...]:
    wanted = [word for word in (text or "").split(",") if word]
    if any(word not in ("open", "closed") for word in wanted):
        raise Problem("invalid", "open, closed, or both with a comma between", field="status")
    return tuple({"open": "open", "closed": "ended"}[word] for word in wanted) if len(set(wanted)) == 1 else ()


async def _row(world: World, ticket: Ticket) -> dict[str, Any]:
    """Give a request's fields; nothing of its reporter is among them."""
    await world.have({ticket.pack})
    law = world.packs.laws[ticket.pack]
    zone = ZoneInfo(law.bundle.timezone)
    category = law.categories.get(ticket.category or "")
    notes = [str(ticket.status), *([ticket.close_reason] if ticket.close_reason else [])]
    place = (
        (None, None) if ticket.lat_e7 is None or ticket.lon_e7 is None else (ticket.lat_e7 / 1e7, ticket.lon_e7 / 1e7)
    )
    return {
        "service_request_id": ticket.id,
        "status": "closed" if ticket.status in FINAL else "open",
        "status_notes": ": ".join(notes),
        "service_name": (category.label_zh or category.label) if category is not None else "",
        "service_code": ticket.category or "",
        "description": ticket.text,
        "agency_responsible": _agency(law, ticket),
        "service_notice": "",
        "requested_datetime": _at(ticket.received_at, zone),
        "updated_datetime": _at(_changed(ticket), zone),
        "expected_datetime": _at(ticket.deadline_at, zone),
        "address": ticket.address or "",
        "address_id": ticket.leaf or ticket.home,
        "zipcode": "",
        "lat": place[0],
        "long": place[1],
        "media_url": "",
    }


def _agency(law: Law, ticket: Ticket) -> str:
    """Name the department that leads, else who holds it."""
    code = next((child.code for child in ticket.children if child.role == "lead"), None) or ticket.lead or ticket.party
    known = law.department(code) if code else None
    return (known.label_zh or known.label) if known is not None else code or ""


def _changed(ticket: Ticket) -> Instant:
    """When it was last changed, as far as its image knows."""
    moments = (ticket.received_at, ticket.filed_at, ticket.finished_at, ticket.surveyed_at, ticket.closed_at)
    return max(at for at in moments if at is not None)


def _at(at: Instant | None, zone: ZoneInfo) -> str | None:
    return None if at is None else datetime.fromtimestamp(at // 1000, zone).isoformat()
