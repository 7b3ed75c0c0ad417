"""Logging in by the city's own login (OpenID Connect): away with a browser, and back with it into a session."""

import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import sessions
from engine.gateway.callers import Caller, is_known
from engine.gateway.logins import seat_of
from engine.gateway.outside import put_cookie
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World
from engine.security.openid import NotProven, Provider

COOKIE = "gridwhistle_login"
PATH = "/v1/session/oidc"
SECONDS = 600
"""So long a login may take."""
LONGEST = 4096
HOME = "/"


class _Begun(msgspec.Struct):
    verifier: str
    nonce: str
    role: str | None = None


def _provider(world: World) -> Provider:
    """Give the login, where there is one.

    Raises:
        Problem: There is none.
    """
    if world.openid is None:
        raise not_found()
    return world.openid


def _back(world: World) -> str:
    return f"{world.settings.gateway_url.rstrip('/')}/v1/session/oidc/callback"


def _name(world: World, state: str) -> str:
    return f"{world.settings.prefix}gateway:login:{state}"


async def begin(world: World, request: Request, caller: Caller) -> Response:
    """Send a browser to the login; it may say in which ``role`` it will come back."""
    provider, role = _provider(world), request.query_params.get("role")
    if role is not None and len(role) > 50:
        raise Problem("invalid", "a role of the roster", field="role")
    state, begun = secrets.token_urlsafe(32), _Begun(secrets.token_urlsafe(48), secrets.token_urlsafe(32), role)
    where = await provider.address(_back(world), state, begun.nonce, begun.verifier)
    await world.view.redis.set(_name(world, state), msgspec.json.encode(begun), ex=SECONDS)
    response = Response(status_code=302, headers={"Location": where})
    # bound to this browser; sent along when the login sends it back (``Lax``)
    put_cookie(world, request, response, COOKIE, state, max_age=SECONDS, path=PATH, samesite="lax")
    return response


async def back(world: World, request: Request, caller: Caller) -> Response:
    """Take a browser back: what the login says of it must be for this browser, this login and this client."""
    provider, given = _provider(world), request.query_params
    state, code = given.get("state", ""), given.get("code", "")
    if not state or not secrets.compare_digest(state.encode(), request.cookies.get(COOKIE, "").encode()):
        raise Problem("no-login", "this login was not begun in this browser; begin it again")
    kept = await world.view.redis.getdel(_name(world, state)) if len(state) <= 100 else None
    if kept is None or not code or len(code) > LONGEST:
        raise Problem("no-login", "this login was ended or took too long; begin it again")
    begun = msgspec.json.decode(kept, type=_Begun)
    try:
        claims = await provider.claims(code, _back(world), begun.nonce, begun.verifier)
    except NotProven as exc:
        raise Problem("no-login", "the login could not be proven; begin it again") from exc
    response = await sessions.begun_by_login(world, request, _person(world, claims, begun.role))
    response.status_code, response.headers["Location"] = 303, HOME
    put_cookie(world, request, response, COOKIE, "", max_age=0, path=PATH, samesite="lax")
    return response


def _person(world: World, claims: dict[str, Any], role: str | None) -> Caller:
    """Say who it is by us: the claim's text is a name of the roster, or of an account outside of it."""
    name = claims.get(world.settings.gateway_oidc_claim)
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise Problem("no-login", f"the login says no {world.settings.gateway_oidc_claim}")
    account = world.account(name)
    if account is not None and account.is_disabled:
        raise Problem("no-login", "this name and password let nobody in")
    who = seat_of(world, name, account.kind if account else "person", role)
    if not is_known(world.law(), who):
        raise Problem("no-login", "this name and password let nobody in")
    return who
