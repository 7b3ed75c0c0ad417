"""What last moved a ticket, kept beside its row: whoever looks at a queue sees why it is where it is."""

import msgspec

from topics import codec
from topics.decision import Decision
from topics.events.types import EventType
from topics.ids import Instant

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


class _Move(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What stands in a row of what moved its ticket."""

    reason: str
    at: Instant
    command: str | None = None
    actor: str | None = None
    said: str | None = None


def move_of(decision: Decision, ticket: str) -> bytes:
    """Write what a decision moved a ticket by, as JSON; empty: by nothing."""
    for event in decision.events:
        if event.ticket == ticket and event.type in MOVES:
            break
    else:
        return b""
    said = decision.said.reason if decision.said is not None else None
    return codec.encode(
        _Move(
            reason=decision.reason,
            at=decision.at,
            command=decision.command or None,
            actor=decision.actor or None,
            said=said[:SAID] if said else None,
        )
    )


def with_move(row: bytes, moved: bytes) -> bytes:
    """Put the move into a row, as the script that reads rows does."""
    return b'%b,"moved":%b}' % (row[:-1], moved) if row and moved else row
