"""How often each street whistles, against the band of its pack (LAW 7)."""

from collections import Counter
from typing import Any, NamedTuple

from engine.audit.history import Step
from engine.kafka.log_snapshot import Log
from topics.events.types import EventType
from topics.pack import WhistleBand

TOO_FEW_TICKETS, TOO_LOW, TOO_HIGH, WITHIN = "too_few_tickets", "too_low", "too_high", "within"


class Rate(NamedTuple):
    """One street."""

    tickets: int
    whistles: int
    verdict: str


def rate(tickets: int, whistles: int, band: WhistleBand | None) -> Rate:
    """Judge a street by its pack's band: too few whistles mean that it is not used, too many that daily work has
    failed.

    Integers only. Without a band everything is within.
    """
    if band is None:
        return Rate(tickets, whistles, WITHIN)
    if tickets < band.least:
        return Rate(tickets, whistles, TOO_FEW_TICKETS)
    if whistles * 100 < band.low * tickets:
        return Rate(tickets, whistles, TOO_LOW)
    return Rate(tickets, whistles, TOO_HIGH if whistles * 100 > band.high * tickets else WITHIN)


class Rates:
    """Counts tickets filed and tickets whistled for, by the node above their home."""

    def __init__(self, log: Log) -> None:
        """Take the packs; the one in force judges."""
        in_force = log.in_force()
        self._band = in_force.whistle_band if in_force is not None else None
        self._streets = {
            node.code: node.parent or node.code for bundle in log.bundles().values() for node in bundle.nodes
        }
        self._filed: Counter[str] = Counter()
        self._whistled: Counter[str] = Counter()

    def see(self, step: Step) -> None:
        """Count what one decision did."""
        played = {name for name, ticket in step.after.items() if ticket.exercise}
        for ticket in {event.ticket for event in step.events(EventType.TICKET_FILED)} - played:
            self._filed[self._street(ticket)] += 1
        for ticket in {event.ticket for event in step.events(EventType.WHISTLE_RAISED)} - played:
            self._whistled[self._street(ticket)] += 1

    def _street(self, ticket: str) -> str:
        home = ticket.rsplit("-", 2)[0]
        return self._streets.get(home, home)

    def table(self) -> dict[str, dict[str, Any]]:
        """Every street that had a ticket."""
        return {
            street: rate(self._filed[street], self._whistled[street], self._band)._asdict()
            for street in sorted(self._filed)
        }
