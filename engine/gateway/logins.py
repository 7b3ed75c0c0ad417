"""Letting somebody in by name and password: as slow for an unknown name as for a known one, and only a few guesses."""

import asyncio
import hashlib
from typing import Any

from starlette.requests import Request

from engine.gateway.accounts import LONGEST, Account, hasher, nobodys
from engine.gateway.callers import Caller, is_known
from engine.gateway.outside import came_from
from engine.gateway.problems import Problem
from engine.gateway.world import World
from topics.vocabulary import Role

WINDOW_SECONDS = 900
OF_A_NAME_FROM_HERE, FROM_HERE, OF_A_NAME = 5, 50, 100
"""Wrong passwords within the window. Whoever guesses at a name from one address is stopped after five, and does not
keep out its owner, who comes from another."""


async def let_in(world: World, request: Request, given: dict[str, Any]) -> tuple[Caller, Account]:
    """Say who comes with this name and password, in the role they ask for.

    Raises:
        Problem: Nobody does, or there were too many guesses.
    """
    name, password = given.get("name"), given.get("password")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
        raise Problem("invalid", "the name of an account", field="name")
    if not isinstance(password, str) or len(password) > LONGEST:
        raise Problem("invalid", "its password", field="password")
    counted = await _count(world, request, name)
    account = world.account(name)
    async with world.trying:
        fits = await asyncio.to_thread(hasher().verify, password, account.argon2 if account else nobodys())
    if account is None or not fits or account.is_disabled:
        raise _wrong()
    await _was_none(world, counted)
    caller = seat_of(world, account.name, account.kind, given.get("role"))
    if not is_known(world.law(), caller):
        raise _wrong()
    return caller, account


def _wrong() -> Problem:
    return Problem("no-login", "this name and password let nobody in")


def seat_of(world: World, name: str, kind: str, role: Any) -> Caller:
    """Find in which role a person comes: the one they hold, or the one they name of those they hold.

    Raises:
        Problem: They hold none, or it has to be said which.
    """
    if kind != "person":
        return Caller(kind=kind, name=name)  # type: ignore[arg-type]
    entries = world.law().people.of(name)
    roles = list(dict.fromkeys(entry.role for entry in entries))
    if not roles:
        raise _wrong()
    if role is None and len(roles) == 1:
        role = roles[0]
    if role not in roles:
        raise Problem("invalid", f"say in which role: {', '.join(roles)}", field="role")
    org = next((entry.org for entry in entries if entry.role == role), None)
    return Caller(kind="person", name=name, role=Role(role), org=org)


async def _count(world: World, request: Request, name: str) -> list[str]:
    """Count a guess before it is tried, so that of many at once none is tried too much; answers the counters.

    Raises:
        Problem: There were too many.
    """
    host, redis = came_from(request), world.view.redis
    limits = {f"{name}@{host}": OF_A_NAME_FROM_HERE, f"@{host}": FROM_HERE, f"{name}@": OF_A_NAME}
    keys = [f"{world.settings.prefix}gateway:guesses:{hashlib.sha256(one.encode()).hexdigest()}" for one in limits]
    for key, most in zip(keys, limits.values(), strict=True):
        async with redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=WINDOW_SECONDS, nx=True)
            pipe.incr(key)
            pipe.ttl(key)
            _, counted, left = await pipe.execute()
        if left > WINDOW_SECONDS:  # Redis' clock has gone back, and no door stays shut for as long as that
            await redis.expire(key, WINDOW_SECONDS)
        if counted > most:  # and counts no further: who is refused here must not use up what others have of a name
            raise Problem(
                "too-many",
                "too many wrong passwords; wait a quarter of an hour",
                headers={"Retry-After": str(WINDOW_SECONDS)},
            )
    return keys


async def _was_none(world: World, counted: list[str]) -> None:
    """Take a guess back that was right: an office comes by one address at the beginning of a shift. Wrong ones of other
    names stay counted."""
    own, *shared = counted
    async with world.view.redis.pipeline(transaction=True) as pipe:
        pipe.delete(own)
        for key in shared:
            pipe.set(key, 1, ex=WINDOW_SECONDS, nx=True)  # the window may have ended meanwhile
            pipe.decr(key)
        await pipe.execute()
