"""Reads Kafka so that no batch stops a reader: what cannot be read is handed out as such, all beside it is kept.

The library unpacks a fetch in the middle of ``getmany`` and lets the first fault out without saying where it lies; from
then on the same call fails for the topic's retention. Here its two classes that do this are put aside for ours
(``engine.kafka.fetched_batches``), which unpack within a bound.
"""

import logging
import time
from itertools import chain
from typing import Any

import aiokafka.consumer.consumer as consumers
import aiokafka.consumer.fetcher as library
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from engine.kafka.driver_errors import ReaderStopped, telling_what_is_gone
from engine.kafka.farewell import has_died, stopped
from engine.kafka.fetch_sessions import SessionFetcher
from engine.kafka.fetched_batches import HANDED_BYTES, Batches, Budget, Unpacked, Unreadable

log = logging.getLogger(__name__)

FETCH_BYTES = 16 * 1024 * 1024
"""Most that one fetch brings, over all partitions; a single batch comes whole whatever its size."""

TOLD_EVERY_SECONDS = 60.0
"""A partition full of unreadable batches is one line a minute, not one for each."""


class LogConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """The one consumer of this tree. ``getmany`` gives what can be read and tells of the rest; ``fetched`` gives
    both."""

    def __init__(self, *topics: str, **options: Any) -> None:
        """Take the library's options; a fetch is bounded unless they say otherwise."""
        super().__init__(*topics, **{"fetch_max_bytes": FETCH_BYTES, **options})
        self.passed = 0
        """Unreadable pieces that were passed by."""
        self._told: dict[TopicPartition, float] = {}

    async def fetched(
        self, *partitions: TopicPartition, timeout_ms: int = 0
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Give what was fetched, ``Unreadable`` pieces in place; so long may the broker hold a fetch of nothing."""
        self._demand_fetching()
        Budget.left = HANDED_BYTES
        if timeout_ms:
            self._fetcher._fetch_max_wait_ms = timeout_ms
        with telling_what_is_gone():
            found: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                *partitions, timeout_ms=timeout_ms
            )
        return found

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Give what can be read; of the rest a line is logged."""
        self._demand_fetching()
        Budget.left = HANDED_BYTES
        with telling_what_is_gone():
            found = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        return {tp: self._readable(tp, records) for tp, records in found.items()}

    def _demand_fetching(self) -> None:
        """The library's task that fetches may have died of something unexpected; it then hands out nothing, for ever,
        and says so to nobody.

        Raises:
            ReaderStopped: It has.
        """
        if (died := has_died(self._fetcher)) is not None:
            raise ReaderStopped("what fetches has died, nothing will ever come again") from died

    async def stop(self) -> None:
        """Leave the group, end what fetches, close the connections: in some seconds, whatever the library does."""
        if getattr(self._coordinator, "_group_instance_id", None) is not None:
            self._coordinator._group_instance_id = None  # the library would keep the place, and nobody get what is ours
        await stopped(self, super().stop())

    def is_joining(self) -> bool:
        """Whether the group is being joined: until that ends, nothing is handed out, however long it takes."""
        return bool(self._subscription.reassignment_in_progress)

    async def getone(self, *partitions: TopicPartition) -> ConsumerRecord:
        """Give the next record that can be read."""
        while True:
            for record in chain(*(await self.getmany(*partitions, timeout_ms=500, max_records=1)).values()):
                return record

    def _readable(self, tp: TopicPartition, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
        for one in records:
            if type(one) is Unreadable:
                self.tell(one)
        return [one for one in records if type(one) is not Unreadable]

    def tell(self, piece: Unreadable) -> None:
        """Count a piece that is passed by, and say so: once a minute for each partition."""
        self.passed += 1
        tp, now = TopicPartition(piece.topic, piece.partition), time.monotonic()
        if now - self._told.get(tp, -TOLD_EVERY_SECONDS) >= TOLD_EVERY_SECONDS:
            self._told[tp] = now
            what = piece.topic, piece.partition, piece.first, piece.offset, piece.why
            log.error("%s/%d: offsets %d to %d cannot be read and are passed by: %s", *what)


library.MemoryRecords = Batches
library.PartitionRecords = Unpacked
consumers.Fetcher = SessionFetcher
