"""Bearer's tokens that were drawn by a key: kept in Redis under a hash, for a quarter of an hour, and no longer than
the key is in force."""

import hashlib
import secrets

import msgspec

from engine.gateway.callers import Caller
from engine.gateway.world import World

BEGINS = "gwt_"
SECONDS = 900
LONGEST = 100


async def draw(world: World, key: str) -> str:
    """Draw a token for a key, by its id."""
    token = BEGINS + secrets.token_urlsafe(32)
    await world.view.redis.set(_name(world, token), msgspec.json.encode(key), ex=SECONDS)
    return token


async def caller(world: World, token: str) -> Caller | None:
    """Say whose token this is; ``None``: nobody's, or no longer, or its key is out of force."""
    found = await world.view.redis.get(_name(world, token)) if len(token) <= LONGEST else None
    key = None if found is None else world.key_of(name=msgspec.json.decode(found, type=str))
    return None if key is None else key.caller()


def _name(world: World, token: str) -> str:
    return f"{world.settings.prefix}gateway:token:{hashlib.sha256(token.encode()).hexdigest()}"
