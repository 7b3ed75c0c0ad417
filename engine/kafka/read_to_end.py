"""Reads partitions from where they begin to where they end now, without joining any group: one piece for states, logs,
views and tools."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka.log_consumer import LogConsumer
from engine.security.connections import kafka_arguments

if TYPE_CHECKING:
    from engine.settings import Settings

PIECE = 5000
"""Most records of one piece: some 50 ms of folding."""

PARTITION_BYTES = 4 * 1024 * 1024
"""Most that one fetch brings of a partition."""


@asynccontextmanager
async def reader(
    settings: "Settings", tps: Iterable[TopicPartition], partition_bytes: int = PARTITION_BYTES
) -> AsyncIterator[LogConsumer]:
    """A consumer of no group over these partitions, at their beginnings."""
    consumer = LogConsumer(
        **kafka_arguments(settings),
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=partition_bytes,
        max_poll_records=PIECE,
    )
    await consumer.start()
    try:
        chosen = list(tps)
        consumer.assign(chosen)
        if chosen:
            await consumer.seek_to_beginning(*chosen)
        yield consumer
    finally:
        await consumer.stop()


async def to_end(
    settings: "Settings",
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
    tps = [TopicPartition(settings.prefix + topic, partition) for partition in partitions]
    async with reader(settings, tps, partition_bytes) as consumer:
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
