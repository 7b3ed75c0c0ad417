"""The numbers of the scoreboard out of the archive, and what was turned away or is held, for who may see them."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from aiokafka import TopicPartition
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller, sees_place
from engine.gateway.finding import instant_of
from engine.gateway.http import answer
from engine.gateway.past import archived
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.queues import limit_of, sees_all
from engine.gateway.world import World
from engine.kafka.driver_errors import KafkaFault
from topics import codec
from topics.ids import Instant
from topics.registry import REJECTED
from topics.rejected import Rejected, RejectReason
from topics.vocabulary import Role

DAY_MS = 86_400_000
DAYS = 31
"""Of a report that names no beginning."""
LONGEST_DAYS = 400
DEALS_WITH = (Role.DESK, Role.CHIEF, Role.CENTRE)
"""Who deals with what became no ticket."""
READ_SECONDS = 5.0


async def report(world: World, request: Request, caller: Caller) -> Response:
    """Count tickets, broken limits, or what happened day by day, put together as asked; of one's own grids."""
    from engine.archive.counting import REPORTS, counted

    name, given = request.path_params["report"], request.query_params
    if name not in REPORTS:
        raise not_found()
    by = _by(given, REPORTS[name][2])
    since, until = _period(world, given)
    homes = _homes(world, caller)
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


def _period(world: World, given: QueryParams) -> tuple[Instant, Instant]:
    zone = ZoneInfo(world.law().bundle.timezone)
    until = instant_of(given, "until", zone)
    until = world.now + 1 if until is None else until
    since = instant_of(given, "since", zone)
    since = until - DAYS * DAY_MS if since is None else since
    if not 0 <= until - since <= LONGEST_DAYS * DAY_MS:
        raise Problem("invalid", f"before 'until', and no more than {LONGEST_DAYS} days", field="since")
    return since, until


def _homes(world: World, caller: Caller) -> list[str] | None:
    """Name the homes that somebody's grids hold whole; ``None``: all."""
    law = world.law()
    if caller.kind != "person" or sees_all(law, caller):
        return None
    if caller.role is Role.DEPARTMENT:
        raise not_found()
    return [home for home in law.homes if sees_place(law, caller, home)]


def demand_dealing(caller: Caller) -> None:
    """Let those alone through who deal with what became no ticket, and who watches over all.

    Raises:
        Problem: Somebody else.
    """
    if caller.kind == "person" and caller.role not in DEALS_WITH:
        raise not_found()


async def rejected(world: World, request: Request, caller: Caller) -> Response:
    """List what intake turned away, the latest first, with reason, field and mend; never the original."""
    demand_dealing(caller)
    limit, reason = limit_of(request.query_params.get("limit")), request.query_params.get("reason")
    if reason is not None and reason not in set(RejectReason):
        raise Problem("invalid", f"one of {', '.join(RejectReason)}", field="reason")
    try:
        async with asyncio.timeout(READ_SECONDS):
            found = await _latest(world)
    except (KafkaFault, OSError, TimeoutError) as exc:
        raise away("Kafka") from exc
    wanted = [one for one in found if one.reason == reason or (reason is None and one.reason != RejectReason.DUPLICATE)]
    rows = [
        {"id": x.id, "at": x.at, "reason": x.reason, "field": x.field, "message": x.message, "identity": x.identity}
        for x in sorted(wanted, key=lambda x: (x.at, x.id), reverse=True)[:limit]
    ]
    return answer({"rows": rows, "now": world.now})


KEPT = 1000
"""Records of each partition that are looked through: the list is for what is to be mended now."""


async def _latest(world: World) -> list[Rejected]:
    log = world.tail.log
    tps = [TopicPartition(log.prefix + REJECTED.name, number) for number in range(world.settings.partitions)]
    found: list[Rejected] = []
    async with log.reading(tps) as reader:
        ends, begins = await reader.end_offsets(tps), await reader.beginning_offsets(tps)
        for tp in tps:
            reader.seek(tp, max(begins[tp], ends[tp] - KEPT))
        while left := [tp for tp in tps if await reader.position(tp) < ends[tp]]:
            for records in (await reader.getmany(*left, timeout_ms=200)).values():
                for record in records:
                    try:
                        found.append(codec.decode(record.value or b"", Rejected))
                    except (msgspec.MsgspecError, ValueError, RecursionError):
                        continue  # not ours
    return found


async def held(world: World, request: Request, caller: Caller) -> Response:
    """List what our own fault kept from being decided, the oldest first."""
    demand_dealing(caller)
    found: list[dict[str, Any]] = [
        {"id": name, "at": cause.at, "home": cause.home, "size": cause.size}
        for causes in world.tail.held.values()
        for name, cause in causes.items()
    ]
    return answer({"rows": sorted(found, key=lambda one: (one["at"], one["id"])), "now": world.now})
