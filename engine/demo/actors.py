"""Runs the demonstration's people against a stack: reports in, commands, department replies; a line for each thing that
happens."""

import asyncio
import heapq
import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from aiokafka import AIOKafkaProducer

from engine.demo.day import DAY_MS, OPENS_MS, Report, day_of
from engine.demo.people import Act, answers, next_act
from engine.kafka import clients
from engine.kafka.broker_time import engine_now
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.newer_records import read_sieved
from engine.kafka.reference import Reference
from engine.kafka.send_journal import Journal, JournalEntry, digest
from engine.settings import Settings
from engine.views.rows import read_foldable
from rules.law.compiled import Law
from topics import codec
from topics.command import Command
from topics.decision import Decision
from topics.departments import ANY_TASKS, replies_of
from topics.envelope import incident_message
from topics.events.types import EventType
from topics.ids import Instant, home_of, murmur2, partition_of
from topics.registry import COMMANDS, DECISIONS, RAW
from topics.task import Task
from topics.ticket import Ticket

Line = Callable[[str], None]

TOLD: dict[str, str] = {
    EventType.TICKET_FILED: "filed",
    EventType.TICKET_MOVED: "moved up",
    EventType.WHISTLE_RAISED: "whistle",
    EventType.DEPARTMENT_REPORTED_IN: "reported in",
    EventType.CLOCK_BREACHED: "limit broken",
    EventType.CLOCK_AT_RISK: "at risk",
    EventType.TICKET_FINISHED: "finished",
    EventType.TICKET_CLOSED: "closed",
    EventType.SUPERVISION_ORDERED: "supervised",
}
"""Events worth a line, and the word for each."""


