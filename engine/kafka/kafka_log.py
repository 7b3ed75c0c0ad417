"""The log on Kafka."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from engine.kafka import clients
from engine.kafka.clients import PARTITION_BYTES
from engine.kafka.fetched_batches import PAIRS
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.transactions import TransactionalProducer

if TYPE_CHECKING:
    from engine.settings import Settings

PIECE = 5000
"""Most records of one piece: some 50 ms of folding."""


class KafkaLog:
    """One stack's topics on the brokers that its settings name; a ``Log``."""

    def __init__(self, settings: "Settings") -> None:
        """Keep the settings; each client connects by itself."""
        self.settings, self.prefix = settings, settings.prefix

    def writer(self, name: str) -> TransactionalProducer:
        """Make the producer of one input partition."""
        return clients.transactional(self.settings, name)

    def member(self, stage: str, client: str, place: str | None = None) -> LogConsumer:
        """Make the group consumer of a stage."""
        return clients.member(self.settings, stage, client, place)

    @asynccontextmanager
    async def reading(
        self, tps: Iterable[TopicPartition], partition_bytes: int = PARTITION_BYTES, pairs: bool = False
    ) -> AsyncIterator[LogConsumer]:
        """A consumer of no group over these partitions, at their beginnings."""
        consumer = clients.watcher(
            self.settings,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=partition_bytes,
            max_poll_records=PIECE,
            key_deserializer=PAIRS if pairs else None,
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
