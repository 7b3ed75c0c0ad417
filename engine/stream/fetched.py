"""Puts what a fetch brought into the form that stages read."""

from collections.abc import Callable, Sequence

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka.fetched_batches import Loose, Unreadable
from engine.stream.contracts import Record
from topics.ids import Instant


def records_of(
    tp: TopicPartition, raw: Sequence[ConsumerRecord], prefix: str, to_engine: Callable[[int], Instant]
) -> list[Record]:
    """Make records of one partition; those of one batch have one LogAppendTime."""
    topic, partition = tp.topic.removeprefix(prefix), tp.partition
    moments = {ms: to_engine(ms) for ms in {one.timestamp for one in raw}}
    return [
        Record(
            topic=topic,
            partition=partition,
            offset=one.offset,
            key=one.key,
            value=one.value,
            headers=one.headers,
            appended_ms=one.timestamp,
            appended_at=moments[one.timestamp],
            loose=type(one) is Loose,
        )
        if type(one) is not Unreadable
        else Record(
            topic=topic,
            partition=partition,
            offset=one.offset,
            key=one.key,
            value=one.value,
            headers=(),
            appended_ms=one.timestamp,
            appended_at=moments[one.timestamp],
            loose=one.loose,
            unreadable=one.why,
            first=one.first,
        )
        for one in raw
    ]
