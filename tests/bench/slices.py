"""Pieces of topics: what has come onto them between two moments, as a committed reader sees it."""

from collections.abc import Iterable

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka import clients
from engine.settings import Settings
from engine.stream.contracts import Record

Marks = dict[TopicPartition, int]
"""The next offset of each partition."""


def parts(topic: str, count: int) -> list[TopicPartition]:
    """The partitions of a topic, by its whole name."""
    return [TopicPartition(topic, number) for number in range(count)]


async def marks(settings: Settings, of: Iterable[TopicPartition]) -> Marks:
    """Where these end now."""
    reader = clients.watcher(settings)
    await reader.start()
    try:
        found: Marks = await reader.end_offsets(list(of))
        return found
    finally:
        await reader.stop()


async def between(settings: Settings, start: Marks, end: Marks) -> list[Record]:
    """All records from one set of marks to another, in each partition in their order."""
    found: list[Record] = []
    left = {tp for tp in end if start[tp] < end[tp]}
    reader = clients.watcher(settings, max_partition_fetch_bytes=clients.PARTITION_BYTES)
    await reader.start()
    try:
        reader.assign(sorted(left))
        for tp in left:
            reader.seek(tp, start[tp])
        while left:
            for tp, records in (await reader.getmany(*left, timeout_ms=500)).items():
                found += [_record(settings, one) for one in records if one.offset < end[tp]]
            left = {tp for tp in left if await reader.position(tp) < end[tp]}
        return found
    finally:
        await reader.stop()


def _record(settings: Settings, one: ConsumerRecord) -> Record:
    return Record(
        topic=one.topic.removeprefix(settings.prefix),
        partition=one.partition,
        offset=one.offset,
        key=one.key,
        value=one.value,
        headers=one.headers,
        appended_ms=one.timestamp,
        appended_at=one.timestamp,
    )
