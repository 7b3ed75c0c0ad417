"""Feeds a plan: each step when the engine clock reaches it, each closing once the filing of its row is decided."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.feed.mapped import Closing, Mapped
from engine.feed.plan import Plan, Step
from engine.feed.sender import Sender, TooLarge
from engine.feed.watch import Watch
from engine.kafka.broker_time import engine_now
from engine.kafka.send_journal import Journal
from topics.codec import encode
from topics.command import Actor, Command
from topics.envelope import Headers, incident_message
from topics.ids import Instant, home_of, murmur2, partition_of, record_id
from topics.reference import EngineClock
from topics.registry import COMMANDS, RAW
from topics.rejected import FAULT_HEADER, RejectReason, SaidFault
from topics.vocabulary import Role

if TYPE_CHECKING:
    from engine.settings import Settings

ELSEWHERE_MS = 7 * 86_400_000
"""An engine clock further than this from the data's time is elsewhere: closings are then accepted now."""

GIVE_UP_SECONDS = 60.0
"""How long the last decisions are waited for while nothing new comes."""

LOOK_SECONDS = 0.2
"""How often waiting looks around: a clock may be sped up, a watch may have ended."""


@dataclass
class Outcome:
    """What was sent, and what became of it."""

    rows: int = 0
    closings: int = 0
    sent: int = 0
    acked: int = 0
    decided: int = 0
    tickets: int = 0
    """Rows of this feed that have a ticket, from an earlier feed or this one."""
    rejected: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    """Commands that an earlier feed had sent already."""
    dropped: int = 0
    """Closings of rows that were rejected: there is no ticket to close."""
    too_large: list[str] = field(default_factory=list)
    undecided: int = 0
    next_at: Instant | None = None
    """The moment that is waited for, if any."""


