"""Puts what a fetch brought into the form that stages read."""

from collections.abc import Callable, Sequence

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka.log_consumer import Loose, Unreadable
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
            topic, partition, one.offset, one.key, one.value, one.headers, one.timestamp, moments[one.timestamp],
            type(one) is Loose,
        )
        if type(one) is not Unreadable
        else Record(
            topic, partition, one.offset, one.key, one.value, (), one.timestamp, moments[one.timestamp],
            one.loose, one.why, one.first,
        )
        for one in raw
    ]  # fmt: skip
