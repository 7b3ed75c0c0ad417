"""What Kafka's driver raises, by what it means to us: nobody above this room knows the driver's own names."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka import TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    IllegalOperation,
    IllegalStateError,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    ProducerFenced,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

from topics.errors import GridwhistleError

KafkaFault = KafkaError
"""Whatever a broker says, or the driver of it."""

Fenced = ProducerFenced
"""Somebody else has opened this partition since: what we began is aborted, and we may write no more."""

NotAssigned = IllegalStateError
"""The partition is no longer ours to read."""

NoSuchTopic = UnknownTopicOrPartitionError
"""The broker has no such topic; of one that was to be written the driver does not say which."""


class OffsetsGone(GridwhistleError):
    """What was to be read next is no longer on the log."""

    reason = "offsets_gone"

    def __init__(self, offsets: dict[TopicPartition, int]) -> None:
        """Keep the offset of each partition that was to be read next."""
        super().__init__(
            f"no longer on the log: {', '.join(f'{tp.topic}/{tp.partition} {at}' for tp, at in offsets.items())}"
        )
        self.offsets = offsets


@contextmanager
def telling_what_is_gone() -> Iterator[None]:
    """The driver's word of a lost position becomes ours."""
    try:
        yield
    except OffsetOutOfRangeError as exc:
        raise OffsetsGone(exc.args[0]) from exc


OutOfTurn = IllegalOperation
"""Something was sent or ended where no transaction is open: our own fault."""

ReaderStopped = ConsumerStoppedError
"""The reader was closed: nothing will ever come again."""

OF_THE_CONTENT = (MessageSizeTooLargeError, RecordListTooLargeError, CorruptRecordException, InvalidTimestampError)
"""What a broker says of the records it was given, and not of itself. Its ``UnknownError`` is of itself: nobody is set
aside for that."""


def lies_in_the_content(exc: BaseException) -> bool:
    """Whether an error from begin to commit belongs to what was written rather than to the broker or the network."""
    if isinstance(exc, KafkaFault):
        return isinstance(exc, OF_THE_CONTENT)
    return not isinstance(exc, OSError)  # time-outs and lost connections are OSErrors
