"""In which live queues a ticket stands, and what a row of a queue shows."""

from typing import Any

from topics.decision import Decision
from topics.ticket import Ticket
from topics.vocabulary import FINAL, Status

LAST = 2**52
"""Order of what has no deadline: after everything that has one; still exact as a Redis score."""

SHOWN = (
    "id", "version", "identity", "home", "status", "tier", "party", "person", "duty", "task", "leaf", "category", "urgency", "lead", "received_at", "filed_at",
    "deadline_at", "next_due_at", "is_overdue", "is_escalated", "is_exhausted", "generation", "rework", "text", "address", "close_reason", "merged_into", "flags",
)  # fmt: skip
"""Fields of a ticket that its summary has."""


def summary(ticket: Ticket) -> dict[str, Any]:
    """Give what a row shows; the ticket itself holds nothing personal."""
    row = {name: value for name in SHOWN if (value := getattr(ticket, name)) not in (None, (), False, "")}
    if ticket.children:
        row["children"] = [f"{child.code}/{child.n}:{child.status}" for child in ticket.children]
    return row


def queues(ticket: Ticket, unplaced: bool = False) -> list[str]:
    """Name the queues a ticket stands in: its tier, its departments, its home's grid, the duty desk; none once it is final."""
    if ticket.status in FINAL:
        return []
    found = [f"grid:{ticket.home}"]
    if ticket.status in (Status.RECEIVED, Status.VERIFYING):
        return [*found, "desk"]
    if ticket.tier is not None:
        found.append(f"tier:{ticket.tier}")
    departments = {child.code for child in ticket.children if child.status in ("called", "reported_in")}
    if ticket.duty == ticket.party == ticket.lead and ticket.lead is not None:
        departments.add(ticket.lead)
    return found + [f"dept:{code}" for code in sorted(departments)]


def held(decision: Decision) -> dict[str, Any]:
    """Give the desk's row for a cause that was set aside: nobody but a person can deal with it."""
    return {
        "id": decision.id, "version": 1, "status": "held", "task": "held", "duty": "desk", "person": "duty-desk", "home": decision.home,
        "received_at": decision.at, "text": "our own fault kept this from being decided; its bytes are in the log: gridwhistle tail decisions",
    }  # fmt: skip


def score(ticket: Ticket) -> int:
    """Order a queue by deadline, nearest first."""
    return LAST if ticket.deadline_at is None else ticket.deadline_at
