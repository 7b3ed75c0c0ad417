"""The numbers of the scoreboard out of the archive, for who may see them."""

from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller, sees_place
from engine.gateway.finding import instant_of
from engine.gateway.http import answer
from engine.gateway.past import archived
from engine.gateway.problems import Problem, not_found
from engine.gateway.queues import sees_all
from engine.gateway.world import World
from topics.ids import Instant
from topics.vocabulary import Role

DAY_MS = 86_400_000
DAYS = 31
"""Of a report that names no beginning."""
LONGEST_DAYS = 400


async def report(world: World, request: Request, caller: Caller) -> Response:
    """Count tickets, broken limits, or what happened day by day, put together as asked; of one's own grids."""
    from engine.archive.counting import REPORTS, counted

    name, given = request.path_params["report"], request.query_params
    if name not in REPORTS:
        raise not_found()
    by = _by(given, REPORTS[name][2])
    since, until = period_of(world, given)
    homes = homes_of(world, caller)
    async with archived():
        rows = await counted(await world.archive(), name, by, since, until, homes)
    return answer({"report": name, "by": by, "since": since, "until": until, "rows": rows})


def _by(given: QueryParams, known: tuple[str, ...]) -> list[str]:
    if unknown := [name for name in given if name not in ("by", "since", "until")]:
        raise Problem("invalid", "parameters are by, since, until", field=unknown[0] if unknown[0].isalpha() else "?")
    by = list(dict.fromkeys(given.getlist("by")))
    if any(name not in known for name in by):
        raise Problem("invalid", f"of {', '.join(known)}; may be repeated", field="by")
    return by


def period_of(world: World, given: QueryParams) -> tuple[Instant, Instant]:
    zone = ZoneInfo(world.law().bundle.timezone)
    until = instant_of(given, "until", zone)
    until = world.now + 1 if until is None else until
    since = instant_of(given, "since", zone)
    since = until - DAYS * DAY_MS if since is None else since
    if not 0 <= until - since <= LONGEST_DAYS * DAY_MS:
        raise Problem("invalid", f"before 'until', and no more than {LONGEST_DAYS} days", field="since")
    return since, until


def homes_of(world: World, caller: Caller) -> list[str] | None:
    """Name the homes that somebody's grids hold whole; ``None``: all."""
    law = world.law()
    if caller.kind != "person" or sees_all(law, caller):
        return None
    if caller.role is Role.DEPARTMENT:
        raise not_found()
    return [home for home in law.homes if sees_place(law, caller, home)]
