"""What last moved a ticket, kept beside its row: whoever looks at a queue sees why it is where it is."""

from typing import Any

from topics import codec
from topics.decision import Decision
from topics.events.types import EventType

MOVES = frozenset(
    {
        EventType.TICKET_RECEIVED, EventType.TICKET_FILED, EventType.TICKET_OFFERED, EventType.TICKET_MOVED,
        EventType.TICKET_EXHAUSTED, EventType.TICKET_REASSIGNED, EventType.TICKET_SENT_BACK, EventType.TICKET_REOPENED,
        EventType.TICKET_UNMERGED, EventType.TICKET_UNFOLDED, EventType.CHECK_FAILED, EventType.TICKET_PARKED,
        EventType.TICKET_UNPARKED, EventType.WAITING_FOR_REPORTER, EventType.WAIT_ENDED, EventType.WHISTLE_RAISED,
        EventType.SUPERVISION_ORDERED, EventType.TICKET_RECATEGORISED, EventType.VERIFICATION_ASKED,
        EventType.VERIFICATION_DONE, EventType.TICKET_FINISHED, EventType.CHECK_PASSED,
    }
)  # fmt: skip
"""What puts a ticket into other hands, or stops and starts its time; a note or a nearing limit moves nothing."""
SAID = 80
"""Characters of the reason given that a row has room for; the history has all of it."""


def move_of(decision: Decision, ticket: str) -> str:
    """Write what a decision moved a ticket by, as JSON; empty: by nothing."""
    if not any(event.ticket == ticket and event.type in MOVES for event in decision.events):
        return ""
    told: dict[str, Any] = {"reason": decision.reason, "at": decision.at}
    said = decision.said.reason if decision.said is not None else None
    more = {"command": decision.command, "actor": decision.actor, "said": said[:SAID] if said else None}
    return codec.encode(told | {name: value for name, value in more.items() if value}).decode()


def with_move(row: str, moved: str) -> str:
    """Put the move into a row, as the script that reads rows does."""
    return f'{row[:-1]},"moved":{moved}}}' if row and moved else row