class Actors:
    """Everybody who acts in the demonstration: one queue of things to do, ordered by engine time."""

    def __init__(self, settings: Settings, reference: Reference, seed: int, *, line: Line) -> None:
        """Prepare; ``run`` connects."""
        assert reference.clock is not None and reference.current is not None
        self._settings, self._clock, self._seed, self._line = settings, reference.clock, seed, line
        self._law = Law(reference.current, reference.bundles[reference.current])
        self._zone = ZoneInfo(self._law.bundle.timezone)
        self._queue: list[tuple[Instant, int, Report | Act | tuple[str, dict[str, Any]]]] = []
        self._versions: dict[str, int] = {}
        self._order = itertools.count()
        self._sent = itertools.count()
        self._wake = asyncio.Event()

    def _now(self) -> Instant:
        return engine_now(self._clock)

    def _put(self, at: Instant, thing: Report | Act | tuple[str, dict[str, Any]]) -> None:
        heapq.heappush(self._queue, (at, next(self._order), thing))
        self._wake.set()

    async def run(self) -> None:
        """Act until cancelled."""
        settings = self._settings
        producer = clients.sender(settings)
        watcher = clients.watcher(
            settings,
            settings.prefix + DECISIONS.name,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        departments = clients.watcher(
            settings,
            group_id=settings.prefix + "demo-departments",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        departments.subscribe(pattern=f"^{re.escape(settings.prefix)}{ANY_TASKS}$")
        three = (producer, watcher, departments)
        with Journal(settings.data_dir / "journals" / "demo.jsonl") as self._journal:
            await asyncio.gather(*(client.start() for client in three))
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._tell_days())
                    group.create_task(self._watch(watcher))
                    group.create_task(self._be_departments(departments))
                    group.create_task(self._act(producer))
            finally:
                await asyncio.gather(*(client.stop() for client in three))

    async def _tell_days(self) -> None:
        """Schedule day after day, each when it begins."""
        start = datetime.fromtimestamp(self._clock.start_at / 1000, self._zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        first = int(start.timestamp() * 1000)
        number = max(0, (self._now() - first) // DAY_MS)
        while True:
            midnight = first + number * DAY_MS
            for report in day_of(self._law, midnight, number, self._seed):
                if report.at >= self._now() - 60_000:
                    self._put(report.at, report)
            number += 1
            await asyncio.sleep(
                max(
                    1.0,
                    (self._clock.broker(first + number * DAY_MS + OPENS_MS) - self._clock.broker(self._now())) / 1000,
                )
            )

    async def _watch(self, consumer: LogConsumer) -> None:
        """Read the log as operators do, and let people answer to what they see."""
        async for record in consumer:
            decision = read_sieved(DECISIONS.name, record, Decision, read_foldable)
            if decision is None:
                continue
            self._tell(decision)
            for change in decision.changes:
                self._versions[change.ticket] = change.version
                if change.after is not None:
                    act = next_act(self._law, codec.decode(bytes(change.after), Ticket), decision.at, self._seed)
                    if act is not None:
                        self._put(act.at, replace(act, version=change.version))

    def _tell(self, decision: Decision) -> None:
        for event in decision.events:
            word = TOLD.get(event.type)
            if word is not None:
                moment = datetime.fromtimestamp(decision.at / 1000, self._zone).strftime("%m-%d %H:%M")
                facts = " ".join(f"{name}={value}" for name, value in sorted(event.facts.items()) if name in SHOWN)
                self._line(f"{moment}  {event.ticket:<34} {word:<13} {facts}")

    async def _be_departments(self, consumer: LogConsumer) -> None:
        """Answer tasks as departments do: on their own reply topics, some late, some never."""
        async for record in consumer:
            task = read_sieved(record.topic, record, Task)
            if task is None:
                continue
            people = [entry.person for entry in self._law.people.in_role("department") if entry.org == task.department]
            for delay, action in answers(task.department, task.role, task.event, self._seed, task.ticket, task.urgency):
                reply: dict[str, Any] = {
                    "ticket": task.child or task.ticket,
                    "action": action,
                    "person": people[0] if people else task.department,
                }
                if action in ("report_in", "finish"):
                    reply |= {"proof": [f"photo:{task.id}"], "text": f"{task.department} was there"}
                self._put(self._now() + delay, (task.department, reply))

    async def _act(self, producer: AIOKafkaProducer) -> None:
        """Do each thing when its moment has come."""
        while True:
            now = self._now()
            while self._queue and self._queue[0][0] <= now:
                await self._do(producer, heapq.heappop(self._queue)[2])
            self._wake.clear()
            wait = (self._clock.broker(self._queue[0][0]) - self._clock.broker(now)) / 1000 if self._queue else 1.0
            try:
                async with asyncio.timeout(min(1.0, max(0.01, wait))):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _journalled(
        self, kind: Literal["incident", "command"], name: str, topic: str, value: bytes, ack: "asyncio.Future[Any]"
    ) -> None:
        """Note a record in the journal once the broker has it."""

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

    async def _do(self, producer: AIOKafkaProducer, thing: Report | Act | tuple[str, dict[str, Any]]) -> None:
        settings = self._settings
        if isinstance(thing, Report):
            key, value, headers = incident_message(thing.source, thing.external_id, thing.data, time=None)
            partition = (murmur2(key) & 0x7FFFFFFF) % settings.partitions
            ack = await producer.send(settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition)
            self._journalled("incident", key.decode(), RAW.name, value, ack)
        elif isinstance(thing, Act):
            if self._versions.get(thing.ticket, thing.version) != thing.version:
                return
            number = next(self._sent)
            command = Command(
                id=f"demo:{thing.ticket}:{thing.kind}:{self._clock.origin_at}:{number}",
                kind=thing.kind,
                actor=thing.actor,
                accepted_at=self._now(),
                ticket=thing.ticket,
                **thing.fields,
            )
            home = home_of(thing.ticket)
            value = codec.encode(command)
            partition = partition_of(home, settings.partitions)
            ack = await producer.send(settings.prefix + COMMANDS.name, value, key=home.encode(), partition=partition)
            self._journalled("command", command.id, COMMANDS.name, value, ack)
        else:
            department, reply = thing
            await producer.send(
                settings.prefix + replies_of(department),
                msgspec.json.encode(reply),
                key=reply["ticket"].split("/")[0].encode(),
            )


SHOWN = frozenset(
    {"category", "party", "urgency", "from_tier", "to_tier", "departments", "code", "clock", "rung", "reason", "person"}
)
"""Facts shown on a line."""
