"""Whether a view was made from the log that is there now: one that was put back to an older copy and written on holds
other records where the view stands, and nothing else would tell (DESIGN 5.3)."""

from collections.abc import Mapping

from aiokafka import TopicPartition

from engine.errors import PositionOutOfRange
from engine.kafka.port import Log, Reader
from topics.registry import DECISIONS


async def of_another(log: Log, last: Mapping[int, tuple[int, int]]) -> set[int]:
    """Name the partitions in which the decision folded last no longer stands where it stood; what retention has taken
    tells nothing, and behind the log's end the position is as well: that is told by the opening."""
    tps = [TopicPartition(log.prefix + DECISIONS.name, partition) for partition in last]
    if not tps:
        return set()
    async with log.reading(tps) as reader:
        begins, ends = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
        return {
            tp.partition
            for tp in tps
            if begins[tp] <= last[tp.partition][0] < ends[tp]
            and await _written_at(reader, tp, last[tp.partition][0]) != last[tp.partition][1]
        }


async def _written_at(reader: Reader, tp: TopicPartition, offset: int) -> int | None:
    """When the record of an offset was written; ``None``: there is none."""
    reader.seek(tp, offset)
    while await reader.position(tp) <= offset:
        for record in (await reader.getmany(tp, timeout_ms=500)).get(tp, []):
            if record.offset >= offset:
                return int(record.timestamp) if record.offset == offset else None
    return None


async def demand_same_log(log: Log, partition: int, offset: int, appended_ms: int) -> None:
    """See that a view was made from this log.

    Raises:
        PositionOutOfRange: Another record stands where it folded one, or none.
    """
    if await of_another(log, {partition: (offset, appended_ms)}):
        raise PositionOutOfRange(
            f"{DECISIONS.name}/{partition}: the view was made from another log: what stands at offset {offset} now was"
            f" not written at {appended_ms}; the topic was put back to an older copy or made anew."
            " 'gridwhistle project --rebuild', then start the projector again",
            topic=DECISIONS.name,
            partition=partition,
            offset=offset,
        )
