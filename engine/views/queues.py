"""In which live queues a ticket stands, and what a row of a queue shows."""

from typing import Any

from engine.views.row_labels import labelled
from rules.commands.approvals import may_agree
from rules.law.compiled import Law
from rules.law.walls import COMMITTEES
from topics.ids import Instant
from topics.ticket import Child, Ticket
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

SHOWN = (
    "id",
    "version",
    "identity",
    "home",
    "status",
    "tier",
    "party",
    "person",
    "duty",
    "task",
    "leaf",
    "category",
    "urgency",
    "lead",
    "received_at",
    "filed_at",
    "deadline_at",
    "next_due_at",
    "is_overdue",
    "is_escalated",
    "is_exhausted",
    "exercise",
    "generation",
    "rework",
    "text",
    "address",
    "close_reason",
    "merged_into",
    "flags",
    "can_reach_reporter",
)
"""Fields of a ticket that its summary has."""


def summary(ticket: Ticket, law: Law | None = None) -> dict[str, Any]:
    """Give what a row shows, labelled by its pack; the ticket itself holds nothing personal."""
    row = {name: value for name in SHOWN if (value := getattr(ticket, name)) not in (None, (), False, "")}
    if ticket.children:
        row["children"] = [f"{child.code}/{child.n}:{child.status}" for child in ticket.children]
        row["child_clocks"] = [_child(child) for child in ticket.children]
    if waiting := _waiting(ticket):
        row["waits_for"] = waiting
    return row if law is None else row | labelled(ticket, law)


def _child(child: Child) -> dict[str, Any]:
    """What a department was called to, and by when."""
    found = {
        "code": child.code,
        "n": child.n,
        "role": child.role,
        "status": child.status,
        "person": child.person,
        "deadline_at": child.deadline_at,
        "reported_in_at": child.reported_in_at,
        "ended_at": child.ended_at,
    }
    return {name: value for name, value in found.items() if value is not None}


def idle_at(ticket: Ticket) -> Instant:
    """From when on it is worth a look that whoever took a ticket has not begun: some hours after it was taken, as far
    as its image knows."""
    taken = [clock.started_at for clock in ticket.clocks if clock.kind == ClockKind.CONTACT]
    asked = [offer.at for offer in ticket.offers]
    return max([*taken, *asked[-1:], ticket.filed_at or ticket.received_at]) + IDLE_MS


def _waiting(ticket: Ticket) -> dict[str, Any] | None:
    """Say what waits for whose agreement: something the holder asked for, or the committees' consent."""
    asked = ticket.asked
    if asked is not None:
        return {
            "what": asked.what,
            "by": f"{asked.role}:{asked.person}",
            "reason": asked.reason,
            "roles": list(may_agree(asked)),
        }
    if ticket.consent is not None and ticket.status not in FINAL:
        given = {role for role, _ in ticket.consents}
        missing = [str(role) for role in COMMITTEES if role not in given]
        return (
            {"what": "consent", "roles": missing[:1] if ticket.consent == "sequential" else missing}
            if missing
            else None
        )
    return None


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
        waiting = _waiting(ticket)
        found += [APPROVAL, *(f"{APPROVAL}:{role}" for role in waiting["roles"])] if waiting else []
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
