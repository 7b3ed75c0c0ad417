"""The decisions in log order, each with the tickets as they were before it; checks that versions follow each other."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

import msgspec

from engine.audit.cut import Cut
from engine.audit.findings import Findings
from engine.kafka.log_snapshot import Entry, Log
from topics.codec import decode
from topics.decision import Change, Decision, Event
from topics.events.types import EventType
from topics.ids import Instant
from topics.registry import DECISIONS, STATE
from topics.ticket import Ticket
from topics.unreadable import UNREADABLE

TOPIC = DECISIONS.name
TICKET = b"t:"


class Step(NamedTuple):
    """One decision."""

    entry: Entry
    decision: Decision
    after: dict[str, Ticket]
    """The tickets that it changed, as they are now."""

    def events(self, kind: EventType) -> Iterator[Event]:
        """Its events of one type."""
        return (event for event in self.decision.events if event.type == kind)


class Decided(NamedTuple):
    """What is asked of a decision once it has passed: kept whole, 200,000 of them take a gigabyte."""

    changes: bool
    """Whether it changed any ticket."""
    cause: str
    referred: tuple[str, ...]
    """Tickets that it sent on to another home."""


class History:
    """Folds the changes of the log; while a step is looked at, ``before`` still holds the tickets as they were."""

    def __init__(self, log: Log, findings: Findings) -> None:
        """Prepare; ``steps`` does the folding."""
        self._log = log
        self._findings = findings
        self.before: dict[str, Ticket] = {}
        """The newest image of each ticket; after the last step: how they all stand."""
        self.versions: dict[str, int] = {}
        self.settled_versions: dict[str, int] = {}
        """Versions that were on the log before the states were read."""
        self.images: dict[tuple[str, int], bytes | msgspec.Raw | None] = {}
        """After-image by ticket and version, a piece of its record and no copy; ``None``: forgotten."""
        self.decided: dict[str, Decided] = {}
        """Every decision by its id; of a repeated id the first."""
        self.appended: dict[str, int] = {}
        """When the broker took each."""
        self.settled: set[str] = set()
        """Ids of decisions that were on the log before the states were read."""
        self.first_at: dict[int, Instant] = {}
        self.last_at: dict[int, Instant] = {}
        self.cut = Cut(log)
        self.adopted: dict[str, int] = {}
        """Tickets of which no decision is left, as the state has them, and their partitions."""

    def begin_with(self, tickets: Mapping[str, tuple[int, Ticket, bytes]]) -> None:
        """Take tickets over as a signed-off snapshot has them: what follows is judged as on a whole log."""
        for name, (_, ticket, image) in tickets.items():
            self.before[name] = ticket
            self.versions[name] = self.settled_versions[name] = ticket.version
            self.images[name, ticket.version] = image

    def steps(self) -> Iterator[Step]:
        """Every decision once, in log order of its partition."""
        for entry in self._log.of(TOPIC):
            try:
                decision = decode(entry.value or b"", Decision)
                after = {c.ticket: decode(bytes(c.after), Ticket) for c in decision.changes if c.after is not None}
            except UNREADABLE as error:
                self._findings.add("state_errors", entry.id, f"cannot be read: {error}")
                continue
            if decision.id in self.decided:
                self._findings.add("doubled", decision.id, f"is decided again at {entry.id}")
                continue
            referred = tuple(event.ticket for event in decision.events if event.type == EventType.TICKET_REFERRED)
            self.decided[decision.id] = Decided(bool(decision.changes), decision.cause, referred)
            self.appended[decision.id] = entry.appended_ms
            if self._log.is_settled(entry):
                self.settled.add(decision.id)
            self._check_order(entry, decision)
            yield Step(entry, decision, after)
            for change in decision.changes:
                self._fold(entry, change, after.get(change.ticket))

    def adopt_state(self) -> None:
        """Where the log has been cut, tickets that nobody has decided about since stand as the state has them."""
        for entry in self._log.of(STATE.name):
            name = (entry.key or b"")[len(TICKET) :].decode(errors="replace")
            if (
                not (entry.key or b"").startswith(TICKET)
                or not self.cut.is_unknown(entry.partition)
                or name in self.versions
            ):
                continue
            self.before.pop(name, None)
            self.adopted.pop(name, None)
            if entry.value is not None:
                with suppress(*UNREADABLE):  # told where the states are compared
                    self.before[name] = decode(entry.value, Ticket)
                    self.adopted[name] = entry.partition

    def _check_order(self, entry: Entry, decision: Decision) -> None:
        if decision.at < self.last_at.get(entry.partition, 0):
            self._findings.add(
                "state_errors", decision.id, f"at {decision.at} lies before that of the decision in front of it"
            )
        self.first_at.setdefault(entry.partition, decision.at)
        self.last_at[entry.partition] = max(decision.at, self.last_at.get(entry.partition, 0))

    def _fold(self, entry: Entry, change: Change, after: Ticket | None) -> None:
        name, expected = change.ticket, self.versions.get(change.ticket, 0) + 1
        if change.version != expected and not (expected == 1 and self.cut.is_unknown(entry.partition)):
            self._findings.add(
                "state_errors", f"{name} v{change.version}", f"follows version {expected - 1} at {entry.id}"
            )
        if after is not None and (after.version, after.id) != (change.version, name):
            self._findings.add(
                "state_errors", f"{name} v{change.version}", f"holds the image of {after.id} v{after.version}"
            )
        self.versions[name] = change.version
        if self._log.is_settled(entry):
            self.settled_versions[name] = change.version
        self.images[name, change.version] = change.after
        if after is None:
            self.before.pop(name, None)
        else:
            self.before[name] = after
