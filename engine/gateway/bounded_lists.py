"""Lists in Redis that all gateways share and that have an end: looked at and written in one call, or two who add at
once are both the last."""

from typing import Literal

from redis.asyncio import Redis

PUT = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
    if ARGV[4] == 'new' then return 'taken' end
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
    return 'full'
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 'put'
"""

Answer = Literal["put", "taken", "full"]


async def put(redis: "Redis", key: str, field: str, value: bytes, *, most: int, is_new: bool) -> Answer:
    """Put a member of a list; one that is there stays (``is_new``), or is written anew."""
    script = redis.register_script(PUT)
    found: Answer = await script(keys=[key], args=[field, value, most, "new" if is_new else ""])
    return found
