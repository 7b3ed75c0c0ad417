"""In which live queues a ticket stands, and in which order."""

from typing import Any

from engine.views.summary import waiting
from rules.law.compiled import Law
from topics.ids import Instant
from topics.ticket import Ticket
from topics.ticket_words import ChildStatus
from topics.vocabulary import FINAL, ClockKind, Status

LAST = 2**52
"""Order of what has no deadline: after everything that has one; still exact as a Redis score."""

PERSON = "person:"
"""Queues of one person: as many as there are people, so they are not among those that are counted."""
OVERDUE, APPROVAL = "overdue", "approval"
EXHAUSTED = "exhausted"
"""Nobody is above, and the top was told often enough."""

OPEN = "open"
"""All that is open, put together of the homes' queues: what a screen watches, and sorts for itself."""
DUE, NOT_BEGUN = "due", "not_begun"
"""Queues that time alone fills: a reader asks up to now. In ``due`` stands all that is open, by its deadline; in
``not_begun`` what somebody took, by the moment from which on it is worth a look that nothing has begun."""

IDLE_MS = 2 * 3_600_000
"""Taken and then nothing, for so long: then somebody should ask."""

SOON_MS = 3_600_000
"""Less than an engine hour before its deadline a ticket is at risk: as the screen of the queues colours it."""

LATE, SINCE = "late:", "since"
"""Queues for figures alone, not among those that are listed: what is overdue in each queue, and all that is in order of
when it became so."""


def idle_at(ticket: Ticket) -> Instant:
    """From when on it is worth a look that whoever took a ticket has not begun: some hours after it was taken, as far
    as its image knows."""
    taken = [clock.started_at for clock in ticket.clocks if clock.kind == ClockKind.CONTACT]
    asked = [offer.at for offer in ticket.offers]
    return max([*taken, *asked[-1:], ticket.filed_at or ticket.received_at]) + IDLE_MS


def queues(ticket: Ticket, law: Law | None = None) -> list[str]:
    """Name the queues a ticket stands in; none once it is final."""
    if ticket.status in FINAL:
        return []
    found = [f"grid:{ticket.home}", f"{PERSON}{ticket.person}"]
    if law is not None and (street := law.street_of(ticket.home)):
        found.append(f"street:{street}")
    if ticket.deadline_at is not None:
        found.append(DUE)
    if ticket.is_exhausted:
        found.append(EXHAUSTED)
    if ticket.status == Status.ACCEPTED:
        found.append(NOT_BEGUN)
    if ticket.is_overdue:
        found.append(OVERDUE)
    if ticket.asked is not None or ticket.consent is not None:
        waits = waiting(ticket)
        found += [APPROVAL, *(f"{APPROVAL}:{role}" for role in waits.roles)] if waits else []
    if ticket.status in (Status.RECEIVED, Status.VERIFYING):
        return [*found, "desk"]
    if ticket.tier is not None:
        found.append(f"tier:{ticket.tier}")
    departments = {
        child.code for child in ticket.children if child.status in (ChildStatus.CALLED, ChildStatus.REPORTED_IN)
    }
    if ticket.duty == ticket.party == ticket.lead and ticket.lead is not None:
        departments.add(ticket.lead)
    found += [f"dept:{code}" for code in sorted(departments)]
    return (
        [*found, SINCE, *(f"{LATE}{name}" for name in found if name.startswith(("tier:", "dept:")))]
        if ticket.is_overdue
        else found
    )


def held(name: str, at: Instant, home: str) -> dict[str, Any]:
    """Give the desk's row for a cause that was set aside: nobody but a person can deal with it."""
    return {
        "id": name,
        "version": 1,
        "status": "held",
        "task": "held",
        "duty": "desk",
        "person": "duty-desk",
        "home": home,
        "received_at": at,
        "text": (
            "our own fault kept this from being decided; 'gridwhistle held list' says more, 'held retry' or 'held drop'"
            " ends it"
        ),
    }


def score(ticket: Ticket) -> int:
    """Order a queue by deadline, nearest first."""
    return LAST if ticket.deadline_at is None else ticket.deadline_at
