"""In which live queues a ticket stands, and what a row of a queue shows."""

from typing import Any

from rules.commands.approvals import may_agree
from rules.law.walls import COMMITTEES
from topics.ids import Instant
from topics.ticket import Ticket
from topics.vocabulary import FINAL, Status

LAST = 2**52
"""Order of what has no deadline: after everything that has one; still exact as a Redis score."""

PERSON = "person:"
"""Queues of one person: as many as there are people, so they are not among those that are counted."""
OVERDUE, APPROVAL = "overdue", "approval"

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
    "generation",
    "rework",
    "text",
    "address",
    "close_reason",
    "merged_into",
    "flags",
)
"""Fields of a ticket that its summary has."""


def summary(ticket: Ticket) -> dict[str, Any]:
    """Give what a row shows; the ticket itself holds nothing personal."""
    row = {name: value for name in SHOWN if (value := getattr(ticket, name)) not in (None, (), False, "")}
    if ticket.children:
        row["children"] = [f"{child.code}/{child.n}:{child.status}" for child in ticket.children]
    if waiting := _waiting(ticket):
        row["waits_for"] = waiting
    return row


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


def queues(ticket: Ticket) -> list[str]:
    """Name the queues a ticket stands in; none once it is final. A street's is put together from its homes' when it is
    read."""
    if ticket.status in FINAL:
        return []
    found = [f"grid:{ticket.home}", f"{PERSON}{ticket.person}"]
    if ticket.is_overdue:
        found.append(OVERDUE)
    if ticket.asked is not None or (ticket.consent is not None and _waiting(ticket)):
        found.append(APPROVAL)
    if ticket.status in (Status.RECEIVED, Status.VERIFYING):
        return [*found, "desk"]
    if ticket.tier is not None:
        found.append(f"tier:{ticket.tier}")
    departments = {child.code for child in ticket.children if child.status in ("called", "reported_in")}
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
