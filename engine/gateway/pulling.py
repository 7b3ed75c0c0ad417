"""A department's events over HTTP: looked through, or leased for a while, acknowledged and given back."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from engine.doors.filters import Filter, judged
from engine.errors import InvalidSettings
from engine.gateway.callers import Caller
from engine.gateway.databases import doors_of
from engine.gateway.finding import instant_of
from engine.gateway.http import answer, body_of, is_still, object_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.queues import limit_of
from engine.gateway.world import World
from topics.ids import Instant
from topics.incident import unfit

if TYPE_CHECKING:  # it brings SQLAlchemy, and a gateway without a database does without
    from engine.doors.leases import Leased
    from engine.doors.pull import Pull

MAIN = "main"
"""The reader of a department that names none."""
MOST, LONGEST_LEASE, LONGEST_WAIT = 100, 3600, 20
LOOK_SECONDS = 1.0
"""Between two looks of who waits for events."""
LAST = 1000
"""Events that a filter is tried on."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_AGO = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_RECEIPT = re.compile(r"[0-9a-f]{16}\.\d{1,18}")


async def look(world: World, request: Request, caller: Caller) -> Response:
    """Look events through from a time or a cursor on, or the last so many; nothing is leased by it."""
    _demand_own(request, caller)
    given = request.query_params
    if unknown := given.keys() - {"filter", "from", "cursor", "last", "limit"}:
        field = min(unknown)
        raise Problem(
            "invalid", "parameters are filter, from, cursor, last, limit", field=field if field.isalpha() else "?"
        )
    wants, limit = filter_of(given.get("filter", "")), limit_of(given.get("limit"))
    async with _pull(world, request) as pull:
        if (cursor := given.get("cursor")) is not None:
            after = _number(cursor, "cursor", 0, 10**18)
        else:
            last = _number(given["last"], "last", 1, LAST) if "last" in given else None
            after = await pull.place(since_of(world, given.get("from")), last)
        rows = await pull.look(after, LAST if "last" in given else limit)
    answers = await judged(wants, [row.body for row in rows])
    rows = rows[: len(answers)]
    found = [row for row, is_wanted in zip(rows, answers, strict=True) if is_wanted]
    events = [_told(row.seq, row.id, row.body) for row in found[:limit]]
    next_ = found[limit - 1].seq if len(found) > limit else rows[-1].seq if rows else after
    return answer({"events": events, "matched": len(found), "of": len(rows), "next": str(next_)})


async def lease(world: World, request: Request, caller: Caller) -> Response:
    """Hand out events for a while: of each ticket the first that is not acknowledged."""
    _demand_own(request, caller)
    given = object_of(await body_of(world, request))
    reader = _reader(given)
    n, seconds = _count(given, "n", 1, MOST, 10), _count(given, "seconds", 1, LONGEST_LEASE, 60)
    wait = _count(given, "wait", 0, LONGEST_WAIT, 0)
    since = since_of(world, given.pop("from", None))
    demand_nothing_more(given)
    async with _pull(world, request) as pull:
        leased = await _until_there(
            world, request, caller, wait=wait, ask=lambda: pull.lease(reader, n, seconds, since)
        )
        if leased and wait and await request.is_disconnected():  # to nobody
            await pull.give_back(reader, [one.receipt for one in leased], 0)
    for one in leased:
        world.metrics.count("pulled", pull.department, "again" if one.attempt > 1 else "leased")
    return answer({"events": [_handed(one) for one in leased]})


async def _until_there(
    world: World, request: Request, caller: Caller, *, wait: int, ask: Callable[[], Awaitable[list["Leased"]]]
) -> list["Leased"]:
    """Ask once a second until something is there, the time is over, nobody waits any more or the gateway ends.

    Raises:
        Problem: The key by which they wait is none any more.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    while not (found := await ask()) and (left := until - loop.time()) > 0 and not world.live.closing.is_set():
        await asyncio.sleep(min(left, LOOK_SECONDS))
        if await request.is_disconnected():
            break
        if not await is_still(world, request, caller):
            raise Problem("no-login", "this key was revoked or has expired while events were waited for")
    return found


async def ack(world: World, request: Request, caller: Caller) -> Response:
    """Let go of events that are done; they do not come again."""
    _demand_own(request, caller)
    given = object_of(await body_of(world, request))
    reader, receipts = _reader(given), _receipts(given)
    demand_nothing_more(given)
    async with _pull(world, request) as pull:
        done = await pull.acknowledge(reader, receipts)
    return _settled(world, pull, "acked", receipts, done)


async def nack(world: World, request: Request, caller: Caller) -> Response:
    """Give events back: they come again after ``seconds``, or after a pause that grows with each time."""
    _demand_own(request, caller)
    given = object_of(await body_of(world, request))
    reader, receipts = _reader(given), _receipts(given)
    seconds = _count(given, "seconds", 0, LONGEST_LEASE, 0) if "seconds" in given else None
    demand_nothing_more(given)
    async with _pull(world, request) as pull:
        done = await pull.give_back(reader, receipts, seconds)
    return _settled(world, pull, "nacked", receipts, done)


def _settled(world: World, pull: "Pull", how: str, receipts: list[str], done: list[str]) -> Response:
    world.metrics.count("pulled", pull.department, how, by=len(done))
    return answer({how: len(done), "gone": [one for one in receipts if one not in done]})


async def readers(world: World, request: Request, caller: Caller) -> Response:
    """Say how far each of a department's readers is."""
    _demand_own(request, caller)
    async with _pull(world, request) as pull:
        found = await pull.readers()
    return answer(
        {"readers": [{**one._asdict(), "cursor": str(one.cursor)} for one in found], "now": moment_of(world.now)}
    )


