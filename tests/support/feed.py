"""A city that goes on reporting and working whatever happens to the engine, and journals what the broker has taken."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from engine.kafka.broker_time import engine_now
from engine.kafka.reference import load_clock
from engine.kafka.send_journal import Journal, JournalEntry, digest
from engine.settings import Settings
from tests.support.poison import good, law_of
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision, facts_of
from topics.ids import home_of, murmur2, partition_of
from topics.registry import COMMANDS, DECISIONS, RAW
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role, Status

AGAIN, ASTRAY, REFERRED = 17, 23, 11
"""Every so-manyth report is sent twice, is sent to another partition than its key's, and every so-manyth offered ticket
is referred to another home."""


class Feed:
    """A sender that goes on until told to end: incidents at a rate, and people who take, refer, finish; departments
    that answer."""

    def __init__(
        self,
        settings: Settings,
        journal: Path,
        rate: float,
        seed: int,
        mixed: bool = True,
        occurred_at: str = "2026-03-02T00:00:00Z",
    ) -> None:
        """``mixed``: duplicates, wrong partitions, referrals and replies as well."""
        self._settings, self._rate, self.seed, self._mixed, self._occurred_at = (
            settings,
            rate,
            seed,
            mixed,
            occurred_at,
        )
        self.journal, self.replied = journal, journal.with_suffix(".replies.jsonl")
        """Two, since the product's own audit knows no journal of replies."""
        self.ending, self.going = asyncio.Event(), asyncio.Event()
        self.going.set()
        """Cleared: nobody reports or acts until it is set again."""
        self.counts: Counter[str] = Counter()

    @property
    def incidents(self) -> int:
        """Identities sent."""
        return self.counts["incidents"]

    @property
    def commands(self) -> int:
        """Commands and replies sent."""
        return self.counts["commands"] + self.counts["replies"]

    async def run(self) -> None:
        """Send until told to end, then wait for what is under way."""
        settings = self._settings
        # a sender as patient as an outage is long: what it gave up would be sent again by a person, under the same
        # identity
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, request_timeout_ms=120_000
        )
        watcher = AIOKafkaConsumer(
            settings.prefix + DECISIONS.name,
            bootstrap_servers=settings.kafka,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
        )
        await producer.start()
        await watcher.start()
        try:
            with Journal(self.journal) as journal, Journal(self.replied) as replies:
                self._journals = {"incident": journal, "command": journal, "reply": replies}
                watching = asyncio.create_task(self._watch(producer, watcher))
                await self._send_incidents(producer)
                watching.cancel()
                ended = (await asyncio.gather(watching, return_exceptions=True))[0]
                assert isinstance(ended, asyncio.CancelledError), ended
                await producer.flush()
        finally:
            await watcher.stop()
            await producer.stop()

    async def _send_incidents(self, producer: AIOKafkaProducer) -> None:
        next_at, n = time.monotonic(), self._settings.partitions
        for key, value, headers in good(self.seed, 10**9, occurred_at=self._occurred_at):
            if self.ending.is_set():
                return
            assert key is not None and value is not None
            home = (murmur2(key) & 0x7FFFFFFF) % n
            self.counts["incidents"] += 1
            count = self.counts["incidents"]
            astray = self._mixed and count % ASTRAY == 0
            for _ in range(2 if self._mixed and count % AGAIN == 0 else 1):
                ack = await producer.send(
                    self._settings.prefix + RAW.name, value, key=key, headers=headers, partition=(home + astray) % n
                )
                self._note(ack, "incident", key.decode(), RAW.name, value)
            next_at += 1 / self._rate
            if next_at - time.monotonic() > 0.02:
                await asyncio.sleep(next_at - time.monotonic())
            if not self.going.is_set():
                await asyncio.wait(
                    {asyncio.create_task(self.going.wait()), asyncio.create_task(self.ending.wait())},
                    return_when=asyncio.FIRST_COMPLETED,
                )
                next_at = time.monotonic()

    async def _watch(self, producer: AIOKafkaProducer, watcher: AIOKafkaConsumer) -> None:
        self._clock, law = await load_clock(self._settings), law_of("guancheng")
        parties = {share.code for share in law.shares}
        homes = sorted(
            {
                node.code
                for node in law.bundle.nodes
                if node.level == law.bundle.home_level and node.code != law.bundle.unplaced
            }
        )
        async for record in watcher:
            try:
                decision = codec.decode(record.value or b"", Decision)
            except (ValueError, RecursionError):
                continue  # a stranger's
            if not self.going.is_set():
                continue
            for change in decision.changes:
                ticket = codec.decode(bytes(change.after), Ticket) if change.after is not None else None
                if ticket is not None:
                    await self._act(producer, ticket, parties, homes)
            if self._mixed:
                for event in decision.events:
                    if (
                        event.type == "TaskDispatched"
                        and event.facts.get("event") == "dispatched"
                        and event.facts.get("child")
                    ):
                        await self._reply(producer, facts_of(event))

    async def _act(self, producer: AIOKafkaProducer, ticket: Ticket, parties: set[str], homes: list[str]) -> None:
        number = int(ticket.id.rsplit("-", 1)[1])
        if self._mixed and ticket.status is Status.OFFERED and number % REFERRED == 1:
            home = homes[(homes.index(ticket.home) + 1) % len(homes)] if ticket.home in homes else homes[0]
            await self._command(
                producer, ticket, CommandKind.REFER, Actor(Role.CHIEF, "chief-1"), home=home, reason="theirs"
            )
            return
        if number % 3 or ticket.party not in parties:
            return
        kind = {
            Status.OFFERED: CommandKind.ACCEPT,
            Status.ACCEPTED: CommandKind.START,
            Status.HANDLING: CommandKind.FINISH,
        }.get(ticket.status)
        if kind is None or (kind is CommandKind.FINISH and number % 2):
            return
        await self._command(
            producer, ticket, kind, Actor(Role(ticket.party), ticket.person), text="done", proof=("photo",)
        )

    async def _command(
        self, producer: AIOKafkaProducer, ticket: Ticket, kind: CommandKind, actor: Actor, **fields: Any
    ) -> None:
        command = Command(
            id=f"{ticket.id}:{kind}:{ticket.version}",
            kind=kind,
            actor=actor,
            accepted_at=engine_now(self._clock),
            ticket=ticket.id,
            **fields,
        )
        value, home = codec.encode(command), home_of(ticket.id)
        ack = await producer.send(
            self._settings.prefix + COMMANDS.name,
            value,
            key=home.encode(),
            partition=partition_of(home, self._settings.partitions),
        )
        self._note(ack, "command", command.id, COMMANDS.name, value)
        self.counts["commands"] += 1

    async def _reply(self, producer: AIOKafkaProducer, task: dict[str, Any]) -> None:
        """The department comes: its reply's position is the name of the command it becomes."""
        topic = f"dept.{task['department']}.replies"
        value = json.dumps(
            {"ticket": task["child"], "action": "report_in", "person": f"{task['department']}-1"}
        ).encode()
        ack = await producer.send(
            self._settings.prefix + topic,
            value,
            key=task["ticket"].encode(),
            partition=murmur2(task["ticket"].encode()) % 3,
        )
        self._note(ack, "reply", "", topic, value)
        self.counts["replies"] += 1

    def _note(self, ack: "asyncio.Future[Any]", kind: Any, name: str, topic: str, value: bytes) -> None:
        def done(future: "asyncio.Future[Any]") -> None:
            if not future.cancelled() and future.exception() is None:
                where = future.result()
                kept = JournalEntry(
                    id=name or f"{topic}:{where.partition}:{where.offset}",
                    kind="incident" if kind == "incident" else "command",
                    topic=topic,
                    partition=where.partition,
                    offset=where.offset,
                    sha256=digest(value),
                )
                self._journals[kind].add(kept)
            else:
                self.counts["given up"] += 1

        ack.add_done_callback(done)
