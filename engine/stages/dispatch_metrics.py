"""What dispatch tells Prometheus of a step: gathered while it decides, told once at its end."""

from collections.abc import Callable, Mapping

from engine.observability.metric_names import CounterName
from engine.observability.metrics import StageMetrics
from rules.law.compiled import Law
from rules.law.split import drift
from rules.state.causes import ClockCause, Outcome
from rules.state.partition_state import Book
from topics.decision import Decision, Event
from topics.events.types import EventType
from topics.ids import Instant
from topics.ticket import Quota, Ticket
from topics.vocabulary import ClockKind

HOW = frozenset({"checked", "satisfied", "unhappy", "no_answer", "spot_fixed", "referred"})
"""What the law writes when a ticket ends; by a command it is the giver's own words, which are no label."""

NOBODY = "skipped:no_one_on_duty"


def _street(name: CounterName) -> Callable[["Counted", Decision, Event], None]:
    def count(counted: "Counted", decision: Decision, event: Event) -> None:
        counted.add(name, decision.home)

    return count


def _labelled(name: CounterName, label: Callable[[Event], str]) -> Callable[["Counted", Decision, Event], None]:
    def count(counted: "Counted", decision: Decision, event: Event) -> None:
        counted.add(name, label(event))

    return count


def _how(event: Event) -> str:
    how = event.facts.get("reason")
    return how if how in HOW else "other"


EVENTS: Mapping[str, Callable[["Counted", Decision, Event], None]] = {
    EventType.TICKET_FILED: _street("filed"),
    EventType.WHISTLE_RAISED: _street("whistles"),
    EventType.TICKET_REOPENED: _street("reopened"),
    EventType.SURVEY_ANSWERED: _labelled(
        "survey_answers", lambda event: "satisfied" if event.facts.get("satisfied") else "unsatisfied"
    ),
    EventType.TICKET_CLOSED: _labelled("closed", _how),
    EventType.TICKET_DISMISSED: _labelled("closed", lambda event: "dismissed"),
    EventType.TICKET_MERGED: _labelled("closed", lambda event: "merged"),
    EventType.TICKET_CANCELLED: _labelled("closed", lambda event: "cancelled"),
}
"""Event -> how it is counted, but of an exercise, which counts in no band (LAW 3); most are of no interest here."""

BY_STREET = frozenset({"filed", "whistles", "reopened"})


class Counted:
    """One partition's."""

    def __init__(self, metrics: StageMetrics, partition: int, speed: int) -> None:
        """Start with nothing; ``speed`` is that of engine time."""
        self._metrics, self._partition, self._speed = metrics, str(partition), speed
        self._counts: dict[tuple[CounterName, tuple[str, ...]], int] = {}
        self._late: list[int] = []
        self._quotas: dict[str, Quota] = {}
        """The books that this step has changed, by home."""
        self._told: dict[str, tuple[int, dict[tuple[str, str], int]]] = {}
        """Home -> unit and drift by party and cause, as they are in the sums."""
        self._sums: dict[tuple[str, str], float] = {}
        self._worst = 0.0
        self._at: Instant = 0

    def add(self, name: CounterName, *labels: str) -> None:
        """Count one."""
        key = name, labels
        self._counts[key] = self._counts.get(key, 0) + 1

    def breach(self, cause: ClockCause, ticket: Ticket) -> None:
        """Take in who had a ticket whose limit is broken: real work alone, and a flood's end is no limit."""
        if cause.kind != ClockKind.FLOOD and not ticket.exercise:
            self.add("limit_breaches", cause.kind, ticket.tier or "none")

    def see(self, outcome: Outcome, due_at: Instant | None) -> None:
        """Take in one decision; ``due_at``: of a clock, when it was due."""
        decision = outcome.decision
        self._at = decision.at
        self.add("decisions", decision.reason)
        played = [kept.ticket for kept in outcome.tickets if kept.exercise]
        for event in decision.events:
            count = EVENTS.get(event.type)
            if count is not None and event.ticket not in played:
                count(self, decision, event)
        refused, unmanned = decision.why.refused, outcome.unmanned
        if (refused or unmanned) and (decision.ticket or "") not in played:
            for party, why in refused:
                if why == NOBODY:
                    self.add("nobody_on_duty", party)
            for party in unmanned:
                self.add("nobody_on_duty", party)
        if outcome.quota is not None:
            self._quotas[outcome.quota.home] = outcome.quota
        if due_at is not None:
            self._late.append(decision.at - due_at)

    def tell(self, book: Book, law: Law | None) -> None:
        """Tell all of it, at the end of a step."""
        metrics = self._metrics
        metrics.gauge("open_tickets", len(book.open), self._partition)
        metrics.gauge("held_causes", len(book.held), self._partition)
        for (name, labels), n in self._counts.items():
            if name in BY_STREET:
                labels = ((law.street_of(labels[0]) if law is not None else None) or labels[0],)
            metrics.count(name, *labels, by=n)
        self._counts.clear()
        for late in self._late:
            metrics.observe("escalation_lateness_seconds", max(0, late) / 1000 / self._speed)
        self._late.clear()
        if law is not None:
            metrics.gauge("calendar_horizon_seconds", max(0, law.calendar.ends - self._at) / 1000)
            self._drifts(law, self._quotas)
        self._quotas = {}

    def begin(self, book: Book, law: Law | None, at: Instant) -> None:
        """Take in what was loaded: the books of every home, and the band of the pack in force."""
        self._at = at
        if law is not None:
            self._drifts(law, book.quotas)
            self.band(law)
        self.tell(book, law)

    def band(self, law: Law) -> None:
        """Tell which pack is in force, and what it finds right."""
        self._metrics.only("pack_info", {(law.ref,): 1})
        band = law.bundle.whistle_band
        self._metrics.only("whistle_band_percent", {} if band is None else {("low",): band.low, ("high",): band.high})
        self._metrics.only("whistle_band_least_tickets", {} if band is None else {(): band.least})

    def _drifts(self, law: Law, quotas: Mapping[str, Quota]) -> None:
        """Put changed books in the place of what they were in the sums (LAW 3); a window of other shares is left to the
        audit."""
        if not quotas:
            return
        for home, quota in quotas.items():
            per, before = self._told.get(home, (1, {}))
            for key, units in before.items():
                self._sums[key] -= units / per
            now = self._drift(law, quota)
            self._told[home] = quota.per, now
            for key, units in now.items():
                self._sums[key] = self._sums.get(key, 0.0) + units / quota.per
            off = [abs(quota.counts.get(party, 0) * quota.per - target) for party, target in quota.targets.items()]
            self._worst = max([self._worst, *(units / quota.per for units in off)])
        for (party, cause), tickets in self._sums.items():
            self._metrics.gauge("split_drift_tickets", round(tickets, 6), self._partition, party, cause)
        self._metrics.gauge("split_error_tickets", self._worst, self._partition)

    def _drift(self, law: Law, quota: Quota) -> dict[tuple[str, str], int]:
        if quota.per != law.per:
            return {}
        shares = {share.code: share.share for share in law.shares}
        whole = sum(shares.values())
        found: dict[tuple[str, str], int] = {}
        for party, share in shares.items():
            for cause, units in drift(law, quota, party).items():
                found[party, cause] = units
            found[party, "emergency"] = -quota.emergency * quota.per * share // whole
        return found
