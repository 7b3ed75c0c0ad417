"""Whistles per hundred tickets of a street: too few mean the whistle is not used, too many that daily work has failed
(LAW 7)."""

from typing import NamedTuple

from topics.pack import WhistleBand

TOO_FEW_TICKETS, TOO_LOW, TOO_HIGH, WITHIN = "too_few_tickets", "too_low", "too_high", "within"


class Rate(NamedTuple):
    """One street."""

    tickets: int
    whistles: int
    verdict: str


def rate(tickets: int, whistles: int, band: WhistleBand | None) -> Rate:
    """Judge a street by its pack's band; integers only. Without a band everything is within."""
    if band is None:
        return Rate(tickets, whistles, WITHIN)
    if tickets < band.least:
        return Rate(tickets, whistles, TOO_FEW_TICKETS)
    if whistles * 100 < band.low * tickets:
        return Rate(tickets, whistles, TOO_LOW)
    return Rate(tickets, whistles, TOO_HIGH if whistles * 100 > band.high * tickets else WITHIN)