async def reader_put(world: World, request: Request, caller: Caller) -> Response:
    """Make a reader, give it another filter, or set it back or forth; says how many of the last events its filter would
    have taken."""
    _demand_own(request, caller)
    given = object_of(await body_of(world, request))
    reader, wants = _named(request), given.pop("filter", None)
    if wants is not None and not isinstance(wants, str):
        raise Problem("invalid", "a condition in CEL", field="filter")
    tried = filter_of(wants or "")
    since, cursor = since_of(world, given.pop("from", None)), given.pop("cursor", None)
    begin = since_of(world, given.pop("begin", None))
    position = None if cursor is None else _number(str(cursor), "cursor", 0, 10**18)
    demand_nothing_more(given)
    async with _pull(world, request) as pull:
        await pull.put(reader, wants, begin=begin, since=since, cursor=position)
        rows = await pull.look(await pull.place(last=LAST), LAST)
    answers = await judged(tried, [row.body for row in rows])
    return answer({"reader": reader, "filter": wants, "matched": sum(answers), "of": len(answers)})


async def reader_drop(world: World, request: Request, caller: Caller) -> Response:
    """Forget a reader; its events stay for the others."""
    _demand_own(request, caller)
    reader = _named(request)
    async with _pull(world, request) as pull:
        if not await pull.drop(reader):
            raise not_found()
    return Response(status_code=204)


def _demand_own(request: Request, caller: Caller) -> None:
    """Let a department at its own events, and nobody at another's.

    Raises:
        Problem: They are another's.
    """
    if caller.org != request.path_params["department"]:
        raise not_found()


@asynccontextmanager
async def _pull(world: World, request: Request) -> AsyncIterator["Pull"]:
    """Give a department's events.

    Raises:
        Problem: There is no database, or it is away.
    """
    from engine.doors.pull import Pull, TooMany

    try:
        async with doors_of(world, "events") as doors:
            yield Pull(doors, request.path_params["department"])
    except TooMany as exc:
        raise Problem("invalid", str(exc), field="reader") from exc


def _told(seq: int, name: str, body: str) -> dict[str, Any]:
    return {"id": name, "cursor": str(seq), "event": msgspec.Raw(body.encode())}


def _handed(one: "Leased") -> dict[str, Any]:
    told = _told(one.seq, one.id, one.body)
    return told | {
        "receipt": one.receipt,
        "attempt": one.attempt,
        "replayed": one.is_replayed,
        "until": one.until,
    }


def filter_of(text: str) -> Filter:
    """Read a filter.

    Raises:
        Problem: It cannot be used, or kept.
    """
    if fault := unfit(text):
        raise Problem("invalid", fault, field="filter")
    try:
        return Filter(text)
    except InvalidSettings as exc:
        raise Problem("invalid", str(exc), field="filter") from exc


def since_of(world: World, text: object) -> datetime | None:
    """Read a moment, or how long ago: ``30m``, ``1h``, ``2d`` of engine time."""
    if text is None:
        return None
    if ago := _AGO.fullmatch(str(text)):
        return moment_of(world.now - int(ago[1]) * _UNITS[ago[2]])
    found = instant_of(QueryParams({"from": str(text)}), "from", ZoneInfo(world.law().bundle.timezone))
    return None if found is None else moment_of(found)


def moment_of(at: Instant) -> datetime:
    """Write an instant as PostgreSQL and JSON have it."""
    return datetime.fromtimestamp(at / 1000, UTC)


def _number(text: str, field: str, least: int, most: int) -> int:
    if not (text.isdecimal() and text.isascii() and len(text) < 20 and least <= int(text) <= most):
        raise Problem("invalid", f"a number from {least} to {most}", field=field)
    return int(text)


def _count(given: dict[str, Any], field: str, least: int, most: int, default: int) -> int:
    found = given.pop(field, default)
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise Problem("invalid", f"a whole number from {least} to {most}", field=field)
    return found


def _reader(given: dict[str, Any]) -> str:
    return _name(given.pop("reader", MAIN))


def _named(request: Request) -> str:
    return _name(request.path_params["reader"])


def _name(text: object) -> str:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise Problem("invalid", "small letters, digits, - and _, at most 32", field="reader")
    return text


def _receipts(given: dict[str, Any]) -> list[str]:
    found = given.pop("receipts", None)
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise Problem("invalid", f"1 to {MOST} receipts, as they were handed out", field="receipts")
    if any(not isinstance(one, str) or not _RECEIPT.fullmatch(one) for one in found):
        raise Problem("invalid", "as they were handed out", field="receipts")
    return list(dict.fromkeys(found))


def demand_nothing_more(given: dict[str, Any]) -> None:
    """Refuse what nobody has taken out of a body.

    Raises:
        Problem: There is such a member.
    """
    if given:
        field = min(map(str, given))
        raise Problem("invalid", "there is no such member", field=field if field.isalpha() else "?")
