"""The city as a map: outlines of the grids somebody may see, and the points where the same comes again and again."""

import asyncio
import hashlib
from collections import OrderedDict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import tickets
from engine.gateway.callers import Caller, sees_place
from engine.gateway.http import answer
from engine.gateway.numbers import homes_of
from engine.gateway.past import archived
from engine.gateway.problems import not_found
from engine.gateway.world import World
from rules.history.chronic_points import DAY_MS, CasePlan, case_plans
from rules.law.compiled import Law
from topics.pack import Chronic, Node
from topics.vocabulary import Role

USUAL = Chronic(5, 90, 50, 30)
"""When a point is chronic by a pack that does not say: five tickets in 90 days within 50 metres."""
UNIT = 1e7
KEPT = 8
"""Cities' outlines that are kept as written: one for each pack in use."""


async def outlines(world: World, request: Request, caller: Caller) -> Response:
    """Give the outlines of one's own grids as GeoJSON, or those at a ticket's place; by its tag it is asked for again
    and not sent again."""
    law, ticket = world.law(), request.query_params.get("ticket")
    drawn = _pieces(law.ref, law.bundle.nodes)
    if ticket is None:
        pieces = [text for code, text in drawn if _sees(law, caller, code)]
    else:
        draft, _ = await tickets.found(world, caller, ticket)
        codes = _around(law, draft.leaf or draft.home)
        pieces = [text for code, text in drawn if code in codes]
    body = b'{"type":"FeatureCollection","pack":%s,"features":[%s]}' % (
        msgspec.json.encode(law.ref),
        b",".join(pieces),
    )
    headers = {
        "etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "cache-control": "private, no-cache",
        "vary": "cookie, authorization",
    }
    known = request.headers.get("if-none-match", "").split(",")
    if headers["etag"] in (one.strip().removeprefix("W/") for one in known):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/geo+json")


def _around(law: Law, code: str) -> set[str]:
    """Name a grid, those above it and those beside it: whoever sees a ticket sees where that is."""
    if code not in law.nodes:
        return set()
    parent = law.nodes[code].parent
    return {*law.path(code), *(one.code for one in law.bundle.nodes if one.parent == parent and parent is not None)}


def _sees(law: Law, caller: Caller, code: str) -> bool:
    return caller.kind == "auditor" or sees_place(law, caller, code)


_written = OrderedDict[str, list[tuple[str, bytes]]]()


def _pieces(ref: str, nodes: tuple[Node, ...]) -> list[tuple[str, bytes]]:
    """Write each outline once for a pack, whoever asks: its hash says all of it."""
    if ref not in _written:
        _written[ref] = [(one.code, msgspec.json.encode(_feature(n, one))) for n, one in enumerate(nodes) if one.ring]
        if len(_written) > KEPT:
            _written.popitem(last=False)
    return _written[ref]


def _feature(number: int, node: Node) -> dict[str, Any]:
    ring = [(lon / UNIT, lat / UNIT) for lon, lat in node.ring]
    closed = ring if ring[0] == ring[-1] else [*ring, ring[0]]
    return {
        "type": "Feature",
        "id": number,
        "properties": {"code": node.code, "level": node.level, "parent": node.parent, "households": node.households},
        "geometry": {"type": "Polygon", "coordinates": [closed]},
    }


async def points(world: World, request: Request, caller: Caller) -> Response:
    """List points of chronic trouble in one's own grids, the busiest first, each with a day of review (一点一案)."""
    if caller.kind == "person" and caller.role is Role.DEPARTMENT:
        raise not_found()
    from engine.archive.chronic import candidates

    law, now = world.law(), world.now
    rule = law.bundle.chronic or USUAL
    homes = homes_of(world, caller)
    async with archived():
        found = await candidates(await world.archive(), now - rule.days * DAY_MS, rule.count, homes)
    plans = await asyncio.to_thread(case_plans, found, rule, now)
    told = {"count": rule.count, "days": rule.days, "metres": rule.metres}
    return answer({"rule": told, "points": [_told(plan) for plan in plans], "now": now})


def _told(plan: CasePlan) -> dict[str, Any]:
    found = plan._asdict() | {"n": len(plan.tickets), "tickets": plan.tickets[-20:]}
    point = found.pop("point")
    return found | ({} if point is None else {"lat": point[0] / UNIT, "lon": point[1] / UNIT})
