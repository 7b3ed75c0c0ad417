"""Every identity by its last verdict: ticket, rejected, held, or lost (issue: tickets + rejected + held =
incidents)."""

from collections import Counter, defaultdict

from engine.audit.findings import Findings
from engine.audit.history import History
from engine.kafka.log_snapshot import Entry, Log, source_identity
from topics.codec import decode
from topics.command import AGAIN
from topics.incident import Incident, IncidentReferred
from topics.registry import DECISIONS, INCIDENTS, INTAKE_STATE, RAW, REJECTED, STATE
from topics.rejected import Rejected
from topics.unreadable import UNREADABLE

REHOMED = "gw-rehomed"
"""Header of a record that intake moved to the partition of its key: a copy, not a second report."""

DUPLICATE, HELD = "duplicate", "held"
AGED = "aged"
"""What retention has left of an identity tells no verdict; it is not counted."""


class Verdicts:
    """What became of each identity, counted once however often it was sent, moved or referred."""

    def __init__(self, log: Log, history: History, findings: Findings) -> None:
        """Read what intake said; ``judge`` draws the balance once the history is folded."""
        self._log, self._history, self._findings = log, history, findings
        self.by_identity: dict[str, str] = {}
        """Identity -> ``ticket``, ``held``, a reject reason, or ``pending``."""
        self.duplicates = 0
        self._verdicts: Counter[str] = Counter()
        self._rejected: dict[str, Rejected] = {}
        self._reasons: dict[str, Rejected] = {}
        """Identity -> its last rejection that was not a mere repeat."""
        self._accepted: dict[str, list[Entry]] = defaultdict(list)
        self._referred: dict[str, Entry] = {}
        self._names: dict[str, str] = {}
        """Position on ``incidents.raw`` -> identity."""
        self._dispatched_to = log.positions(STATE.name, INCIDENTS.name)
        self._cut = history.cut
        self._read_raw()
        self._read_rejected()
        self._read_incidents()

    def _read_raw(self) -> None:
        for entry in self._log.of(RAW.name):
            moved = next((text for name, text in entry.headers if name == REHOMED and text), None)
            self._names[entry.id] = source_identity(entry) or (moved.decode(errors="replace") if moved else entry.id)

    def _read_rejected(self) -> None:
        for entry in self._log.of(REJECTED.name):
            try:
                rejected = decode(entry.value or b"", Rejected)
            except UNREADABLE as error:
                self._findings.add("state_errors", entry.id, f"cannot be read: {error}")
                continue
            if rejected.id in self._rejected:
                self._findings.add("doubled", rejected.id, f"is rejected again at {entry.id}")
                continue
            if not rejected.id.startswith(f"{RAW.name}:"):
                continue  # of another input: what a fetch could not read there has its decision
            self._rejected[rejected.id] = rejected
            name = self._names.get(rejected.id)
            if name is None and not self._cut.is_gone(rejected.id):
                self._findings.add("unexplained", rejected.id, "is rejected, but was never on incidents.raw")
            if name is None or name == rejected.id:
                self._names[rejected.id] = name = rejected.identity or rejected.id
            self._verdicts[name] += 1
            if rejected.reason == DUPLICATE:
                self.duplicates += 1
            elif name not in self._reasons or rejected.at >= self._reasons[name].at:
                self._reasons[name] = rejected

    def _read_incidents(self) -> None:
        for entry in self._log.of(INCIDENTS.name):
            if entry.unreadable:
                continue
            try:
                incident = decode(entry.value or b"", Incident | IncidentReferred)  # type: ignore[arg-type]
            except UNREADABLE as error:
                if entry.loose:
                    continue  # a stranger's: its decision says that it was refused
                self._findings.add("state_errors", entry.id, f"cannot be read: {error}")
                continue
            if any(name == AGAIN for name, _ in entry.headers):  # what was held is decided again: the same report
                if not isinstance(incident, IncidentReferred):
                    self._accepted[incident.identity].append(entry)
                continue
            if isinstance(incident, IncidentReferred):
                if incident.id in self._referred:
                    self._findings.add("doubled", incident.id, f"is referred again at {entry.id}")
                self._referred[incident.id] = entry
                continue
            if self._accepted[incident.identity]:
                self._findings.add("doubled", incident.identity, f"is accepted again at {entry.id}")
            else:
                self._verdicts[incident.identity] += 1
            self._accepted[incident.identity].append(entry)

    def judge(self) -> None:
        """Find the last verdict of each identity, and the records that left none."""
        owed, waiting, seen = self._owed()
        aged = self._aged()
        for name in sorted({*seen, *self._accepted, *(self._names[record] for record in self._rejected)}):
            self.by_identity[name] = verdict = self._verdict(name, waiting, aged)
            if verdict == AGED:
                continue
            if verdict == "lost":
                self._findings.add(
                    "lost", name, "was consumed by intake or dispatch and is neither ticket nor rejected nor held"
                )
            elif self._verdicts[name] < owed[name] and name not in aged:
                self._findings.add("lost", name, f"came {owed[name]} times and left {self._verdicts[name]} verdicts")
            if name not in seen and self._accepted.get(name) and not self._cut.since(RAW.name):
                self._findings.add("unexplained", name, "was accepted, but never was on incidents.raw")
        self._check_referrals()

    def _owed(self) -> tuple[Counter[str], set[str], set[str]]:
        """How many verdicts each identity is owed, which ones still wait for intake, and all that were sent."""
        consumed = self._log.positions(INTAKE_STATE.name, RAW.name)
        owed: Counter[str] = Counter()
        waiting: set[str] = set()
        seen: set[str] = set()
        for entry in self._log.of(RAW.name):
            name = self._names[entry.id]
            seen.add(name)
            is_copy = any(header == REHOMED for header, _ in entry.headers)
            if entry.offset >= consumed.get(entry.partition, 0):
                waiting.add(name)
                owed[name] -= is_copy
            else:
                owed[name] += not is_copy
        return owed, waiting, seen

    def _aged(self) -> set[str]:
        """Identities that came before what intake said of them begins: no verdict is no fault."""
        since = self._cut.since(INCIDENTS.name, REJECTED.name)
        return {self._names[entry.id] for entry in self._log.of(RAW.name) if entry.appended_ms < since}

    def _verdict(self, name: str, waiting: set[str], aged: set[str]) -> str:
        entries = self._accepted.get(name, ())
        if entries:
            return self._dispatched(entries)
        if name in self._reasons:
            return self._reasons[name].reason
        return "pending" if name in waiting else AGED if name in aged else "lost"

    def _dispatched(self, entries: list[Entry] | tuple[()]) -> str:
        """What dispatch made of an accepted incident."""
        decisions = [d for entry in entries if (d := self._history.decided.get(entry.id))]
        if any(decision.changes for decision in decisions):
            return "ticket"
        if any(decision.cause == HELD for decision in decisions):
            return HELD
        if any(e.offset >= self._dispatched_to.get(e.partition, 0) for e in entries):
            return "pending"
        return "lost" if any(self._cut.has_its_decision(entry) for entry in entries) else AGED

    def _check_referrals(self) -> None:
        """A referral is one cause in two places: the closing here and the record that files it there."""
        promised: dict[str, str] = {
            name: ticket for name, decision in self._history.decided.items() for ticket in decision.referred
        }
        since = self._cut.since(INCIDENTS.name)
        for decision, ticket in promised.items():
            if (
                self._history.appended[decision] >= since
                and decision not in self._referred
                and decision in self._history.settled
            ):
                self._findings.add("lost", decision, f"referred {ticket}, but no record on incidents carries it on")
        for decision, entry in self._referred.items():
            if decision not in promised and not self._cut.since(DECISIONS.name):
                self._findings.add(
                    "unexplained", entry.id, f"carries on a referral of {decision}, which the log does not hold"
                )

    def counts(self) -> tuple[int, Counter[str], int, int]:
        """Tickets, rejected by reason, held, pending."""
        total = Counter(self.by_identity.values())
        tickets, held, pending = total.pop("ticket", 0), total.pop(HELD, 0), total.pop("pending", 0)
        total.pop("lost", None)
        total.pop(AGED, None)
        return tickets, total, held, pending
