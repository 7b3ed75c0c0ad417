"""Views that somebody made for all: a name and an address, no data; kept in Redis beside the sessions, so that a stack
without a database has them too, and whoever rebuilds the queues leaves them alone."""

import hashlib
import re
import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import bounded_lists
from engine.gateway.callers import Caller
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World
from topics.vocabulary import Role

MOST = 200
"""Of a stack: nobody reads a longer list."""
NAME, ADDRESS = 40, 1000
"""Characters."""
_ADDRESS = re.compile(r"/(?:queues/[a-z_]{1,32}|approvals)(?:\?[A-Za-z0-9%._~!*'()+&=:,-]*)?", re.ASCII)
"""A queue of the console with its facets, and nothing that leads elsewhere."""


class View(msgspec.Struct, kw_only=True):
    """One of them; who made it can be asked about it."""

    id: str
    name: str
    address: str
    by: str
    role: Role
    at: int
    """Milliseconds of the wall clock."""


class Views(msgspec.Struct):
    """Those there are, by name."""

    views: list[View]


def _key(world: World) -> str:
    return f"{world.settings.prefix}gateway:views"


async def _all(world: World) -> list[View]:
    found = await world.view.redis.hgetall(_key(world))
    return sorted((msgspec.json.decode(one, type=View) for one in found.values()), key=lambda one: (one.name, one.id))


async def views(world: World, request: Request, caller: Caller) -> Response:
    """List the views that are everybody's."""
    return answer({"views": await _all(world)})


async def view_add(world: World, request: Request, caller: Caller) -> Response:
    """Give everybody a view; a name that stands already is another's."""
    given = object_of(await body_of(world, request))
    name, address = _text(given, "name", NAME), _text(given, "address", ADDRESS)
    if not _ADDRESS.fullmatch(address):
        raise Problem("invalid", "the address of a queue in the console, '/queues/…'", field="address")
    there = await _all(world)
    if any(one.name == name for one in there):
        raise Problem("invalid", "there is a view of that name", field="name")
    assert caller.role is not None
    made = View(
        id=hashlib.sha256(name.encode()).hexdigest()[:16],  # of two who give one name at once the second is told
        name=name,
        address=address,
        by=caller.name,
        role=caller.role,
        at=int(time.time() * 1000),
    )
    kept = msgspec.json.encode(made)
    done = await bounded_lists.put(world.view.redis, _key(world), made.id, kept, most=MOST, is_new=True)
    if done == "taken":
        raise Problem("invalid", "there is a view of that name", field="name")
    if done == "full":
        raise Problem("invalid", f"there are {MOST} views; take one out that nobody needs", field="name")
    return answer(made, 201)


async def view_drop(world: World, request: Request, caller: Caller) -> Response:
    """Take a view out: whoever made it, or the centre."""
    name = request.path_params["view"]
    found = await world.view.redis.hget(_key(world), name)
    if found is None:
        raise not_found()
    if msgspec.json.decode(found, type=View).by != caller.name and caller.role is not Role.CENTRE:
        raise not_found()
    await world.view.redis.hdel(_key(world), name)
    return Response(status_code=204)


def _text(given: dict[str, Any], field: str, most: int) -> str:
    text = given.get(field)
    if not isinstance(text, str) or not (text := text.strip()) or len(text) > most or not text.isprintable():
        raise Problem("invalid", f"1 to {most} characters that can be seen", field=field)
    return text
