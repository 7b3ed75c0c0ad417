"""The way onto the log: one record, acknowledged by all replicas, or nothing promised within two seconds."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from engine.errors import DependencyDown
from engine.gateway.problems import away
from engine.kafka import clients
from engine.kafka.driver_errors import KafkaFault, lies_in_the_content
from engine.settings import Settings
from topics.incident import MAX_RECORD_BYTES

ACK_SECONDS = 1.5
"""Whoever asks is told within two seconds whether it is safe; an ordinary acknowledgement takes 5 to 20 ms."""

WAITING = 2_000
"""Records sent and not acknowledged: with the broker away they would fill the memory."""


class Door(Protocol):
    """Appends one record to an explicit partition of a logical topic."""

    async def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> int:
        """Answer its offset once it is safe.

        Raises:
            Problem: It is not, or not known to be: ``away``.
        """


class KafkaDoor:
    """A ``Door`` on the stack's brokers."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; ``start`` connects."""
        self._settings, self._waiting = settings, 0

    async def start(self) -> None:
        """Connect.

        Raises:
            DependencyDown: Nobody answers.
        """
        self._producer = clients.sender(
            self._settings, linger_ms=0, max_request_size=MAX_RECORD_BYTES + 64 * 1024, request_timeout_ms=10_000
        )
        try:
            await self._producer.start()
        except (KafkaFault, OSError) as exc:
            raise DependencyDown(f"Kafka at {self._settings.kafka} does not answer: {exc}") from exc

    async def stop(self) -> None:
        """Let what is in flight arrive for a moment, then let go."""
        try:
            await asyncio.wait_for(self._producer.stop(), 2)
        except (TimeoutError, KafkaFault, OSError):
            return

    async def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> int:
        """Send it and wait; what was not acknowledged may still arrive, and counts once by its id."""
        if self._waiting >= WAITING:
            raise away("Kafka")
        self._waiting += 1
        try:
            async with asyncio.timeout(ACK_SECONDS):
                ack = await self._producer.send_and_wait(
                    self._settings.prefix + topic, value, key=key, partition=partition, headers=list(headers)
                )
        except (TimeoutError, KafkaFault, OSError) as exc:
            if isinstance(exc, KafkaFault) and lies_in_the_content(exc):
                raise
            raise away("Kafka") from exc
        finally:
            self._waiting -= 1
        return int(ack.offset)
