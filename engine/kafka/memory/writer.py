"""Appends to the log in memory in transactions, as the driver's producer does to Kafka."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from aiokafka.structs import RecordMetadata

from engine.calling_off import called_off
from engine.kafka.clients import BATCH_BYTES
from engine.kafka.driver_errors import KafkaFault, NoSuchTopic, OutOfTurn
from engine.kafka.memory.stored import Fate
from engine.kafka.record_batch import Headers, RecordBatch

if TYPE_CHECKING:
    from engine.kafka.memory.broker import MemoryLog


class Batch:
    """What fits is what fits there; it remembers what went in."""

    def __init__(self) -> None:
        """Begin empty."""
        self.written = RecordBatch(BATCH_BYTES)
        self.messages: list[tuple[bytes | None, bytes | None, Headers]] = []

    def append(self, *, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        """Take one more record; ``False``: it does not fit."""
        fits = self.written.append(key=key, value=value, headers=headers)
        if fits:
            self.messages.append((key, value, tuple(headers)))
        return fits


class MemoryWriter:
    """A ``Writer`` under one transactional id."""

    def __init__(self, log: "MemoryLog", name: str) -> None:
        """Prepare; ``start`` fences."""
        self._log, self.name, self._epoch = log, name, -1
        self._is_open = False
        self._sent: list[asyncio.Task[RecordMetadata]] = []
        self._broken: KafkaFault | None = None

    async def start(self) -> None:
        """Fence whoever wrote under this id."""
        await self._log.faults.passing("start", self.name)
        self._epoch = self._log.started(self.name)
        await self._log.faults.passing("start", self.name, after=True)

    async def begin_transaction(self) -> None:
        """Begin; the broker hears of it with the first record."""
        await self._log.faults.passing("begin", self.name)
        if self._is_open or self._broken is not None:
            raise self._broken or OutOfTurn("a transaction is open")
        self._is_open, self._sent = True, []

    def create_batch(self) -> Batch:
        """Begin a batch."""
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Task[RecordMetadata]:
        """Send it; the task ends with the broker's answer."""
        self._demand_open()
        await self._log.faults.passing("send", self.name)
        try:
            self._log.stored(TopicPartition(topic, partition))
        except NoSuchTopic:
            raise NoSuchTopic() from None  # as the driver says it: without a name
        batch.written.numbered(0, self._epoch, 0)
        sending = asyncio.create_task(self._send(batch, TopicPartition(topic, partition)))
        self._sent.append(sending)
        return sending

    async def _send(self, batch: Batch, tp: TopicPartition) -> RecordMetadata:
        try:
            offset, now = self._log.produce(self.name, self._epoch, tp, batch.messages, batch.written.size())
            await self._log.faults.passing("ack", self.name)
        except KafkaFault as exc:
            self._broken = self._broken or exc
            raise
        return RecordMetadata(*tp, tp, offset, now, 1, 0)

    async def commit_transaction(self) -> None:
        """Make it readable once every batch is there."""
        self._demand_open()
        await self._log.faults.passing("commit", self.name)
        await asyncio.gather(*self._sent)
        if self._broken is not None:
            raise self._broken
        self._is_open = False
        self._log.end(self.name, self._epoch, Fate.COMMITTED)
        await self._log.faults.passing("commit", self.name, after=True)

    async def abort_transaction(self) -> None:
        """Let nothing of it ever be read."""
        self._demand_open()
        await self._log.faults.passing("abort", self.name)
        self._is_open = False
        self._log.end(self.name, self._epoch, Fate.ABORTED)

    async def let_go(self) -> None:
        """Abort what is open and close."""
        if self._is_open:
            with suppress(Exception):
                await asyncio.wait_for(self.abort_transaction(), 2)
        await called_off(*self._sent)

    def _demand_open(self) -> None:
        if not self._is_open:
            raise OutOfTurn("no transaction is open")

    def dies(self) -> None:
        """The process that held it is gone: what is open stays open until it is fenced or times out."""
        self._is_open, self._broken = False, KafkaFault("the process is gone")
