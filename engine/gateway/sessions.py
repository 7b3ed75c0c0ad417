"""Sessions of people at a browser: kept in Redis under a hash, known to the browser by a cookie no script can read."""

import hashlib
import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller, is_known
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World
from engine.server_addresses import is_loopback
from topics.vocabulary import Role

COOKIE = "gridwhistle_session"
SECONDS = 12 * 3600
"""A shift, and some of the next: after it one logs in anew."""


class _Kept(msgspec.Struct):
    person: str
    role: str
    org: str | None = None


def _key(world: World, token: str) -> str:
    return f"{world.settings.prefix}gateway:session:{hashlib.sha256(token.encode()).hexdigest()}"


async def caller(world: World, token: str) -> Caller | None:
    """Say whose session this is; ``None``: it has ended, with all seats once seats are no longer open."""
    if world.settings.gateway_seats != "open" or len(token) > 200:
        return None
    found = await world.view.redis.get(_key(world, token))
    if found is None:
        return None
    kept = msgspec.json.decode(found, type=_Kept)
    return Caller("person", kept.person, Role(kept.role), kept.org)


def demand_open_seats(world: World, request: Request) -> None:
    """Let seats be chosen where the stack is one's own: asked for, and by this machine's own name (a page elsewhere may
    let its name mean the loopback).

    Raises:
        Problem: They are not.
    """
    host = request.headers.get("host", "")
    name = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
    if world.settings.gateway_seats != "open" or not name or not is_loopback(name):
        raise not_found()


async def begin(world: World, request: Request, given: dict[str, Any]) -> Response:
    """Begin a session in a seat of the roster.

    Raises:
        Problem: Nobody of that name holds it.
    """
    demand_open_seats(world, request)
    role, person = given.get("role"), given.get("person")
    if not isinstance(person, str) or role not in set(Role):
        raise Problem("invalid", "send role and person as GET /v1/seats lists them", field="role")
    law = world.law()
    asked = Caller("person", person, Role(role))
    if not is_known(law, asked):
        raise Problem("invalid", "nobody of that name holds this role; GET /v1/seats lists them", field="person")
    entry = law.people.entries(person, role)[0]
    token = secrets.token_urlsafe(32)
    kept = msgspec.json.encode(_Kept(person, role, entry.org))
    await world.view.redis.set(_key(world, token), kept, ex=SECONDS)
    response = Response(msgspec.json.encode({"person": person, "role": role, "org": entry.org}), 201)
    response.headers["content-type"] = "application/json"
    secure = not is_loopback(world.settings.gateway_address[0])
    response.set_cookie(COOKIE, token, max_age=SECONDS, httponly=True, samesite="strict", secure=secure)
    return response


async def end(world: World, request: Request) -> Response:
    """End the session, wherever it is open."""
    token = request.cookies.get(COOKIE)
    if token is not None and len(token) <= 200:
        await world.view.redis.delete(_key(world, token))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE)
    return response
