"""Where partitions begin and end: of all at once, and of each alone where one keeps the answer back."""

import asyncio
from collections.abc import Sequence

from aiokafka import TopicPartition

from engine.kafka.driver_errors import KafkaFault, NotAssigned
from engine.kafka.port import Reader

ENDS_SECONDS = 5.0
"""What has not said by then where a partition ends is asked again, and keeps no other waiting."""


async def ends_of(consumer: Reader, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Ask for the ends of these; one without a leader, or whose broker hangs, keeps the answer for no other back."""
    found = await ends_together(consumer, tps) if tps else {}
    if found is None:
        alone = await asyncio.gather(*[ends_together(consumer, [tp]) for tp in tps])
        found = {tp: end for some in alone if some is not None for tp, end in some.items()}
    return found


async def ends_together(consumer: Reader, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int] | None:
    """Ask for the ends of these in one request; ``None``: one of them has none, or nobody has answered."""
    try:
        async with asyncio.timeout(ENDS_SECONDS):
            return dict(await consumer.end_offsets(list(tps)))
    except (KafkaFault, NotAssigned, TimeoutError):
        return None


async def reach_of(
    consumer: Reader, tps: Sequence[TopicPartition]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Ask where these begin and end; both answers wait for the end of the fetch that is under way, so together."""
    begins, ends = await asyncio.gather(consumer.beginning_offsets(list(tps)), consumer.end_offsets(list(tps)))
    return dict(begins), dict(ends)
