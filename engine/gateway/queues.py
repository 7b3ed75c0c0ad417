"""Live queues over HTTP: how many stand in each, and the rows of one, page by page; each sees the rows of their own
grids."""

import asyncio
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InvalidSettings
from engine.gateway.callers import OUTSIDE, Caller, sees_place
from engine.gateway.http import answer
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World
from engine.views.lists import rows_of
from engine.views.queues import LAST, OVERDUE, PERSON
from rules.law.compiled import Law
from rules.ticket import authority
from topics.ids import folded
from topics.vocabulary import Role

MOST = 10_000
"""Rows of a queue that are looked through."""
PAGE = 100
MINE = "mine"

_AFTER = re.compile(r"(\d{1,17})~(.{1,300})", re.DOTALL)


def sees_row(law: Law, caller: Caller, row: dict[str, Any]) -> bool:
    """Whether a row is somebody's to look at; as ``callers.sees`` judges a ticket."""
    if caller.kind in OUTSIDE:
        return caller.kind == "auditor"
    if caller.role is Role.DEPARTMENT:
        orgs = {entry.org for entry in authority.entries(law, caller.actor)}
        children = (child.partition("/")[0] for child in row.get("children", ()))
        return row.get("party") in orgs or any(child in orgs for child in children)
    return row["person"] == caller.name or sees_place(law, caller, row.get("leaf") or row["home"])


def sees_all(law: Law, caller: Caller) -> bool:
    """Whether somebody's grids are the whole city; who runs the machines counts, and sees no ticket."""
    if caller.kind in OUTSIDE:
        return True
    tops = [node.code for node in law.bundle.nodes if node.parent is None]
    return caller.role is not Role.DEPARTMENT and all(sees_place(law, caller, top) for top in tops)


async def queues(world: World, request: Request, caller: Caller) -> Response:
    """Count the queues: all of them for who sees the city, else those of their own grids and their own."""
    law, counts = world.law(), await world.view.counts()
    if not sees_all(law, caller):
        homes = [name for name in counts if name.startswith("grid:") and sees_place(law, caller, name[5:])]
        counts = {name: counts[name] for name in homes}
    mine = await world.view.redis.zcard(f"{world.view.prefix}q:{PERSON}{caller.name}")
    return answer({"queues": counts | {MINE: mine}})


def queue_named(name: str, caller: Caller) -> str:
    """Give a queue's own name."""
    return f"{PERSON}{caller.name}" if name == MINE else folded(name)


async def all_rows(world: World, caller: Caller, name: str, most: int = MOST) -> list[dict[str, Any]]:
    """Give the rows of a queue that somebody may see, nearest deadline first.

    Raises:
        Problem: There is no such queue.
    """
    law = world.law()
    try:
        rows = await rows_of(world.view, law, queue_named(name, caller), most, world.now)
    except InvalidSettings as exc:
        if name == MINE:
            return []
        raise not_found() from exc
    return await asyncio.to_thread(lambda: [row for row in rows if sees_row(law, caller, row)])


def place_of(row: dict[str, Any]) -> tuple[int, str]:
    """Where a row stands in its queue."""
    return row.get("deadline_at", LAST), row["id"]


async def queue(world: World, request: Request, caller: Caller) -> Response:
    """Give a page of a queue; ``next`` is where the one after it begins."""
    limit, after = limit_of(request.query_params.get("limit")), _after(request.query_params.get("cursor"))
    name = request.path_params["name"]
    rows = [row for row in await all_rows(world, caller, name) if after is None or place_of(row) > after]
    rows = sorted(rows, key=place_of) if name != OVERDUE else rows
    page, more = rows[:limit], len(rows) > limit
    told: dict[str, Any] = {"queue": name, "rows": page, "now": world.now}
    if not more:
        return answer(told)
    at, last = place_of(page[-1])
    told["next"] = f"{at}~{last}"
    following = request.url.include_query_params(limit=limit, cursor=told["next"])
    return answer(told, headers={"Link": f'<{following.path}?{following.query}>; rel="next"'})


def limit_of(text: str | None, field: str = "limit") -> int:
    """Read how much a page may hold.

    Raises:
        Problem: It is no such number.
    """
    if text is None:
        return PAGE
    if not (len(text) <= 4 and text.isdecimal() and text.isascii() and 1 <= int(text) <= 1000):
        raise Problem("invalid", "a number from 1 to 1000", field=field)
    return int(text)


def _after(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    found = _AFTER.fullmatch(text)
    if found is None:
        raise Problem("invalid", "the value of 'next' of the page before", field="cursor")
    return int(found[1]), found[2]
