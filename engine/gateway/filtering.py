"""Live rows by a CEL expression, sorted and page by page; and the archive's, as far as one request looks."""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.datastructures import QueryParams

from engine.doors.filters import in_time
from engine.gateway.callers import Caller, sees_place
from engine.gateway.problems import Problem
from engine.gateway.queues import MOST, limit_of, sees_row
from engine.gateway.world import World
from engine.views.filters import Filter, UnfitFilter
from engine.views.queues import LAST, PERSON
from rules.law.compiled import Law
from rules.ticket import authority
from topics.ids import is_from
from topics.unreadable import UNREADABLE
from topics.vocabulary import Role

if TYPE_CHECKING:
    from engine.archive.search import Asked, Found, Scope
    from engine.archive.store import Archive

SORTS = ("deadline_at", "received_at", "urgency", "status", "id")
OF_THE_ARCHIVE = "received_at"
LIVE = ("live", "filter", "sort", "place", "limit", "cursor")
LOOKED = 5_000
"""Rows of the archive that one request looks through; where more may follow, the cursor goes on from there."""


class Order(NamedTuple):
    """By which column, and whether backwards; ties by id."""

    column: str
    is_backwards: bool

    def key(self, row: dict[str, Any]) -> Any:
        """Where a row stands."""
        return row.get(self.column, LAST if self.column.endswith("_at") else "")


def filter_of(given: QueryParams) -> Filter | None:
    """Read the expression.

    Raises:
        Problem: It cannot be used; names the place and the mend.
    """
    text = given.get("filter")
    if text is None:
        return None
    try:
        return Filter(text)
    except UnfitFilter as exc:
        problem = Problem("invalid", str(exc), field="filter")
        problem.more |= {} if exc.position is None else {"position": exc.position}
        raise problem from exc


def order_of(given: QueryParams, columns: tuple[str, ...], usual: str) -> Order:
    """Read by what to sort: a column, backwards with ``-`` before it.

    Raises:
        Problem: It is none that can be sorted by.
    """
    text = given.get("sort", usual)
    if text.removeprefix("-") not in columns:
        more = "" if columns is SORTS else f"; live=true sorts by {', '.join(SORTS)} too"
        raise Problem("invalid", f"{', '.join(columns)}, with '-' before it the other way round{more}", field="sort")
    return Order(text.removeprefix("-"), text.startswith("-"))


async def live(world: World, caller: Caller, given: QueryParams) -> dict[str, Any]:
    """Give a page of live tickets.

    Raises:
        Problem: A parameter is wrong.
    """
    if unknown := [name for name in given if name not in LIVE]:
        known = unknown[0] if unknown[0].isidentifier() and unknown[0].isascii() and len(unknown[0]) < 20 else "?"
        raise Problem("invalid", f"of live tickets {', '.join(LIVE)}; say the rest in 'filter'", field=known)
    wanted, order, limit = filter_of(given), order_of(given, SORTS, "deadline_at"), limit_of(given.get("limit"))
    last = _last(given.get("cursor"), order)
    law, now = world.law(), world.now
    rows = await world.view.rows(*_queues(law, caller, given.get("place")), limit=MOST)
    theirs = await asyncio.to_thread(_theirs, law, caller, rows, given.get("place"))
    answers = await judged(wanted, theirs, now)
    found, looked = list(compress(theirs, answers)), len(answers)
    found.sort(key=lambda row: row["id"])
    found.sort(key=order.key, reverse=order.is_backwards)
    page = [row for row in found if last is None or _is_after(order, row, last)]
    told: dict[str, Any] = {"rows": page[:limit], "now": now, "looked_at": looked} | _failed(wanted)
    if len(page) > limit:
        told["next"] = _cursor(order, page[limit - 1])
    return told | ({"more_to_look_at": True} if len(rows) == MOST or looked < len(theirs) else {})


def _theirs(law: Law, caller: Caller, rows: Sequence[dict[str, Any]], place: str | None) -> list[dict[str, Any]]:
    return [row for row in rows if _lies_in(law, row, place) and is_theirs(law, caller, row)]


async def judged(wanted: Filter | None, rows: Sequence[dict[str, Any]], now: int) -> list[bool]:
    """Judge rows; answers for the first of them, of one at least, where the time is over."""
    return [True] * len(rows) if wanted is None else await in_time(lambda row: wanted.holds(row, now), rows)


