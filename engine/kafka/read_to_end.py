"""Reads partitions from where they begin to where they end now, or one record of them, without joining any group: one
piece for states, logs, views and tools."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka.clients import PARTITION_BYTES
from engine.kafka.port import Log

ONE_RECORD_BYTES = 64 * 1024
"""Of a fetch for one record: a broker gives a whole batch, however large, and nothing behind it."""


async def to_end(
    log: Log,
    topic: str,
    partitions: Iterable[int],
    start: int = 0,
    partition_bytes: int = PARTITION_BYTES,
    unreadable: bool = False,
    pairs: bool = False,
) -> AsyncIterator[list[ConsumerRecord]]:
    """Give every record of some partitions of a logical topic, piece by piece, from ``start`` to the ends seen at
    first.

    What cannot be read is told in the log and left out; with ``unreadable`` it comes in its place. With ``pairs``
    records without headers may come as lists of keys and values, at half of what reading them takes.
    """
    tps = [TopicPartition(log.prefix + topic, partition) for partition in partitions]
    async with log.reading(tps, partition_bytes, pairs) as consumer:
        ends = await consumer.end_offsets(tps)
        if start:
            for tp, begin in (await consumer.beginning_offsets(tps)).items():
                consumer.seek(tp, max(begin, start))
        take = consumer.fetched if unreadable else consumer.getmany
        while left := [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
            for records in (await take(*left, timeout_ms=500)).values():
                yield records
            # what is fetched already is given without a pause: the group's heartbeats must come between
            await asyncio.sleep(0)


async def record_at(log: Log, topic: str, partition: int, offset: int, seconds: float) -> ConsumerRecord | None:
    """Give the record at a place of a logical topic; ``None``: there is none there, or none any more.

    Raises:
        TimeoutError: It did not come in time.
    """
    tp = TopicPartition(log.prefix + topic, partition)
    async with asyncio.timeout(seconds), log.reading([tp], ONE_RECORD_BYTES) as reader:
        begins, ends = await reader.beginning_offsets([tp]), await reader.end_offsets([tp])
        if not begins[tp] <= offset < ends[tp]:
            return None
        reader.seek(tp, offset)
        while await reader.position(tp) <= offset:
            for record in (await reader.getmany(tp, timeout_ms=500)).get(tp, ()):
                return record if record.offset == offset else None
    return None
