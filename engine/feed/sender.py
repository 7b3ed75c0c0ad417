"""Sends records with ``acks=all``, many in flight, and journals each as the broker acknowledges it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Literal

from aiokafka import AIOKafkaProducer

from engine.errors import DependencyDown
from engine.kafka import clients
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.send_journal import Journal, JournalEntry, digest
from engine.settings import Settings
from topics.errors import GridwhistleError
from topics.incident import MAX_RECORD_BYTES

IN_FLIGHT = 500
"""Records sent and not yet acknowledged; enough to fill batches, few enough to lose sight of none."""

OVERHEAD_BYTES = 100
"""What Kafka's format adds to a lone record: 61 bytes of batch, the rest lengths; 5 more for each header."""


class TooLarge(GridwhistleError, ValueError):
    """The record is larger than ``incidents.raw`` takes."""


class Sender:
    """An idempotent producer and the journal of what it was told is safe."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        """Prepare; ``start`` connects."""
        self._producer_of = lambda: clients.sender(
            settings,
            linger_ms=5,
            max_batch_size=64 * 1024,
            max_request_size=MAX_RECORD_BYTES,
            request_timeout_ms=120_000,
        )
        self._producer: AIOKafkaProducer | None = None
        self._prefix, self._journal = settings.prefix, journal
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._failure: BaseException | None = None
        self.acked = 0

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaFault: Nobody answers.
        """
        self._producer = self._producer_of()  # type: ignore[no-untyped-call]
        await self._producer.start()

    async def send(
        self,
        kind: Literal["incident", "command"],
        name: str,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes,
        headers: Sequence[tuple[str, bytes]] = (),
        acked: Callable[[int], None] = lambda offset: None,
    ) -> None:
        """Send one record to an explicit partition; returns when there is room, not when it is safe.

        Args:
            kind: What the journal shall call it.
            name: Identity or command id.
            topic: Logical name.
            partition: Its partition.
            key: Record key.
            value: Record value.
            headers: Record headers.
            acked: Told the offset once the broker has it.

        Raises:
            TooLarge: Names the limit; nothing was sent.
            DependencyDown: An earlier record was not acknowledged. Feeding the file again is safe.
        """
        size = OVERHEAD_BYTES + len(key) + len(value) + sum(len(header) + len(text) + 5 for header, text in headers)
        if size > MAX_RECORD_BYTES:
            raise TooLarge(f"{size} bytes, {topic} takes at most {MAX_RECORD_BYTES}")
        await self._room.acquire()
        try:
            self._check()
            assert self._producer is not None
            where, extra = self._prefix + topic, list(headers)
            future = await self._producer.send(where, value, key=key, partition=partition, headers=extra)
        except BaseException:
            self._room.release()
            raise
        future.add_done_callback(lambda done: self._done(done, kind, name, topic, partition, digest(value), acked))

    def _done(
        self,
        done: "asyncio.Future[Any]",
        kind: Literal["incident", "command"],
        name: str,
        topic: str,
        partition: int,
        sha: str,
        acked: Callable[[int], None],
    ) -> None:
        self._room.release()
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            self._failure = self._failure or error
            return
        try:
            self._journal.add(
                JournalEntry(
                    id=name, kind=kind, topic=topic, partition=partition, offset=done.result().offset, sha256=sha
                )
            )
        except OSError as failure:
            self._failure = self._failure or failure
            return
        self.acked += 1
        acked(done.result().offset)

    def _check(self) -> None:
        if isinstance(self._failure, KafkaFault):
            raise DependencyDown(
                f"Kafka did not acknowledge a record: {self._failure!r}; feed the file again, what is there counts once"
            ) from self._failure
        if self._failure is not None:
            raise self._failure

    async def drain(self) -> None:
        """Wait until everything is acknowledged and journalled.

        Raises:
            DependencyDown: Something was not.
        """
        if self._producer is not None:
            await self._producer.flush()
        self._check()
        await asyncio.to_thread(self._journal.flush)

    async def stop(self) -> None:
        """Let what is in flight arrive, then disconnect."""
        if self._producer is not None:
            await self._producer.stop()
