"""Between the server and the handlers: who asks, how often, from which page, how much; and every answer's form."""

import asyncio
import base64
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from engine.gateway import sessions
from engine.gateway.callers import NOBODY, Caller, is_known
from engine.gateway.policy import may_use
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.world import World, redis_or_away
from topics.hostile_json import EnvelopeFault, parse
from topics.rejected import RejectReason

log = logging.getLogger(__name__)

Handler = Callable[[World, Request, Caller], Awaitable[Response]]

BODY_SECONDS = 10.0
"""Whoever has not sent their body by then is let go."""
BURST_SECONDS = 10
CLIENTS = 10_000
"""Clients whose rate is remembered; the one that asked longest ago goes first."""
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
PROBES = frozenset({"livez", "readyz"})
"""They are asked all day and say nothing of what people wait for."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Write JSON."""
    return Response(msgspec.json.encode(content), status, headers, "application/json")


class Rates:
    """How much each client may still ask: so many a second, ten seconds' worth at once."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has asked."""
        self._rate, self._clock = per_second, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one request.

        Raises:
            Problem: It is one too many.
        """
        now = self._clock()
        most = float(self._rate * BURST_SECONDS)
        left, at = self._left.pop(client, (most, now))
        left = min(most, left + (now - at) * self._rate) - 1
        self._left[client] = (max(left, -1.0), now)
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        if left < 0:
            raise Problem("too-many", f"at most {self._rate} a second; ask again", headers={"Retry-After": "1"})


def plainly(request: Request, problem: Problem) -> Response:
    """Say a problem as RFC 9457 has it."""
    return problem.response()


def guarded(
    world: World, rates: Rates, route: str, handler: Handler, say: Callable[[Request, Problem], Response] = plainly
) -> Callable[[Request], Awaitable[Response]]:
    """Put a route's handler behind its policy; whatever it raises becomes a problem, said in the route's own form."""

    async def endpoint(request: Request) -> Response:
        began = time.perf_counter()
        try:
            response = await _handled(world, rates, route, handler, request)
        except Problem as problem:
            response = say(request, problem)
        except ClientDisconnect:
            response = Response(status_code=400)
        except Exception as exc:
            if redis_or_away(exc):
                response = say(request, away("Redis"))
            else:
                log.exception("%s failed", route)
                response = say(request, Problem("fault", "it is in our log; nothing was lost"))
        world.metrics.count("http_requests", route, str(response.status_code))
        if route not in PROBES:
            world.metrics.observe("http_request_seconds", time.perf_counter() - began)
        for name, text in HEADERS.items():
            response.headers.setdefault(name, text)
        return response

    return endpoint


async def _handled(world: World, rates: Rates, route: str, handler: Handler, request: Request) -> Response:
    stranger = f"nobody:{request.client.host if request.client else '-'}"
    try:
        caller, by_cookie = await _caller(world, request)
    except Problem:
        rates.take(stranger)  # whoever guesses keys is counted as well
        raise
    rates.take(caller.id if caller is not NOBODY else stranger)
    if by_cookie and request.method in UNSAFE:
        demand_own_page(request)
    if not may_use(route, caller):
        if caller is NOBODY:
            raise Problem(
                "no-login",
                "send a key as 'Authorization: Bearer …', or begin a session",
                headers={"WWW-Authenticate": 'Bearer realm="gridwhistle"'},
            )
        raise not_found()
    return await handler(world, request, caller)


async def _caller(world: World, request: Request) -> tuple[Caller, bool]:
    """Find out who asks: by a key, else by a session; whoever has left the roster is nobody."""
    given = request.headers.get("authorization")
    token = request.cookies.get(sessions.COOKIE)
    caller = None
    if given is not None:
        caller = world.key_caller(key_of(given))
        if caller is None:
            raise Problem(
                "no-login",
                "this key is unknown, revoked or has expired",
                headers={"WWW-Authenticate": 'Bearer realm="gridwhistle", error="invalid_token"'},
            )
    elif token is not None:
        caller = await sessions.caller(world, token)
    if caller is None or not is_known(world.law(), caller):
        return NOBODY, False
    return caller, given is None


async def is_still(world: World, request: Request, caller: Caller) -> bool:
    """Whether who asked would be let in still: what goes on for long ends with a key or session. With Redis away it
    goes on."""
    try:
        return (await _caller(world, request))[0] == caller
    except Problem:
        return False
    except Exception as exc:
        if redis_or_away(exc):
            return True
        raise


def key_of(given: str) -> str:
    """Read the key out of ``Authorization``: a bearer's token, or the password of those who know only names and
    passwords."""
    kind, _, text = given.partition(" ")
    if kind.lower() == "bearer":
        return text.strip()
    try:
        return (
            base64.b64decode(text.strip(), validate=True).decode().rpartition(":")[2] if kind.lower() == "basic" else ""
        )
    except ValueError:
        return ""


def demand_own_page(request: Request) -> None:
    """Refuse what another page lets a browser send: it sends the session's cookie without asking its owner.

    Raises:
        Problem: It comes from elsewhere.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    host = request.headers.get("host", "")
    if origin is not None and origin.partition("://")[2] != host:
        raise Problem("foreign-origin", "its Origin is not this gateway's")
    if origin is None and site not in (None, "same-origin", "none"):
        raise Problem("foreign-origin", "a browser sent it from another site")


async def body_of(world: World, request: Request) -> bytes:
    """Read a body, no further than it may be long.

    Raises:
        Problem: It is larger, or too slow.
    """
    most = world.settings.gateway_body_bytes
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    pieces, size = list[bytes](), 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise _too_large(most)
                pieces.append(piece)
    except TimeoutError as exc:
        raise Problem("unreadable", f"the body did not come within {BODY_SECONDS:.0f} s") from exc
    return b"".join(pieces)


def _too_large(most: int) -> Problem:
    return Problem("too-large", f"at most {most} bytes; send less at a time", most_bytes=most)


def parsed(body: bytes) -> Any:
    """Read JSON as strangers send it, within the bounds of every door (docs/bounds.md).

    Raises:
        Problem: It is none, or beyond them.
    """
    try:
        return parse(body)
    except EnvelopeFault as exc:
        raise envelope_problem(exc) from exc


def envelope_problem(exc: EnvelopeFault) -> Problem:
    """Say what is wrong with a body, in the door's own words."""
    kind = "too-large" if exc.reason is RejectReason.TOO_LARGE else "unreadable"
    return Problem(kind, str(exc), field=exc.field or None, reason=exc.reason.value)


def object_of(body: bytes) -> dict[str, Any]:
    """Read a JSON object."""
    found = parsed(body)
    if not isinstance(found, dict):
        raise Problem("unreadable", "send a JSON object")
    return found