class Feed:
    """One run of one plan."""

    def __init__(
        self,
        settings: "Settings",
        plan: Plan,
        clock: EngineClock,
        *,
        paced: bool,
        sender: Sender,
        watch: Watch,
        progress: Callable[[Outcome], None],
    ) -> None:
        """Take what is needed; not ``paced``, or on a clock of the wall's own speed: everything at once."""
        self._settings, self._plan, self._clock, self._sender, self._watch = settings, plan, clock, sender, watch
        self._paced = paced and clock.speed != 1  # else one row of the year 2062 were waited for until then
        self._tell = progress
        self.outcome = Outcome(rows=plan.rows, closings=plan.closings)
        self._positions: dict[str, list[int | None]] = {}
        """Identity -> offset of each of its records sent here, ``None`` until acknowledged."""
        self._known_before = set(watch.tickets)
        self._waiting: dict[str, list[Closing]] = defaultdict(list)
        """Closings of rows whose filing is not decided yet."""
        self._rows: dict[str, Mapped] = {}
        self._needed: dict[str, int] = {}
        """Command id -> how many decisions on it must be seen until it is decided."""

    async def run(self) -> Outcome:
        """Send all steps and wait until everything is decided.

        Raises:
            DependencyDown: Kafka did not take a record.
        """
        for step in self._plan.steps:
            await self._until(step.at)
            await (self._report(step.row) if step.closing is None else self._close(step))
        await self._settle()
        return self.outcome

    async def _until(self, at: Instant) -> None:
        """Wait until engine time reaches ``at``; meanwhile closings go out as their filings are decided."""
        while self._paced and (left := (at - engine_now(self._clock)) / self._clock.speed / 1000) > 0:
            self.outcome.next_at = at
            await self._look(min(left, LOOK_SECONDS))
        self.outcome.next_at = None
        if self._watch.news.is_set() or self.outcome.sent % 256 == 0:
            await self._look(0)

    async def _look(self, seconds: float) -> None:
        """Wait for news, at most so long, and act on it."""
        if seconds > 0 and not self._watch.news.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._watch.news.wait()
        self._watch.check()
        if self._watch.news.is_set():
            self._watch.news.clear()
            await self._send_closings()
        self.outcome.acked = self._sender.acked
        self._tell(self.outcome)

    async def _report(self, row: Mapped) -> None:
        name = row.identity
        key, value, headers = message_of(row)
        partition = (murmur2(key) & 0x7FFFFFFF) % self._settings.partitions
        places = self._positions.setdefault(name, [])
        index = len(places)
        places.append(None)

        def acked(offset: int) -> None:
            places[index] = offset

        self._rows[name] = row
        try:
            await self._sender.send("incident", name, RAW.name, partition, key, value, headers, acked)
        except TooLarge as error:
            places.pop()
            self.outcome.too_large.append(f"row {row.number} ({name}): {error}")
            return
        self.outcome.sent += 1

    async def _close(self, step: Step) -> None:
        assert step.closing is not None
        self._waiting[step.row.identity].append(step.closing)
        self._rows.setdefault(step.row.identity, step.row)
        if step.row.identity in self._watch.tickets and step.row.identity in self._positions:
            await self._send_closings_of(step.row.identity)

    async def _send_closings(self) -> None:
        for name in [name for name in self._waiting if name in self._positions]:
            if name in self._watch.tickets:
                await self._send_closings_of(name)
            elif self._is_turned_down(name):
                self.outcome.dropped += len(self._waiting.pop(name))

    def _reasons(self, name: str) -> list[str | None]:
        """Why each record of this identity was rejected; ``None`` where it was not, or nothing is known yet."""
        partition = (murmur2(name.encode()) & 0x7FFFFFFF) % self._settings.partitions
        return [
            None if offset is None else self._watch.rejected.get(record_id(RAW.name, partition, offset))
            for offset in self._positions[name]
        ]

    def _is_turned_down(self, name: str) -> bool:
        """Whether every record of this identity was rejected, and not as a mere repeat of one that was taken."""
        return all(reason is not None and reason != RejectReason.DUPLICATE for reason in self._reasons(name))

    async def _send_closings_of(self, name: str) -> None:
        ticket = self._watch.tickets[name]
        for closing in self._waiting.pop(name):
            command = self._command(self._rows[name], closing, ticket)
            home = home_of(ticket)
            self._needed[command.id] = self._watch.answered[command.id] + 1
            self.outcome.repeated += self._watch.answered[command.id] > 0
            partition = partition_of(home, self._settings.partitions)
            await self._sender.send("command", command.id, COMMANDS.name, partition, home.encode(), encode(command))
            self.outcome.commands += 1

    def _command(self, row: Mapped, closing: Closing, ticket: str) -> Command:
        """The closing as a command; its id says which closing of which row it is, so that sending it twice is
        harmless."""
        now = engine_now(self._clock)
        at = closing.at if 0 <= now - closing.at <= ELSEWHERE_MS else now
        name = f"feed:{row.identity}:{closing.kind.value}"
        return Command(
            id=name,
            kind=closing.kind,
            actor=Actor(Role.SOURCE, row.source),
            accepted_at=at,
            ticket=ticket,
            identity=row.identity,
            reason=closing.reason,
        )

    async def _settle(self) -> None:
        """Wait until all that was sent is decided, or nothing has come for a while."""
        await self._sender.drain()
        before, since = -1, time.monotonic()
        while True:
            await self._look(LOOK_SECONDS)
            self._count()
            outcome = self.outcome
            if not outcome.undecided:
                return
            if outcome.decided != before:
                before, since = outcome.decided, time.monotonic()
            if time.monotonic() - since > GIVE_UP_SECONDS:
                return

    def _count(self) -> None:
        """See what became of each record sent."""
        outcome = self.outcome
        outcome.rejected.clear()
        outcome.refused.clear()
        decided = tickets = 0
        for name in self._positions:
            reasons = self._reasons(name)
            outcome.rejected.update(reason for reason in reasons if reason is not None)
            accepted = name in self._watch.tickets and name not in self._known_before
            tickets += name in self._watch.tickets
            decided += min(len(reasons), sum(reason is not None for reason in reasons) + accepted)
        answered = sum(self._watch.answered[name] >= count for name, count in self._needed.items())
        outcome.refused.update(reason for name in self._needed if (reason := self._watch.refused(name)) is not None)
        outcome.decided, outcome.tickets = decided + answered, tickets
        outcome.undecided = outcome.sent + outcome.commands - outcome.decided + sum(map(len, self._waiting.values()))
        outcome.acked = self._sender.acked


def message_of(row: Mapped) -> tuple[bytes, bytes, Headers]:
    """The record of a row: key, value, headers; of one that could not be mapped with what is wrong with it."""
    key, value, headers = incident_message(row.source, row.id, row.data)
    if row.faults:
        more = f"; and {len(row.faults) - 1} more" if len(row.faults) > 1 else ""
        said = SaidFault(row.faults[0].column, f"row {row.number}: {row.faults[0]}{more}"[:300])
        headers.append((FAULT_HEADER, encode(said)))
    return key, value, headers


async def feed_plan(
    settings: "Settings",
    plan: Plan,
    clock: EngineClock,
    paced: bool,
    journal: Journal,
    progress: Callable[[Outcome], None],
) -> Outcome:
    """Connect, feed a plan to its end, and disconnect with the journal complete, also when interrupted.

    Raises:
        DependencyDown: Kafka cannot be reached, or did not take a record.
    """
    sender, watch = Sender(settings, journal), Watch(settings)
    try:
        await sender.start()
        await watch.start()
        return await Feed(settings, plan, clock, paced=paced, sender=sender, watch=watch, progress=progress).run()
    finally:
        await watch.stop()
        await sender.stop()
        journal.close()
