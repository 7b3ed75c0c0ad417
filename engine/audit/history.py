"""The decisions in log order, each with the tickets as they were before it; checks that versions follow each other."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from engine.audit.findings import Findings
from engine.audit.log import Entry, Log
from topics.codec import decode
from topics.decision import Change, Decision, Event
from topics.ids import Instant
from topics.ticket import Ticket

TOPIC = "tickets.decisions"


class Step(NamedTuple):
    """One decision."""

    entry: Entry
    decision: Decision
    after: dict[str, Ticket]
    """The tickets that it changed, as they are now."""

    def events(self, kind: str) -> Iterator[Event]:
        """Its events of one type."""
        return (event for event in self.decision.events if event.type == kind)


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
        self.images: dict[tuple[str, int], bytes | None] = {}
        """After-image by ticket and version; ``None``: forgotten."""
        self.decided: dict[str, Decision] = {}
        """Every decision by its id; of a repeated id the first."""
        self.settled: set[str] = set()
        """Ids of decisions that were on the log before the states were read."""
        self.last_at: dict[int, Instant] = {}

    def steps(self) -> Iterator[Step]:
        """Every decision once, in log order of its partition."""
        for entry in self._log.of(TOPIC):
            try:
                decision = decode(entry.value or b"", Decision)
                after = {c.ticket: decode(bytes(c.after), Ticket) for c in decision.changes if c.after is not None}
            except msgspec.DecodeError as error:
                self._findings.add("state_errors", entry.id, f"cannot be read: {error}")
                continue
            if decision.id in self.decided:
                self._findings.add("doubled", decision.id, f"is decided again at {entry.id}")
                continue
            self.decided[decision.id] = decision
            if self._log.is_settled(entry):
                self.settled.add(decision.id)
            self._check_order(entry, decision)
            yield Step(entry, decision, after)
            for change in decision.changes:
                self._fold(entry, change, after.get(change.ticket))

    def _check_order(self, entry: Entry, decision: Decision) -> None:
        if decision.at < self.last_at.get(entry.partition, 0):
            self._findings.add("state_errors", decision.id, f"at {decision.at} lies before that of the decision in front of it")
        self.last_at[entry.partition] = max(decision.at, self.last_at.get(entry.partition, 0))

    def _fold(self, entry: Entry, change: Change, after: Ticket | None) -> None:
        name, expected = change.ticket, self.versions.get(change.ticket, 0) + 1
        if change.version != expected:
            self._findings.add("state_errors", f"{name} v{change.version}", f"follows version {expected - 1} at {entry.id}")
        if after is not None and (after.version, after.id) != (change.version, name):
            self._findings.add("state_errors", f"{name} v{change.version}", f"holds the image of {after.id} v{after.version}")
        self.versions[name] = change.version
        if self._log.is_settled(entry):
            self.settled_versions[name] = change.version
        self.images[name, change.version] = None if change.after is None else bytes(change.after)
        if after is None:
            self.before.pop(name, None)
        else:
            self.before[name] = after
