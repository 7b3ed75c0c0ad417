"""Whether Redis throws rows away when it is full: a ticket would vanish from its queue, and nobody would be told."""

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from engine.errors import DependencyDown
from engine.security.redis_faults import NotAnswered


def what_evicts(memory: Mapping[str, Any]) -> str | None:
    """Say what is wrong and how to mend it, by ``INFO memory``; without a bound nothing is thrown away."""
    policy = str(memory.get("maxmemory_policy", ""))
    if not memory.get("maxmemory") or not policy.startswith("allkeys"):
        return None
    return (
        f"Redis throws rows away when it is full (maxmemory-policy {policy}): set it to noeviction, then"
        " 'gridwhistle project --rebuild'"
    )


async def demand_no_eviction(redis: "Redis") -> None:
    """Refuse to keep a view there; it is looked at again with the next opening.

    Raises:
        DependencyDown: What is written there may vanish.
    """
    try:
        found = what_evicts(await redis.info("memory"))
    except NotAnswered:
        return  # this user may not ask
    if found is not None:
        raise DependencyDown(found)
