"""What a partition remembers: tickets, the split's books, day counters, commands seen, and which clock is due next."""

import heapq
from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec

from rules import clocks
from rules.case import Draft
from rules.law import Law
from topics import codec
from topics.command import Command
from topics.decision import Decision
from topics.ids import Instant
from topics.incident import AnyIncident, IncidentReferred
from topics.ticket import CommandSeen, DayCounter, Quota, Ticket

COMMANDS_KEPT_MS = 35 * 86_400_000
"""How long a command id is remembered, in engine time."""


class IncidentCause(msgspec.Struct, frozen=True):
    """An incident was read."""

    id: str
    incident: AnyIncident


class CommandCause(msgspec.Struct, frozen=True):
    """A command was read; ``appended_at`` is when the broker had it, in engine time."""

    id: str
    command: Command
    appended_at: Instant


class ClockCause(msgspec.Struct, frozen=True):
    """A rung of a ticket's clock is due."""

    ticket: str
    kind: str
    number: str
    rung: int
    due_at: Instant


class Outcome(msgspec.Struct, frozen=True):
    """What a cause leads to: the record for the log, and what the book and its topic take over."""

    decision: Decision
    tickets: tuple[tuple[str, Ticket | None], ...]
    state: tuple[tuple[bytes, bytes | None], ...]
    referrals: tuple[tuple[str, IncidentReferred], ...] = ()
    quota: Quota | None = None
    counter: tuple[str, DayCounter] | None = None
    seen: tuple[str, CommandSeen] | None = None
    expired: tuple[str, ...] = ()
    pack: str | None = None


class Book:
    """One partition's memory. ``decide`` reads it; only ``apply`` and ``load`` change it."""

    def __init__(self, laws: Mapping[str, Law]) -> None:
        """Start empty; ``laws`` by ``<name>@<hash>`` may grow later."""
        self.laws = laws
        self.tickets: dict[str, Ticket] = {}
        self.quotas: dict[str, Quota] = {}
        self.counters: dict[str, DayCounter] = {}
        self.seen: dict[str, CommandSeen] = {}
        self._seen_at: deque[tuple[Instant, str]] = deque()
        """The same in order of time, oldest first."""
        self._changed: dict[bytes, bytes | None] = {}
        self._counted: dict[str, None] = {}
        self._numbered: dict[str, None] = {}
        """Homes and days whose counts have changed since the last ``flush``, in order."""
        self._stores: dict[bytes, tuple[dict[str, Any], type[Any]]] = {
            b"t:": (self.tickets, Draft),
            b"q:": (self.quotas, Quota),
            b"n:": (self.counters, DayCounter),
            b"c:": (self.seen, CommandSeen),
        }
        self.pack: str | None = None
        self._due: list[tuple[Instant, str]] = []

    def load(self, key: bytes, value: bytes | None) -> None:
        """Fold one record of ``tickets.state``."""
        kind, name = key[:2], key[2:].decode()
        store, record = self._stores[kind]
        if value is None:
            store.pop(name, None)
        else:
            store[name] = codec.decode(value, record)

    def opened(self, pack: str | None, at: Instant) -> None:
        """Everything is loaded: take the pack in force and build the index of clocks."""
        self.pack = pack
        self._seen_at = deque(sorted((seen.at, name) for name, seen in self.seen.items()))
        self._due = [(ticket.next_due_at, ticket.id) for ticket in self.tickets.values() if ticket.next_due_at is not None]
        heapq.heapify(self._due)

    def first_decision(self, command_id: str, at: Instant) -> str | None:
        """Name the decision that counted for a command id, if it was seen within the last 35 days."""
        seen = self.seen.get(command_id)
        return None if seen is None or at - seen.at > COMMANDS_KEPT_MS else seen.decision

    def expired(self, at: Instant) -> tuple[str, ...]:
        """Name command ids to forget now: the oldest, a few at a time, so that no cause pays for many."""
        if not self._seen_at or at - self._seen_at[0][0] <= COMMANDS_KEPT_MS:
            return ()
        return tuple(name for seen_at, name in islice(self._seen_at, 8) if at - seen_at > COMMANDS_KEPT_MS)

    def next_due(self) -> Instant | None:
        """Tell when the earliest rung is due; entries that a change has made void are dropped on the way."""
        due, tickets = self._due, self.tickets
        while due:
            at, name = due[0]
            ticket = tickets.get(name)
            if ticket is not None and ticket.next_due_at == at:
                return at
            heapq.heappop(due)
        return None

    def first_due(self, until: Instant) -> ClockCause | None:
        """Name the earliest rung due at or before ``until``; of the same moment the ticket first in order of its id."""
        at = self.next_due()
        if at is None or at > until:
            return None
        ticket = self.tickets[self._due[0][1]]
        found = clocks.first_due(self.laws[ticket.pack], ticket.clocks, ticket.urgency)
        assert found is not None
        due_at, rung, _, number, clock = found
        return ClockCause(ticket.id, clock.kind, number, rung, due_at)

    def flush(self) -> list[tuple[bytes, bytes | None]]:
        """List the latest records for ``tickets.state`` of all that was applied since the last time: one of each key.

        A step commits as a whole, so what lay between its first and its last state of a key is of no use to anybody.
        """
        changed, self._changed = self._changed, {}
        quotas, self._counted = self._counted, {}
        days, self._numbered = self._numbered, {}
        return [
            *changed.items(),
            *((b"q:" + home.encode(), codec.encode(self.quotas[home])) for home in quotas),
            *((b"n:" + name.encode(), codec.encode(self.counters[name])) for name in days),
        ]

    def apply(self, outcome: Outcome) -> None:
        """Take over what was decided."""
        self._changed.update(outcome.state)
        if outcome.quota is not None:
            home = outcome.quota.home
            self.quotas[home], self._counted[home] = outcome.quota, None
        if outcome.counter is not None:
            name, counter = outcome.counter
            self.counters[name], self._numbered[name] = counter, None
        for name, ticket in outcome.tickets:
            if ticket is None:
                self.tickets.pop(name, None)
                continue
            before = self.tickets.get(name)
            self.tickets[name] = ticket
            if ticket.next_due_at is not None and (before is None or before.next_due_at != ticket.next_due_at):
                heapq.heappush(self._due, (ticket.next_due_at, name))
        for name in outcome.expired:
            self._seen_at.popleft()
            self.seen.pop(name, None)
        if outcome.seen is not None:
            name, seen = outcome.seen
            self.seen[name] = seen
            self._seen_at.append((seen.at, name))
        if outcome.pack is not None:
            self.pack = outcome.pack
