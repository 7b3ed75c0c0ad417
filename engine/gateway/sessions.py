"""Sessions of people at a browser: kept in Redis under a hash, known to the browser by a cookie no script can read."""

import hashlib
import secrets
import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller, is_known
from engine.gateway.keys import Key
from engine.gateway.logins import let_in
from engine.gateway.outside import put_cookie
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World
from engine.server_addresses import is_loopback
from topics.vocabulary import Role

COOKIE = "gridwhistle_session"
SECONDS = 12 * 3600
"""A shift, and some of the next: after it one logs in anew."""
SLACK_SECONDS = 3600
"""Of the wall clock: a session that began later than in an hour was begun before that clock went back, and Redis would
keep it for as long as it went."""


class _Kept(msgspec.Struct):
    person: str
    role: str | None
    org: str | None = None
    kind: str = "person"
    account_at: int | None = None
    """When the account's password was set; ``None``: a seat that was chosen without one, or the city's login."""
    by_login: bool = False
    """By the city's own login (OpenID Connect)."""
    key: str | None = None
    """Id of the wall's key by which it was begun; it ends with that."""
    begun_at: int = 0
    """Seconds of the wall clock."""


def _key(world: World, token: str) -> str:
    return f"{world.settings.prefix}gateway:session:{hashlib.sha256(token.encode()).hexdigest()}"


async def caller(world: World, token: str) -> Caller | None:
    """Say whose session this is; ``None``: it has ended, by time, with its account or password, or with all seats once
    seats are no longer open."""
    if len(token) > 200:
        return None
    found = await world.view.redis.get(_key(world, token))
    if found is None:
        return None
    kept = msgspec.json.decode(found, type=_Kept)
    if not _holds(world, kept):
        return None
    return Caller(kind=kept.kind, name=kept.person, role=Role(kept.role) if kept.role else None, org=kept.org)  # type: ignore[arg-type]


def _holds(world: World, kept: _Kept) -> bool:
    if kept.begun_at > time.time() + SLACK_SECONDS:
        return False
    if kept.key is not None:
        return world.key_of(name=kept.key) is not None
    if kept.by_login:
        account = world.account(kept.person)
        is_same = kept.kind == (account.kind if account is not None else "person")
        return world.openid is not None and is_same and not (account is not None and account.is_disabled)
    if kept.account_at is None:
        return world.settings.gateway_seats == "open"
    account = world.account(kept.person)
    return account is not None and not account.is_disabled and account.changed_at == kept.account_at


def are_seats_open(world: World, request: Request) -> bool:
    """Whether seats may be chosen: where the stack is one's own, it was asked for, and by this machine's own name (a
    page elsewhere may let its name mean the loopback)."""
    host = request.headers.get("host", "")
    name = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return world.settings.gateway_seats == "open" and bool(name) and is_loopback(name)


def demand_open_seats(world: World, request: Request) -> None:
    """Let seats be chosen where they are open.

    Raises:
        Problem: They are not.
    """
    if not are_seats_open(world, request):
        raise not_found()


async def begin(world: World, request: Request, given: dict[str, Any]) -> Response:
    """Begin a session: by name and password, by a wall's key, or in a seat of the roster where seats are open.

    Raises:
        Problem: Nobody is let in so.
    """
    if "password" in given or "name" in given:
        who, account = await let_in(world, request, given)
        return await _begun(world, request, who, account_at=account.changed_at)
    if "key" in given:
        return await _of_wall(world, request, given["key"])
    demand_open_seats(world, request)
    role, person = given.get("role"), given.get("person")
    if not isinstance(person, str) or not isinstance(role, str) or role not in set(Role):
        raise Problem("invalid", "send role and person as GET /v1/seats lists them", field="role")
    law = world.law()
    if not is_known(law, Caller(kind="person", name=person, role=Role(role))):
        raise Problem("invalid", "nobody of that name holds this role; GET /v1/seats lists them", field="person")
    org = law.people.entries(person, role)[0].org
    return await _begun(world, request, Caller(kind="person", name=person, role=Role(role), org=org))


async def begun_by_login(world: World, request: Request, who: Caller) -> Response:
    """Begin a session of somebody whom the city's login knows."""
    return await _begun(world, request, who, by_login=True)


async def _of_wall(world: World, request: Request, given: Any) -> Response:
    """Begin a wall's session, which lasts as long as its key: nobody stands there to log in anew.

    Raises:
        Problem: It is no wall's key, or no longer.
    """
    key = world.key_of(given) if isinstance(given, str) and len(given) <= 200 else None
    if key is None or key.kind != "wall":
        raise Problem("no-login", "this key is unknown, revoked, has expired, or is no wall's")
    return await _begun(world, request, key.caller(), key=key)


async def _begun(
    world: World,
    request: Request,
    who: Caller,
    *,
    account_at: int | None = None,
    by_login: bool = False,
    key: Key | None = None,
) -> Response:
    token = secrets.token_urlsafe(32)
    kept = msgspec.json.encode(
        _Kept(
            who.name,
            who.role,
            who.org,
            kind=who.kind,
            account_at=account_at,
            by_login=by_login,
            key=None if key is None else key.id,
            begun_at=int(time.time()),
        )
    )
    seconds = SECONDS if key is None else max(1, key.expires_at - int(time.time()))
    await world.view.redis.set(_key(world, token), kept, ex=seconds)
    response = Response(msgspec.json.encode(told(world, who)), 201, media_type="application/json")
    put_cookie(world, request, response, COOKIE, token, max_age=seconds, samesite="strict")
    return response


def told(world: World, who: Caller) -> dict[str, Any]:
    """Say who somebody is, and which pages of the console are theirs."""
    return {"kind": who.kind, "name": who.name, "role": who.role, "org": who.org, "pages": world.pages_of(who)}


async def end(world: World, request: Request) -> Response:
    """End the session, wherever it is open."""
    token = request.cookies.get(COOKIE)
    if token is not None and len(token) <= 200:
        await world.view.redis.delete(_key(world, token))
    response = Response(status_code=204)
    put_cookie(world, request, response, COOKIE, "", max_age=0, samesite="strict")
    return response
