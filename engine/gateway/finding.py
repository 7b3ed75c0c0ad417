"""Finding tickets of today and of last year in the archive: by words, place, person, category, state and time, each
caller among those that are theirs."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InvalidSettings
from engine.gateway import filtering
from engine.gateway.callers import Caller, sees_place
from engine.gateway.http import answer
from engine.gateway.past import archived
from engine.gateway.problems import Problem
from engine.gateway.queues import limit_of
from engine.gateway.world import World
from rules.law.compiled import Law
from rules.ticket import authority
from topics.ids import Instant, folded, source_part
from topics.vocabulary import Role, Status

if TYPE_CHECKING:
    from engine.archive.search import Asked, Scope

PARAMETERS = (
    "q", "category", "state", "place", "person", "breached", "since", "until", "filter", "sort", "live", "limit",
    "cursor",
)  # fmt: skip
STATES = (*Status, "open", "ended")
LONGEST = 200
"""Characters of a value."""


async def search(world: World, request: Request, caller: Caller) -> Response:
    """Find tickets, newest first; all that is given must hold. With ``live`` those of now, out of the queues."""
    given = request.query_params
    limit = limit_of(given.get("limit"))
    if _truth(given.get("live"), "live"):
        told = await filtering.live(world, caller, given)
    else:
        told = await _archived(world, caller, given, limit)
    if "next" not in told:
        return answer(told)
    following = request.url.include_query_params(limit=limit, cursor=told["next"])
    return answer(told, headers={"Link": f'<{following.path}?{following.query}>; rel="next"'})


async def _archived(world: World, caller: Caller, given: QueryParams, limit: int) -> dict[str, Any]:
    asked = _asked(given, ZoneInfo(world.law().bundle.timezone))
    order = filtering.order_of(given, (filtering.OF_THE_ARCHIVE,), f"-{filtering.OF_THE_ARCHIVE}")
    wanted, scope, more = filtering.filter_of(given), scope_of(world.law(), caller), dict[str, Any]()
    async with archived():
        from engine.archive import search as found_by

        archive, oldest, cursor = await world.archive(), not order.is_backwards, given.get("cursor")
        try:
            if wanted is None:
                found = await found_by.search(archive, asked, limit, cursor, scope, oldest_first=oldest)
            else:
                look = filtering.Looking(asked=asked, scope=scope, wanted=wanted, oldest_first=oldest)
                found, more = await filtering.archived_rows(archive, look, limit, cursor, world.now)
        except InvalidSettings as exc:
            raise Problem("invalid", str(exc), field="cursor" if "cursor" in given else "q") from exc
    rows = [row for row in found.rows if still_theirs(world, caller, row)]
    told = {"rows": rows, "now": world.now} | more
    return told if found.cursor is None else told | {"next": found.cursor}


def scope_of(law: Law, caller: Caller) -> "Scope | None":
    """Say whose tickets somebody may find; ``None``: all. As ``callers.sees`` judges one of them."""
    from engine.archive.search import Scope

    if caller.kind == "auditor":
        return None
    if caller.kind == "source":
        return Scope(source=source_part(folded(caller.name)))
    if caller.kind == "department":
        return Scope(parties=(caller.org or "",))
    entries = authority.entries(law, caller.actor)
    if caller.role is Role.DEPARTMENT:
        return Scope(parties=tuple(sorted({entry.org for entry in entries if entry.org is not None})))
    if any(not entry.nodes for entry in entries):
        return None
    return Scope(tuple(sorted({node for entry in entries for node in entry.nodes})), caller.name)


def still_theirs(world: World, caller: Caller, row: dict[str, Any]) -> bool:
    """Whether a place that was somebody's when it was filed is so by the law of now."""
    if caller.kind != "person" or caller.role is Role.DEPARTMENT or row["person"] == caller.name:
        return True
    return sees_place(world.law_of(row["home"]), caller, row.get("leaf") or row["home"])


def _asked(given: QueryParams, zone: ZoneInfo) -> "Asked":
    """Read the question; a parameter that is none of ours is refused: unheard it would find more than was meant.

    Raises:
        Problem: A parameter is wrong.
    """
    from engine.archive.search import Asked

    for name, value in given.multi_items():
        if name not in PARAMETERS:
            raise Problem("invalid", f"parameters are {', '.join(PARAMETERS)}", field="?")
        if len(value) > LONGEST and name not in ("cursor", "filter"):
            raise Problem("invalid", f"at most {LONGEST} characters", field=name)
    states = tuple(given.getlist("state"))
    if any(state not in STATES for state in states):
        raise Problem("invalid", f"of {', '.join(STATES)}", field="state")
    return Asked(
        words=given.get("q", ""),
        categories=tuple(given.getlist("category")),
        states=states,
        place=given.get("place", ""),
        person=given.get("person", ""),
        is_breached=_truth(given.get("breached"), "breached"),
        since=instant_of(given, "since", zone),
        until=instant_of(given, "until", zone),
    )


def _truth(text: str | None, field: str) -> bool | None:
    if text not in (None, "true", "false"):
        raise Problem("invalid", "true or false", field=field)
    return None if text is None else text == "true"


def instant_of(given: QueryParams, name: str, zone: ZoneInfo) -> Instant | None:
    """Read a moment: ISO 8601, in the pack's zone where it names none.

    Raises:
        Problem: It is none.
    """
    text = given.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
        return int(at.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Problem("invalid", "a moment such as 2026-03-02T08:00:00+08:00", field=name) from None
