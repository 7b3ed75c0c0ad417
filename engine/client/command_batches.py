"""Sends commands and waits for their decisions: one, one to every partition, or one about every open ticket."""

import logging
import time
from collections.abc import AsyncIterator, Sequence

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from engine.kafka import clients
from engine.kafka.broker_time import off_by
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.newer_records import read_own, read_sieved
from engine.settings import Settings
from engine.views.from_state import image_of
from rules.masking.masker import masked_command, masked_name
from rules.ticket.draft import Draft
from topics import codec
from topics.command import Command
from topics.decision import Decision
from topics.ids import home_of
from topics.registry import COMMANDS, DECISIONS, STATE
from topics.unreadable import UNREADABLE

log = logging.getLogger(__name__)

AT_ONCE = 2_000
"""Commands under way at a time: no flood, and what was asked can be seen to be done."""


class _Answer(msgspec.Struct, frozen=True):
    """Of a decision, which command it answers: others pass by unread."""

    command_id: str | None = None
    actor: str | None = None


async def give_many(
    settings: Settings, commands: Sequence[tuple[int, Command]], within: float = 30.0
) -> AsyncIterator[Decision]:
    """Send commands to their partitions and yield each one's decision; stops when none has come for so many seconds.

    A command stays sent: its decision will come, and the same command given again returns it.
    """
    tps = [
        TopicPartition(settings.prefix + DECISIONS.name, partition)
        for partition in sorted({partition for partition, _ in commands})
    ]
    watcher = clients.watcher(settings, fetch_max_wait_ms=50)
    producer = clients.sender(settings)
    await watcher.start()
    try:
        await producer.start()
        watcher.assign(tps)
        for tp, end in (await watcher.end_offsets(tps)).items():
            watcher.seek(tp, end)
        for first in range(0, len(commands), AT_ONCE):
            batch = commands[first : first + AT_ONCE]
            await _send(producer, settings.prefix + COMMANDS.name, batch)
            waiting = {
                (command.id, masked_name(f"{command.actor.role}:{command.actor.person}"), partition)
                for partition, command in batch
            }
            async for decision in _decided(watcher, waiting, within):
                yield decision
    finally:
        await watcher.stop()
        await producer.stop()


async def _send(producer: AIOKafkaProducer, topic: str, batch: Sequence[tuple[int, Command]]) -> None:
    """Send commands and wait until the broker has them; says so where its clock is far from this machine's."""
    acks, sent = [], time.time()
    for partition, command in batch:
        key, value = home_of(command.ticket).encode() if command.ticket else None, codec.encode(masked_command(command))
        acks.append(await producer.send(topic, value, key=key, partition=partition))
    await producer.flush()
    if acks and (off := off_by(sent, time.time(), (await acks[0]).timestamp / 1000)) is not None:
        log.warning(
            "this machine's clock is %+.1f s off the broker's: what is given here counts by the broker's, at"
            " most 15 minutes before it had it; mend the clock",
            off,
        )


async def _decided(watcher: LogConsumer, waiting: set[tuple[str, str, int]], within: float) -> AsyncIterator[Decision]:
    deadline = time.monotonic() + within
    while waiting and time.monotonic() < deadline:
        for tp, records in (await watcher.getmany(timeout_ms=300)).items():
            for record in records:
                answer = _answer(record.value)
                key = (
                    None if answer is None else (answer.command_id or "", masked_name(answer.actor or ""), tp.partition)
                )
                decision = read_sieved(DECISIONS.name, record, Decision) if key in waiting else None
                if key is not None and decision is not None:
                    waiting.discard(key)
                    deadline = time.monotonic() + within
                    yield decision


def _answer(value: bytes | None) -> _Answer | None:
    """Read which command a decision answers; what is no decision answers none."""
    try:
        return codec.decode(value or b"", _Answer)
    except UNREADABLE:
        return None


async def open_tickets(settings: Settings) -> AsyncIterator[tuple[int, Draft]]:
    """Read every open ticket as it stands in ``tickets.state``, with its partition."""
    for partition in range(settings.partitions):
        for name, image in (await image_of(settings, partition)).tickets.items():
            ticket = read_own(f"{STATE.name}/{partition} t:{name}", image, Draft)
            if ticket.is_open:
                yield partition, ticket
