"""``Idempotency-Key``: the same request again is answered as it was, for a day; another under its key is refused."""

import hashlib
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller
from engine.gateway.problems import Problem
from engine.gateway.world import World
from engine.security.redis_faults import REDIS_AWAY

KEPT_SECONDS = 86_400
UNDER_WAY_SECONDS = 30
"""A request that its process took to the grave may be given again after this."""
LONGEST = 200


class _Kept(msgspec.Struct, kw_only=True):
    asked: str
    """Hash of what was asked for."""
    status: int = 0
    """0: under way."""
    headers: dict[str, str] = {}
    body: str = ""


def key_of(request: Request) -> str | None:
    """Read the key.

    Raises:
        Problem: It is none that can be kept.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST and key.isprintable()):
        raise Problem("invalid", f"1 to {LONGEST} printable characters", field="Idempotency-Key")
    return key


def drawn_from(caller: Caller, key: str) -> str:
    """Derive an id from a key: given again, it names the same report or command even where nobody remembers the key."""
    return "key-" + hashlib.sha256(f"{caller.id}\n{key}".encode()).hexdigest()[:32]


async def once(
    world: World, request: Request, caller: Caller, body: bytes, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Do it once for a key. With Redis away it is done as without a key: ids that hang on the key count once anyway.

    Raises:
        Problem: The key was given with something else, or the same is under way.
    """
    key = key_of(request)
    if key is None:
        return await work()
    redis = world.view.redis
    name = f"{world.settings.prefix}gateway:idempotency:{hashlib.sha256(f'{caller.id}:{key}'.encode()).hexdigest()}"
    content = request.headers.get("content-type", "")
    asked = hashlib.sha256(f"{request.method} {request.url.path} {content}\n".encode() + body).hexdigest()
    begun = msgspec.json.encode(_Kept(asked=asked))
    try:
        if not await redis.set(name, begun, nx=True, ex=UNDER_WAY_SECONDS):
            found = await redis.get(name)
            if found is not None:
                return _again(msgspec.json.decode(found, type=_Kept), asked)
    except REDIS_AWAY:
        return await work()
    try:
        response = await work()
    except Problem as problem:
        response = problem.response()
    except BaseException:
        await _let_go(world, name)
        raise
    if _is_done(response):
        await _keep(world, name, asked, response)
    else:
        await _let_go(world, name)
    return response


def _is_done(response: Response) -> bool:
    """Whether something came of it: it was done, or the law refused it. Whoever is told to look again (412), to mend a
    field or to wait gives the same once more, and must not hear of what was amiss a day ago."""
    return (response.status_code < 400 or response.status_code == 409) and "retry-after" not in response.headers


def _again(kept: _Kept, asked: str) -> Response:
    if kept.asked != asked:
        raise Problem("key-used", "give another request another key", field="Idempotency-Key")
    if kept.status == 0:
        raise Problem("under-way", "ask again in a moment", headers={"Retry-After": "1"})
    return Response(kept.body.encode(), kept.status, kept.headers | {"Idempotent-Replayed": "true"})


async def _keep(world: World, name: str, asked: str, response: Response) -> None:
    headers = {key: text for key, text in response.headers.items() if key in ("content-type", "location", "etag")}
    kept = _Kept(asked=asked, status=response.status_code, headers=headers, body=bytes(response.body).decode())
    try:
        await world.view.redis.set(name, msgspec.json.encode(kept), ex=KEPT_SECONDS)
    except REDIS_AWAY:
        return


async def _let_go(world: World, name: str) -> None:
    try:
        await world.view.redis.delete(name)
    except REDIS_AWAY:
        return
