"""Whether a view was made from the log that is there now: one that was put back to an older copy and written on holds
other records where the view stands, and nothing else would tell (DESIGN 5.3)."""

from aiokafka import TopicPartition
from redis.exceptions import RedisError

from engine.errors import DependencyDown, PositionOutOfRange
from engine.kafka.port import Log
from engine.views.redis_view import RedisView
from topics.registry import DECISIONS


async def folded_last(view: RedisView, partition: int) -> tuple[int, int] | None:
    """Tell offset and time of a decision that was folded, the last one unless Redis was lost in between."""
    try:
        found = await view.redis.hget(f"{view.prefix}last", str(partition))
    except (RedisError, OSError) as exc:
        raise DependencyDown(f"Redis does not answer: {exc}") from exc
    return (int(found.split(":")[0]), int(found.split(":")[1])) if found else None


async def remember(view: RedisView, partition: int, offset: int, appended_ms: int) -> None:
    """Keep what the log held there; any record that was folded will do, so it is written by itself."""
    try:
        await view.redis.hset(f"{view.prefix}last", str(partition), f"{offset}:{appended_ms}")
    except (RedisError, OSError) as exc:
        raise DependencyDown(f"Redis did not take the view: {exc}") from exc


async def demand_same_log(log: Log, partition: int, offset: int, appended_ms: int) -> None:
    """See that the decision folded last still stands where it stood; what retention has taken tells nothing.

    Raises:
        PositionOutOfRange: Another record stands there, or none.
    """
    tp = TopicPartition(log.prefix + DECISIONS.name, partition)
    async with log.reading([tp]) as reader:
        begin, end = (await reader.beginning_offsets([tp]))[tp], (await reader.end_offsets([tp]))[tp]
        if not begin <= offset < end:  # behind its end the position is as well, and that is told by the opening
            return
        reader.seek(tp, offset)
        found: int | None = None
        while found is None and await reader.position(tp) <= offset:
            records = (await reader.getmany(tp, timeout_ms=500)).get(tp, [])
            found = next((one.timestamp for one in records if one.offset == offset), None)
    if found != appended_ms:
        raise PositionOutOfRange(
            f"{DECISIONS.name}/{partition}: the view was made from another log: offset {offset} was written at"
            f" {appended_ms}, what stands there now is not; the topic was put back to an older copy or made anew."
            " 'gridwhistle project --rebuild', then start the projector again",
            topic=DECISIONS.name,
            partition=partition,
            offset=offset,
        )
