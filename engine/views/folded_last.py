"""What the view remembers of the log that it was made from: offset and time of a decision that it folded."""

from engine.security.redis_faults import redis_answering
from engine.views.redis_view import RedisView


async def folded_last(view: RedisView, partition: int) -> tuple[int, int] | None:
    """Tell offset and time of a decision that was folded, the last one unless Redis was lost in between."""
    with redis_answering():
        found = await view.redis.hget(f"{view.prefix}last", str(partition))
    return (int(found.split(":")[0]), int(found.split(":")[1])) if found else None


def written(offset: int, appended_ms: int) -> str:
    """Write what the log held there; any record that was folded will do."""
    return f"{offset}:{appended_ms}"
