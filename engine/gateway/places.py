"""What anybody who is known may look up: where a point lies, which law is in force, which seats there are."""

import asyncio
import logging
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import sessions
from engine.gateway.callers import OUTSIDE, Caller
from engine.gateway.http import answer, body_of, decimal, demand_own_page, object_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.tickets import path_told
from engine.gateway.world import World
from engine.observability.health import verdict
from engine.views.lists import rows_of
from engine.views.queues import OPEN
from rules.law.placement import Unplaceable
from rules.law.work_calendar import DAY_MS
from topics.vocabulary import Status

log = logging.getLogger(__name__)

SYSTEMS = ("WGS84", "GCJ02", "BD09")
LOOKED_AT = 300
"""Tickets that are looked at for who is waited for: it is asked by whoever stands before an open door."""
WORKTIME = (2, 92)
"""Days back and ahead of which the working hours are told, so that a screen counts a limit down in them: 5 KiB."""


async def grid(world: World, request: Request, caller: Caller) -> Response:
    """Say in which grid a point lies, and who works there."""
    lat, lon = (_degrees(request, name, most) for name, most in (("lat", 90), ("lon", 180)))
    crs = request.query_params.get("crs", "WGS84")
    if crs not in SYSTEMS:
        raise Problem("invalid", f"one of {', '.join(SYSTEMS)}", field="crs")
    law = world.law()
    try:
        placed = world.packs.places[world.packs.current()].place(None, lat, lon, crs, None)
    except Unplaceable as exc:
        raise Problem("invalid", str(exc), field="lat") from exc
    if placed.leaf is None:
        raise not_found()
    parties = [share.code for share in law.shares if law.party_works_in(share.code, placed.leaf)]
    return answer({"grid": path_told(law, placed.leaf), "leaf": placed.leaf, "home": placed.home, "parties": parties})


def _degrees(request: Request, name: str, most: int) -> float:
    text = request.path_params[name]
    try:
        found = decimal(text)
    except ValueError:
        found = float("nan")
    if not -most <= found <= most:
        raise Problem("invalid", f"degrees from -{most} to {most}", field=name)
    return found


async def pack(world: World, request: Request, caller: Caller) -> Response:
    """Say which law is in force: its name and hash, its categories, departments and grids."""
    law = world.law()
    bundle = law.bundle
    told: dict[str, Any] = {
        "ref": law.ref,
        "name": bundle.name,
        "title": bundle.title,
        "title_zh": bundle.title_zh,
        "timezone": bundle.timezone,
        "now": world.now,
        "speed": world.speed,
        "worktime": list(law.calendar.spans(world.now - WORKTIME[0] * DAY_MS, world.now + WORKTIME[1] * DAY_MS)),
        "categories": [_pair(c.code, c) | {"ladder": c.ladder} for c in bundle.categories],
        "departments": [_pair(d.code, d) for d in bundle.departments],
        "unplaced": bundle.unplaced,
        "homes": [_pair(code, n) for code, n in law.homes.items()],
        "ladders": {name: [_pair(tier.name, tier) for tier in steps] for name, steps in bundle.ladders.items()},
        "parties": [_pair(share.code, share) | {"share": share.share} for share in bundle.shares],
    }
    if caller.kind in ("person", *OUTSIDE):  # who of the city's own is meant by an id; systems get ids alone
        told["grids"] = [_pair(n.code, n) | {"parent": n.parent} for n in bundle.nodes]
        told["people"] = {entry.person: entry.name for entry in law.people.all()}
    return answer(told)


def _pair(code: str, named: Any) -> dict[str, Any]:
    """Give a code with its labels in both languages."""
    return {"code": code, "label": named.label, "label_zh": named.label_zh}


async def seats(world: World, request: Request, caller: Caller) -> Response:
    """List the roster, where a seat may be chosen, and how many of the nearest tickets wait for each to accept."""
    sessions.demand_open_seats(world, request)
    law = world.law()
    rows = await rows_of(world.view, law, OPEN, LOOKED_AT, world.now)
    offered = Counter(row["person"] for row in rows if row["status"] == Status.OFFERED)
    told = [
        {"role": e.role, "person": e.person, "name": e.name, "grids": e.nodes, "offered": offered[e.person]}
        for e in law.people.all()
    ]
    return answer({"seats": told})


async def session_ways(world: World, request: Request, caller: Caller) -> Response:
    """Say how one may come in: by password always, by the city's own login and by taking a seat where that is set."""
    return answer(
        {
            "password": True,
            "oidc": world.openid is not None,
            "seats": sessions.are_seats_open(world, request),
        }
    )


async def session_begin(world: World, request: Request, caller: Caller) -> Response:
    """Log in with name and password; where seats are open, sit down in one."""
    demand_own_page(world, request)
    return await sessions.begin(world, request, object_of(await body_of(world, request)))


async def session_show(world: World, request: Request, caller: Caller) -> Response:
    """Say who one is."""
    return answer(sessions.told(world, caller))


async def session_end(world: World, request: Request, caller: Caller) -> Response:
    """Stand up again."""
    return await sessions.end(world, request)


async def accounts(world: World, request: Request, caller: Caller) -> Response:
    """List the accounts: what each is and whether it is in use."""
    found = [
        {"name": one.name, "kind": one.kind, "disabled": one.is_disabled, "changed_at": one.changed_at}
        for one in world.accounts.all()
    ]
    return answer({"accounts": found})


async def account_disable(world: World, request: Request, caller: Caller) -> Response:
    """Let nobody in by an account any more, from the next request on."""
    name = request.path_params["name"]
    if world.account(name) is None:
        raise not_found()
    await asyncio.to_thread(world.accounts.disable, name)
    log.warning("the account '%s' was disabled by %s", name, caller.id)
    return Response(status_code=204)


async def livez(world: World, request: Request, caller: Caller) -> Response:
    """Say that the process runs."""
    return Response("alive\n", media_type="text/plain")


async def readyz(world: World, request: Request, caller: Caller) -> Response:
    """Say whether it can work, condition by condition with ``?verbose``."""
    status, text = verdict(world.checks(), "verbose" in request.query_params)
    return Response(text, status, media_type="text/plain")
