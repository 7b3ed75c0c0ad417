"""Decisions that views are made of."""

import msgspec

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
