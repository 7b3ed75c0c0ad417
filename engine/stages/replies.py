"""Replies: turns what departments answer into commands, each with its own position as the command's id."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer
from pydantic import ValidationError

from engine.kafka import clients
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.reference import read_partition
from engine.observability.traces import Trail
from engine.stream.contracts import Record
from engine.stream.passed_by import offsets
from rules.masking.masker import masked_command
from topics import codec
from topics.command import Actor, Command
from topics.envelope import read_reply
from topics.ids import Instant, home_of, murmur2, partition_of
from topics.registry import COMMANDS, REPLIES_STATE
from topics.task import Reply
from topics.ticket import Marker
from topics.unreadable import UNREADABLE
from topics.vocabulary import CommandKind, Role

if TYPE_CHECKING:
    from engine.settings import Settings

ACTIONS = {
    "accept": CommandKind.ACCEPT,
    "decline": CommandKind.DECLINE,
    "start": CommandKind.START,
    "report_in": CommandKind.REPORT_IN,
    "finish": CommandKind.FINISH,
}
"""What a department may answer -> the command it is."""


def command_of(record: Record, department: str, accepted_at: Instant) -> Command:
    """Read one reply; what cannot be read becomes an ``unreadable`` command, refused with its reason by dispatch."""
    actor = Actor(Role.DEPARTMENT, department, department)
    if record.unreadable:
        return Command(
            id=record.id,
            kind=CommandKind.UNREADABLE,
            actor=actor,
            accepted_at=accepted_at,
            reason=f"{offsets(record)} cannot be read: {record.unreadable}"[:300],
        )
    try:
        reply = read_reply(record.value, record.headers)
        home_of(reply.ticket)
    except (ValidationError, ValueError, json.JSONDecodeError) as exc:
        fields = (
            ".".join(str(part) for part in exc.errors()[0]["loc"]) if isinstance(exc, ValidationError) else "the reply"
        )
        return Command(
            id=record.id,
            kind=CommandKind.UNREADABLE,
            actor=actor,
            accepted_at=accepted_at,
            reason=f"{fields or 'the reply'} cannot be read",
        )
    return masked_command(_command(record.id, reply, department, accepted_at))


def _command(command_id: str, reply: Reply, department: str, accepted_at: Instant) -> Command:
    return Command(
        id=command_id,
        kind=ACTIONS[reply.action],
        actor=Actor(Role.DEPARTMENT, reply.person[:100], department),
        accepted_at=accepted_at,
        ticket=reply.ticket,
        reason=reply.reason,
        text=reply.text or None,
        proof=reply.proof,
    )


class Replies:
    """The edge that reads ``dept.<code>.replies`` and writes ``commands``."""

    takes_unreadable = True

    def __init__(self, settings: "Settings", trail: Trail | None = None) -> None:
        """Prepare; ``start`` connects."""
        self._settings, self._trail = settings, trail or Trail("replies")
        self._producer = self._new_producer()
        self._is_broken = False
        """Whether the producer has failed: a gap in its sequence, or an error that it calls fatal, never heals."""

    def _new_producer(self) -> AIOKafkaProducer:
        return clients.sender(self._settings, retry_backoff_ms=20)

    async def start(self) -> None:
        """Connect the producer."""
        await self._producer.start()

    async def stop(self) -> None:
        """Flush and let go."""
        await self._producer.stop()

    def _state_partition(self, slot: str) -> int:
        return (murmur2(slot.encode()) & 0x7FFFFFFF) % self._settings.partitions

    async def positions(self, slot: str) -> dict[str, int]:
        """Read where this slot stood; whoever opens first after a failure makes a new producer."""
        if self._is_broken:
            await self._renew()
        found: dict[str, int] = {}
        records, _ = await read_partition(self._settings, REPLIES_STATE.name, self._state_partition(slot))
        for key, value in records:
            if key == f"m:{slot}" and value is not None:
                with suppress(*UNREADABLE, ValueError):  # a stranger's; ours before it stands
                    found = codec.decode(value, Marker).positions
        return found

    async def _renew(self) -> None:
        fresh, self._is_broken = self._new_producer(), False
        try:
            await fresh.start()
        except BaseException:
            self._is_broken = True
            raise
        former, self._producer = self._producer, fresh
        with suppress(Exception):
            await asyncio.wait_for(former.stop(), 2)

    async def behind(self, slot: str, ours: int, begin: int) -> int:
        """Replies that nobody has read are gone for good: the partition stops."""
        return ours

    async def apply(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        """Write a command for each reply, then the position; a repeated command is known by its id."""
        try:
            await self._write(slot, records, positions)
        except KafkaFault:
            self._is_broken = True
            raise

    async def _write(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        prefix, partitions = self._settings.prefix, self._settings.partitions
        acks = []
        for record in records:
            command = command_of(record, record.topic.split(".")[1], record.appended_at)
            home = home_of(command.ticket) if command.ticket else ""
            acks.append(
                await self._producer.send(
                    prefix + COMMANDS.name,
                    codec.encode(command),
                    key=home.encode() or None,
                    partition=partition_of(home, partitions) if home else 0,
                    headers=list(self._trail.after(record)),
                )
            )
        for ack in acks:
            await ack
        self._trail.written()
        marker = Marker(at=records[-1].appended_at if records else 0, positions=positions)
        await self._producer.send_and_wait(
            prefix + REPLIES_STATE.name,
            codec.encode(marker),
            key=f"m:{slot}".encode(),
            partition=self._state_partition(slot),
        )
