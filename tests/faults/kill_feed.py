"""A sender for workers that are killed: as much as both cores take, journalled as the broker takes it."""

import asyncio
import time
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from engine.calling_off import called_off
from engine.kafka.broker_time import engine_now
from engine.kafka.reference import load_clock
from engine.kafka.send_journal import Journal, JournalEntry, digest
from engine.settings import Settings
from tests.support.poison import good, law_of
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import home_of, murmur2, partition_of
from topics.registry import COMMANDS, DECISIONS, RAW
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role, Status

RATE, LONG_RATE, AHEAD = 90, 220, 4_000
"""Incidents a second, commands come on top: in ``make test``, and in ``make faults``, as much as both cores take. And
how many may wait undecided: a slow machine gets fewer, not later ones.
"""
SEED = 20260302


class Feed:
    """A sender that goes on until told to end, and journals what the broker has taken."""

    def __init__(self, settings: Settings, journal: Path, rate: int) -> None:
        self._settings, self.rate = settings, rate
        self.journal = journal
        self.ending = asyncio.Event()
        self.incidents = self.commands = self.decided = 0

    async def run(self) -> None:
        """Send incidents at a fixed rate and let somebody take, and half of the time finish, every third ticket."""
        settings = self._settings
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, request_timeout_ms=60_000
        )
        watcher = AIOKafkaConsumer(
            settings.prefix + DECISIONS.name,
            bootstrap_servers=settings.kafka,
            isolation_level="read_committed",
            fetch_max_wait_ms=100,
        )
        await producer.start()
        await watcher.start()
        try:
            with Journal(self.journal) as journal:
                self._journal = journal
                watching = asyncio.create_task(self._take_tickets(producer, watcher))
                await self._send_incidents(producer)
                await called_off(watching)
                await producer.flush()
        finally:
            await watcher.stop()
            await producer.stop()

    async def _send_incidents(self, producer: AIOKafkaProducer) -> None:
        began = time.monotonic()
        for key, value, headers in good(SEED, 10**9, occurred_at="2026-03-02T00:00:00Z"):
            if self.ending.is_set():
                return
            partition = (murmur2(key) & 0x7FFFFFFF) % self._settings.partitions
            ack = await producer.send(
                self._settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition
            )
            self._note(ack, "incident", key.decode(), RAW.name, value)
            self.incidents += 1
            ahead = self.incidents / self.rate - (time.monotonic() - began)
            if ahead > 0.02:
                await asyncio.sleep(ahead)
            while self.incidents - self.decided > AHEAD and not self.ending.is_set():
                await asyncio.sleep(0.1)

    async def _take_tickets(self, producer: AIOKafkaProducer, watcher: AIOKafkaConsumer) -> None:
        clock, law = await load_clock(self._settings), law_of("guancheng")
        async for record in watcher:
            decision = codec.decode(record.value, Decision)
            self.decided += decision.cause == "incident"
            for change in decision.changes:
                ticket = codec.decode(bytes(change.after), Ticket) if change.after is not None else None
                if (
                    ticket is None
                    or int(ticket.id.rsplit("-", 1)[1]) % 3
                    or ticket.party not in {share.code for share in law.shares}
                ):
                    continue
                kind = {
                    Status.OFFERED: CommandKind.ACCEPT,
                    Status.ACCEPTED: CommandKind.START,
                    Status.HANDLING: CommandKind.FINISH,
                }.get(ticket.status)
                if kind is None or (kind is CommandKind.FINISH and int(ticket.id.rsplit("-", 1)[1]) % 2):
                    continue
                command = Command(
                    id=f"{ticket.id}:{kind}:{ticket.version}",
                    kind=kind,
                    actor=Actor(Role(ticket.party), ticket.person),
                    accepted_at=engine_now(clock),
                    ticket=ticket.id,
                    text="done",
                    proof=("photo",),
                )
                value, home = codec.encode(command), home_of(ticket.id)
                partition = partition_of(home, self._settings.partitions)
                ack = await producer.send(
                    self._settings.prefix + COMMANDS.name, value, key=home.encode(), partition=partition
                )
                self._note(ack, "command", command.id, COMMANDS.name, value)
                self.commands += 1

    def _note(self, ack: "asyncio.Future[Any]", kind: Any, name: str, topic: str, value: bytes) -> None:
        def done(future: "asyncio.Future[Any]") -> None:
            if not future.cancelled() and future.exception() is None:
                where = future.result()
                self._journal.add(
                    JournalEntry(
                        id=name,
                        kind=kind,
                        topic=topic,
                        partition=where.partition,
                        offset=where.offset,
                        sha256=digest(value),
                    )
                )

        ack.add_done_callback(done)
