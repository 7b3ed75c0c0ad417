"""Decisions that views are made of."""

from typing import Any

import msgspec

from engine.views import summary as summaries
from rules.law.compiled import Law
from topics import codec
from topics.decision import Change, Decision
from topics.ids import DecisionId, TicketId
from topics.ticket import Ticket
from topics.ticket_words import TicketTask
from topics.vocabulary import Status


def decided_of(home: str, version: int, status: Status | None, hops: int = 0, identity: str | None = None) -> Decision:
    """A decision about the one ticket of a home; ``None``: it is forgotten."""
    ticket = Ticket(
        id=TicketId(f"{home}-20260302-1"),
        version=version,
        identity=identity or f"hotline:{home}",
        home=home,
        status=status or Status.CLOSED,
        pack="p",
        received_at=1,
        occurred_at=1,
        channel="app",
        hops=hops,
        duty="d",
        person="p",
        task=TicketTask.HANDLE,
    )
    after = msgspec.Raw(codec.encode(ticket)) if status else None
    change = Change(ticket.id, version, after)
    return Decision(
        id=DecisionId(f"{home}:{version}"), at=version, cause="incident", reason="x", home=home, changes=(change,)
    )


def handled_of(name: str, version: int, due: int, late: bool, at: int, *, person: str = "p") -> Decision:
    """A ticket that the water department has in hand, as decided at that moment."""
    ticket = Ticket(
        id=f"a-20260302-{name}",
        version=version,
        identity=f"x:{name}",
        home="a",
        status=Status.HANDLING,
        pack="p",
        received_at=1,
        occurred_at=1,
        channel="app",
        duty="water",
        person=person,
        task=TicketTask.HANDLE,
        tier="grid",
        party="water",
        lead="water",
        is_overdue=late,
        deadline_at=due,
    )
    changes = (Change(ticket.id, version, msgspec.Raw(codec.encode(ticket))),)
    return Decision(id=DecisionId(f"{name}:{version}"), at=at, cause="incident", reason="x", home="a", changes=changes)


def summary(ticket: Ticket, law: Law | None = None) -> dict[str, Any]:
    """What a row of a ticket shows, as a reader has it."""
    found: dict[str, Any] = msgspec.json.decode(summaries.summary(ticket, law))
    return found
