"""The split worked out again from the facts of each filing, in exact fractions (LAW 3, 分流 1234)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from engine.audit.deadlines import Deadlines
from engine.audit.findings import Findings
from engine.audit.history import History, Step
from engine.kafka.log_snapshot import Log
from topics.codec import decode
from topics.decision import Event
from topics.events.types import EventType
from topics.pack import PackBundle
from topics.registry import STATE
from topics.ticket import Quota


@dataclass
class Books:
    """One home in one window: what each party got and what it should have had."""

    count: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    target: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    fully_eligible: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Of ``count``: those for which every party was eligible."""
    nominal: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    """What it should have had of the split and of what nobody was eligible for, had everybody been eligible."""
    emergency: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    """What it would have had of life and property, which goes past the split."""
    manual: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Given to it by hand, less taken from it."""

    def drift(self, party: str) -> dict[str, Fraction]:
        """By how much it is off its nominal share of all tickets, by cause; the four add up (LAW 3)."""
        return {
            "eligibility": self.target[party] - self.nominal[party], "emergency": -self.emergency[party],
            "manual": Fraction(self.manual[party]), "allocation": self.count[party] - self.target[party],
        }  # fmt: skip


class Shares:
    """Re-derives who should have got each ticket of the split."""

    def __init__(self, deadlines: Deadlines, history: History, findings: Findings) -> None:
        """Start with empty books."""
        self._history = history
        self._packs, self._findings = deadlines, findings
        self._books: dict[tuple[str, str], Books] = {}
        self._partial: set[tuple[str, str]] = set()
        """Windows that had begun before the first decision that is left: their books cannot be followed."""
        self._window_of: dict[str, str] = {}
        """Home -> its window now."""

    def see(self, step: Step) -> None:
        """Book the filings of one decision that went through the split, and beside them what went past it."""
        for event in step.events(EventType.TICKET_REASSIGNED):
            self._by_hand(step, event)
        for event in step.events(EventType.TICKET_FILED):
            if event.facts.get("counted") in ("split", "direct", "emergency"):
                self._window_of[step.decision.home] = str(event.facts["window"])
                self._nominal(step, event)
            if event.facts.get("counted") == "split":
                ticket = step.after.get(event.ticket)
                bundle = self._packs.bundle(ticket.pack) if ticket else None
                if bundle is None:
                    self._findings.add("split_errors", event.ticket, "was split by a pack that is not on reference")
                else:
                    self._book(step, event, bundle)

    def _nominal(self, step: Step, event: Event) -> None:
        ticket = step.after.get(event.ticket)
        bundle = self._packs.bundle(ticket.pack) if ticket else None
        if bundle is None:
            return
        books = self._books.setdefault((step.decision.home, str(event.facts["window"])), Books())
        whole = sum(share.share for share in bundle.shares)
        for share in bundle.shares:
            row = books.emergency if event.facts["counted"] == "emergency" else books.nominal
            row[share.code] += Fraction(share.share, whole)

    def _by_hand(self, step: Step, event: Event) -> None:
        window = self._window_of.get(step.decision.home)
        if window is None or "former" not in event.facts or event.facts.get("counted") == "exercise":
            return
        books = self._books.setdefault((step.decision.home, window), Books())
        books.manual[str(event.facts["party"])] += 1
        books.manual[str(event.facts["former"])] -= 1

    def _book(self, step: Step, event: Event, bundle: PackBundle) -> None:
        facts = event.facts
        shares = {party.code: party.share for party in bundle.shares if party.code in facts["eligible"]}
        if not shares:
            self._findings.add("split_errors", event.ticket, "was split with nobody eligible")
            return
        window = str(facts["window"])
        month = datetime.fromtimestamp(step.decision.at / 1000, ZoneInfo(bundle.timezone)).strftime("%Y-%m")
        if not window.startswith(month):
            self._findings.add("split_errors", event.ticket, f"is booked in {window}, it was filed in {month}")
        books = self._books.setdefault((step.decision.home, window), Books())
        for party, share in shares.items():
            books.target[party] += Fraction(share, sum(shares.values()))
        if self._is_partial(step, window, bundle):
            books.count[str(facts.get("party"))] += 1
            return
        # the first of equals, in pack order
        expected = min(shares, key=lambda party: books.count[party] - books.target[party])
        given = facts.get("party")
        if given != expected:
            self._findings.add(
                "split_errors", event.ticket, f"went to {given}, the largest deficit is that of {expected}"
            )
        everybody = len(shares) == len(bundle.shares)
        if facts.get("all_eligible") not in (None, everybody):
            self._findings.add(
                "split_errors", event.ticket, f"says all_eligible {facts['all_eligible']}, it is {everybody}"
            )
        books.count[str(given)] += 1
        books.fully_eligible[str(given)] += everybody
        self._check_deviation(event, books)

    def _is_partial(self, step: Step, window: str, bundle: PackBundle) -> bool:
        """Whether filings of this window may have aged away."""
        if not self._history.cut.is_cut(step.entry.partition):
            return False
        first = datetime.fromtimestamp(
            self._history.first_at[step.entry.partition] / 1000, ZoneInfo(bundle.timezone)
        ).strftime("%Y-%m")
        if window[: len(first)] <= first:
            self._partial.add((step.decision.home, window))
        return (step.decision.home, window) in self._partial

    def _check_deviation(self, event: Event, books: Books) -> None:
        for party in books.target:
            if abs(books.count[party] - books.target[party]) >= 1:
                off = float(books.count[party] - books.target[party])
                self._findings.add(
                    "split_errors", f"{event.ticket} {party}", f"leaves {party} {off:+.2f} from its target"
                )

    def check_state(self, log: Log) -> None:
        """Compare with the newest books that dispatch keeps of each home, where its log is settled."""
        newest: dict[str, Quota] = {}
        cut: set[str] = set()
        for entry in log.of(STATE.name):
            if (
                entry.key is not None
                and entry.key.startswith(b"q:")
                and entry.value is not None
                and log.is_quiet(entry.partition)
            ):
                quota = decode(entry.value, Quota)
                newest[quota.home] = quota
                if self._history.cut.is_cut(entry.partition):
                    cut.add(quota.home)
        for home, quota in newest.items():
            if (home, quota.window) in self._partial or (home in cut and (home, quota.window) not in self._books):
                continue
            books = self._books.get((home, quota.window), Books())
            for party in sorted({*quota.counts, *quota.targets, *books.target}):
                count, target = quota.counts.get(party, 0), Fraction(quota.targets.get(party, 0), quota.per)
                if (count, target) != (books.count[party], books.target[party]):
                    what = f"keeps {count} of {target}, the log gives {books.count[party]} of {books.target[party]}"
                    self._findings.add("split_errors", f"q:{home} {party}", what)

    def table(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Home -> party -> ``count``, ``target`` (in tickets; exact until printed), ``fully_eligible`` and ``drift`` by
        cause; windows added up."""
        homes: dict[str, dict[str, dict[str, Any]]] = {}
        for (home, _), books in sorted(self._books.items()):
            parties = homes.setdefault(home, {})
            for party in sorted({*books.count, *books.target, *books.nominal, *books.emergency}):
                row = parties.setdefault(
                    party, {"count": 0, "target": Fraction(), "fully_eligible": 0, "drift": defaultdict(Fraction)}
                )
                for cause, off in books.drift(party).items():
                    row["drift"][cause] += off
                row["count"] += books.count[party]
                row["target"] += books.target[party]
                row["fully_eligible"] += books.fully_eligible[party]
        return {
            home: {
                party: (
                    row | {"target": float(row["target"]), "drift": {c: float(off) for c, off in row["drift"].items()}}
                )
                for party, row in rows.items()
            }
            for home, rows in homes.items()
        }
