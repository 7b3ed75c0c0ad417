"""Follows the log from its beginning to learn what became of what was sent: tickets, rejections, answers to
commands."""

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from engine.calling_off import called_off
from engine.kafka import clients
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.newer_records import read_sieved
from topics.registry import DECISIONS, REJECTED
from topics.rejected import Rejected
from topics.vocabulary import REFUSALS

if TYPE_CHECKING:
    from engine.settings import Settings


class _Image(msgspec.Struct, frozen=True):
    """The part of a ticket that is needed here."""

    identity: str


class _Change(msgspec.Struct, frozen=True):
    ticket: str
    after: _Image | None = None


class Told(msgspec.Struct, frozen=True):
    """Of a decision what says which report became which ticket, and how a command was answered."""

    id: str
    reason: str
    command_id: str | None = None
    changes: tuple[_Change, ...] = ()


class Watch:
    """What the log says so far. ``news`` is set whenever it says more."""

    def __init__(self, settings: "Settings") -> None:
        """Prepare; ``start`` reads what is there already and goes on reading."""
        self._settings = settings
        self._consumer: LogConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self.news = asyncio.Event()
        self.tickets: dict[str, str] = {}
        """Identity -> ticket; of a referred one the newest."""
        self.rejected: dict[str, str] = {}
        """Position of a record on ``incidents.raw`` -> reason."""
        self.answers: dict[str, str] = {}
        """Command id -> reason of its first decision."""
        self.answered: Counter[str] = Counter()
        """Command id -> how many decisions it got, repeats included."""

    async def start(self) -> None:
        """Read to the present ends, then go on in the background."""
        self._consumer = consumer = clients.watcher(
            self._settings,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=clients.PARTITION_BYTES,
        )
        await consumer.start()
        prefix = self._settings.prefix
        tps = [
            TopicPartition(prefix + spec.name, number)
            for spec in (DECISIONS, REJECTED)
            for number in range(self._settings.partitions)
        ]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        await consumer.seek_to_beginning(*tps)
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            await self._take()
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            await self._take()

    async def _take(self) -> None:
        assert self._consumer is not None
        for tp, records in (await self._consumer.getmany(timeout_ms=200)).items():
            fold = self._decision if tp.topic.endswith(DECISIONS.name) else self._rejection
            for record in records:
                fold(record)
            self.news.set()

    def _decision(self, record: ConsumerRecord) -> None:
        decision = read_sieved(DECISIONS.name, record, Told)
        if decision is None:
            return
        for change in decision.changes:
            if change.after is not None:
                self.tickets[change.after.identity] = change.ticket
        if decision.command_id is not None:
            self.answered[decision.command_id] += 1
            self.answers.setdefault(decision.command_id, decision.reason)

    def _rejection(self, record: ConsumerRecord) -> None:
        rejected = read_sieved(REJECTED.name, record, Rejected)
        if rejected is not None:
            self.rejected[rejected.id] = rejected.reason

    def refused(self, command_id: str) -> str | None:
        """Why a command was refused; ``None`` when it was not, or has no answer yet."""
        reason = self.answers.get(command_id)
        return reason if reason in REFUSALS else None

    def check(self) -> None:
        """Raise what ended the following, if it has ended.

        Raises:
            KafkaFault: The broker is away for good.
            PartitionStops: A record of ours cannot be read.
        """
        if self._task is not None and self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """End the following."""
        if self._task is not None:
            await called_off(self._task)
        if self._consumer is not None:
            await self._consumer.stop()
