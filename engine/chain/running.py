"""The chain in a process that reads decisions anyway: what it reads is summed up, and signed in turns of minutes."""

import asyncio
import logging
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from engine.calling_off import called_off
from engine.chain.keeper import Keeper
from engine.chain.signing import load_signing_key
from engine.chain.sums import Linked, hasher
from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.farewell import FAREWELL_SECONDS, at_most
from engine.kafka.kafka_log import KafkaLog
from engine.observability.metrics import StageMetrics
from engine.settings import Settings

log = logging.getLogger(__name__)


PATIENCE_TURNS = 3
"""So often in a row Kafka may not answer before somebody has to look: a quarter of an hour."""


class Chains:
    """One process' part of the chain."""

    def __init__(self, settings: Settings, metrics: StageMetrics) -> None:
        """Read the key; without one nothing is signed, loudly.

        Raises:
            InvalidSettings: There is no such hash here.
        """
        hasher(settings.chain_hash)
        self._settings, self._metrics = settings, metrics
        self._producer: AIOKafkaProducer | None = None
        self._task: asyncio.Task[None] | None = None
        try:
            key = load_signing_key(settings.signing_key_file)
        except InvalidSettings as exc:
            metrics.count("alarms", "not_signed")
            log.error("the log is not signed: %s", exc)
            self._keeper = None
            return
        self._keeper = Keeper(
            KafkaLog(settings),
            self._send,
            key,
            hash_name=settings.chain_hash,
            outside=settings.checkpoints_file,
            alarm=lambda kind: metrics.count("alarms", kind),
        )

    def hold(self, topic: str, partition: int) -> None:
        """A partition is opened here."""
        if self._keeper is None:
            return
        self._keeper.hold(topic, partition)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def take(self, topic: str, partition: int, begin: int, records: Sequence[Linked], end: int) -> None:
        """It was read from one position to another."""
        if self._keeper is not None:
            self._keeper.take(topic, partition, begin, records, end)

    async def _run(self) -> None:
        assert self._keeper is not None
        failed = 0
        while True:
            await asyncio.sleep(self._settings.checkpoint_seconds)
            try:
                await self._keeper.sign()
                failed = 0
            except (KafkaFault, OSError, TimeoutError) as exc:
                failed += 1
                if failed >= PATIENCE_TURNS:  # a right that is missing never comes by waiting
                    self._metrics.count("alarms", "not_signed")
                log.warning("checkpoints wait: Kafka does not answer (%s)", type(exc).__name__)
            except Exception:
                self._metrics.count("alarms", "not_signed")
                log.exception("checkpoints could not be made; the next turn tries again")

    async def _send(self, topic: str, partition: int, key: bytes, value: bytes) -> int:
        if self._producer is None:
            self._producer = clients.sender(self._settings)
            await self._producer.start()
        ack = await self._producer.send_and_wait(self._settings.prefix + topic, value, key=key, partition=partition)
        return int(ack.offset)

    async def close(self) -> None:
        """Let go; what was read since the last checkpoint is signed by whoever reads on."""
        if self._task is not None:
            await called_off(self._task)
        if self._producer is not None:
            await at_most(FAREWELL_SECONDS, self._producer.stop())
