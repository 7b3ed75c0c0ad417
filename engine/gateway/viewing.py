"""Who else looks at a ticket just now: said by their screens again and again, and forgotten by itself."""

import time

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import tickets
from engine.gateway.callers import Caller
from engine.gateway.http import answer
from engine.gateway.world import World

EACH_SECONDS = 20
"""How often a screen says that it is there still."""
SECONDS = 45
"""Two times missed: nobody looks any more."""
MOST = 20
"""Named at once."""


def _key(world: World, ticket: str) -> str:
    return f"{world.settings.prefix}gateway:viewing:{ticket}"


async def viewing(world: World, request: Request, caller: Caller) -> Response:
    """Say that one looks at a ticket, and hear who else does; whoever may not see it learns nothing."""
    draft, _ = await tickets.found(world, caller, request.path_params["id"])
    key, now = _key(world, draft.id), time.time()
    async with world.view.redis.pipeline(transaction=True) as pipe:
        pipe.zremrangebyscore(key, "-inf", now)
        pipe.zremrangebyscore(key, f"({now + SECONDS}", "+inf")  # said by a clock that has gone back since
        pipe.zadd(key, {_name(caller): now + SECONDS})
        pipe.expire(key, SECONDS)
        pipe.zrange(key, 0, MOST)
        found = (await pipe.execute())[-1]
    others = [one.partition(":") for one in found if one != _name(caller)][:MOST]
    return answer({"others": [{"role": role, "person": name} for role, _, name in others], "again": EACH_SECONDS})


async def viewing_end(world: World, request: Request, caller: Caller) -> Response:
    """Say that one looks no more."""
    draft, _ = await tickets.found(world, caller, request.path_params["id"])
    await world.view.redis.zrem(_key(world, draft.id), _name(caller))
    return Response(status_code=204)


def _name(caller: Caller) -> str:
    return f"{caller.role}:{caller.name}"
