"""Reads partitions from where they begin to where they end now, without joining any group: one piece for states, logs,
views and tools."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka.clients import PARTITION_BYTES
from engine.kafka.port import Log


async def to_end(
    log: Log,
    topic: str,
    partitions: Iterable[int],
    start: int = 0,
    partition_bytes: int = PARTITION_BYTES,
    unreadable: bool = False,
) -> AsyncIterator[list[ConsumerRecord]]:
    """Give every record of some partitions of a logical topic, piece by piece, from ``start`` to the ends seen at
    first.

    What cannot be read is told in the log and left out; with ``unreadable`` it comes in its place.
    """
    tps = [TopicPartition(log.prefix + topic, partition) for partition in partitions]
    async with log.reading(tps, partition_bytes) as consumer:
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