def is_theirs(law: Law, caller: Caller, row: dict[str, Any]) -> bool:
    """Whether a row is somebody's to look at; as ``callers.sees`` judges a ticket."""
    if caller.kind == "auditor":
        return True
    if caller.kind == "source":
        return is_from(row.get("identity", ""), caller.name)
    if caller.kind == "department":
        children = (child.partition("/")[0] for child in row.get("children", ()))
        return caller.org in (row.get("party"), *children)
    return sees_row(law, caller, row)


def _queues(law: Law, caller: Caller, place: str | None) -> list[str]:
    """Name the queues in which there may be something of theirs."""
    homes = [home for home in (*law.homes, law.bundle.unplaced) if place is None or _touch(law, place, home)]
    if caller.kind != "person" or caller.role is Role.DEPARTMENT:
        return [f"grid:{home}" for home in homes]
    nodes = [node for entry in authority.entries(law, caller.actor) for node in entry.nodes]
    theirs = [h for h in homes if sees_place(law, caller, h) or any(h in law.path(node) for node in nodes)]
    return [*(f"grid:{home}" for home in theirs), f"{PERSON}{caller.name}"]


def _touch(law: Law, place: str, home: str) -> bool:
    return place in law.path(home) or home in law.path(place)


def _lies_in(law: Law, row: dict[str, Any], place: str | None) -> bool:
    return place is None or place in law.path(row.get("leaf") or row["home"])


def _is_after(order: Order, row: dict[str, Any], last: tuple[Any, str]) -> bool:
    key = order.key(row)
    if key == last[0]:
        return bool(row["id"] > last[1])
    return bool(key < last[0]) is order.is_backwards


def _cursor(order: Order, row: dict[str, Any]) -> str:
    """Write down where a page ended: by what it stands there, so that rows that come and go move nothing."""
    kept = msgspec.json.encode([*order, order.key(row), row["id"]])
    return base64.urlsafe_b64encode(kept).decode().rstrip("=")


def _last(text: str | None, order: Order) -> tuple[Any, str] | None:
    if text is None:
        return None
    kind = int if order.column.endswith("_at") else str
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        column, is_backwards, key, name = msgspec.json.decode(raw, type=tuple[str, bool, int | str, str])
    except (*UNREADABLE, ValueError, binascii.Error) as exc:
        raise Problem("invalid", "the value of 'next' of the page before", field="cursor") from exc
    if Order(column, is_backwards) != order or not isinstance(key, kind):
        raise Problem("invalid", "it is of another 'sort'; begin anew without a cursor", field="cursor")
    return key, name


def _failed(wanted: Filter | None) -> dict[str, int]:
    return {"could_not_be_judged": wanted.failed} if wanted is not None and wanted.failed else {}


class Looking(NamedTuple):
    """What is looked for in the archive."""

    asked: "Asked"
    scope: "Scope | None"
    wanted: Filter
    oldest_first: bool


async def archived_rows(
    archive: "Archive", look: Looking, limit: int, cursor: str | None, now: int
) -> tuple["Found", dict[str, int]]:
    """Look through the archive until a page is full, or enough was looked at."""
    from engine.archive import search as by

    found, looked, wanted = list[dict[str, Any]](), 0, look.wanted
    while True:
        page = await by.search(archive, look.asked, by.MOST, cursor, look.scope, oldest_first=look.oldest_first)
        answers = await judged(wanted, page.rows, now)
        for number, (row, is_wanted) in enumerate(zip(page.rows, answers, strict=False)):
            looked += 1
            if is_wanted:
                found.append(row)
                if len(found) == limit:
                    is_last = page.cursor is None and number == len(page.rows) - 1
                    at = None if is_last else by.written_cursor(row["received_at"], row["id"])
                    return by.Found(found, at), {"looked_at": looked} | _failed(wanted)
        cursor = page.cursor
        if len(answers) < len(page.rows):
            last = page.rows[len(answers) - 1]
            cursor = by.written_cursor(last["received_at"], last["id"])
        if cursor is None or looked >= LOOKED or len(answers) < len(page.rows):
            return by.Found(found, cursor), {"looked_at": looked} | _failed(wanted)
