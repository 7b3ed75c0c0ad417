"""What a shift leaves open: each ticket of somebody's once, with every reason why the next one should know of it."""

from typing import Any

from engine.gateway.callers import Caller
from engine.gateway.problems import Problem
from engine.gateway.queues import MINE, all_rows
from engine.gateway.world import World
from engine.views.lists import APPROVERS, AT_RISK
from engine.views.queues import APPROVAL, LAST, NOT_BEGUN, OPEN, OVERDUE
from topics.vocabulary import Status

MOST = 500
"""Points of one hand-over, the nearest limits first: nobody reads more in a quarter of an hour."""
PARKED = "parked"
SHOWN = ("id", "version", "status", "category", "urgency", "home", "leaf", "person", "deadline_at")
"""Of a row: what tells which ticket it is, and no text that a reporter wrote."""


async def open_points(world: World, caller: Caller) -> tuple[list[dict[str, Any]], int]:
    """Give somebody's open points, what is theirs first, then the nearest limit; and how many there are in all."""
    found: dict[str, dict[str, Any]] = {}
    for why, rows in (await _queues(world, caller)).items():
        for row in rows:
            point = found.setdefault(row["id"], {name: row[name] for name in SHOWN if name in row} | {"why": []})
            point["why"].append(why)
    points = sorted(found.values(), key=lambda one: (MINE not in one["why"], one.get("deadline_at", LAST), one["id"]))
    return points[:MOST], len(points)


async def _queues(world: World, caller: Caller) -> dict[str, list[dict[str, Any]]]:
    names = {MINE: MINE, OVERDUE: OVERDUE, AT_RISK: AT_RISK, NOT_BEGUN: NOT_BEGUN}
    if caller.role in APPROVERS:
        names[APPROVAL] = f"{APPROVAL}:{caller.role}"
    found = {why: await _rows(world, caller, name) for why, name in names.items()}
    found[PARKED] = [row for row in await _rows(world, caller, OPEN) if row["status"] == Status.PARKED]
    return found


async def _rows(world: World, caller: Caller, name: str) -> list[dict[str, Any]]:
    """Give a queue's rows; one that nobody stands in has none."""
    try:
        return await all_rows(world, caller, name)
    except Problem as problem:
        if problem.kind != "not-found":
            raise
        return []
