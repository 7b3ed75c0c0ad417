"""Between the server and the handlers: who asks, how often, from which page, how much; and every answer's form."""

import asyncio
import base64
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from engine.gateway import bearers, sessions
from engine.gateway.callers import NOBODY, Caller, is_known
from engine.gateway.outside import came_from, is_own
from engine.gateway.policy import BY_LINK, POLICIES, may_use
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.rates import Rates
from engine.gateway.world import World, redis_or_away
from topics.hostile_json import EnvelopeFault, parse
from topics.rejected import RejectReason

log = logging.getLogger(__name__)

Handler = Callable[[World, Request, Caller], Awaitable[Response]]

BODY_SECONDS = 10.0
"""Whoever has not sent their body by then is let go."""
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
PROBES = frozenset({"livez", "readyz"})
"""They are asked all day and say nothing of what people wait for."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
ONCE = frozenset(
    {b"host", b"authorization", b"content-type", b"content-length", b"idempotency-key", b"if-match", b"origin",
     b"last-event-id", b"sec-fetch-site"}
)  # fmt: skip
"""Headers of which there is one: of two a proxy reads the first and we the last, or the other way round."""
FROM_ANY_PAGE = frozenset({"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
"""Content types that any page makes a browser send without asking first (Fetch, CORS-safelisted)."""
_HOST = re.compile(r"(?:[\w.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?", re.ASCII)


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Write JSON."""
    return Response(msgspec.json.encode(content), status, headers, "application/json")


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
    demand_sound(request)
    stranger = f"nobody:{came_from(request)}"
    try:
        caller, by_cookie = await _caller(world, request)
    except Problem:
        await rates.take(stranger)  # whoever guesses keys is counted as well
        raise
    await rates.take(caller.id if caller is not NOBODY else stranger)
    if by_cookie and request.method in UNSAFE and POLICIES[route].scope != BY_LINK:
        demand_own_page(world, request)
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
        key = key_of(given)
        caller = await bearers.caller(world, key) if key.startswith(bearers.BEGINS) else world.key_caller(key)
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


def demand_sound(request: Request) -> None:
    """Refuse heads that two readers would read differently, a Host that is none, and an address of control characters.

    Raises:
        Problem: It is such.
    """
    names = [name for name, _ in request.headers.raw if name in ONCE]
    if len(set(names)) != len(names):
        doubled = next(name for name in names if names.count(name) > 1).decode()
        raise Problem("bad-head", "send this header once", field=doubled.title())
    if not _HOST.fullmatch(request.headers.get("host", "localhost") or "localhost"):
        raise Problem("bad-head", "a name or address, and perhaps a port", field="Host")
    if not request.scope["path"].isprintable():
        raise not_found()


def demand_own_page(world: World, request: Request) -> None:
    """Refuse what another page lets a browser send: it sends the session's cookie without asking its owner.

    Raises:
        Problem: It comes from elsewhere, or in a form that any page may send.
    """
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind in FROM_ANY_PAGE:
        raise Problem("wrong-type", "by a session send application/json", field="Content-Type")
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is not None and not is_own(world, request, origin):
        raise Problem("foreign-origin", "its Origin is not this gateway's")
    if origin is None and site not in (None, "same-origin", "none"):
        raise Problem("foreign-origin", "a browser sent it from another site")


async def body_of(world: World, request: Request, most: int | None = None, seconds: float | None = None) -> bytes:
    """Read a body, no further than it may be long: ``most`` bytes, or as many as the settings say.

    Raises:
        Problem: It is larger, or too slow.
    """
    most, seconds = most or world.settings.gateway_body_bytes, seconds or BODY_SECONDS
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > most):
        raise _too_large(most)
    pieces, size = list[bytes](), 0
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise _too_large(most)
                pieces.append(piece)
    except TimeoutError as exc:
        raise Problem("unreadable", f"the body did not come within {seconds:.0f} s") from exc
    return b"".join(pieces)


_DECIMAL = re.compile(r"[-+]?\d{1,17}(?:\.\d{0,30})?(?:[eE][-+]?\d{1,3})?", re.ASCII)


def decimal(text: str) -> float:
    """Read a number out of an address or a form; Python's own reading takes ``1_0`` and the figures of every script.

    Raises:
        ValueError: It is none.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return float(text)


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
