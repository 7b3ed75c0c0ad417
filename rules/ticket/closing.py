"""The ends of a ticket: closed, dismissed, cancelled, merged; every clock is disarmed in the same decision (LAW 5,
6)."""

from msgspec.structs import replace

from rules.ticket import clocks, department_tasks
from rules.ticket.draft import Case, Draft, with_offer_ended
from rules.ticket.whistle import OPEN
from topics.events.endings import TicketCancelled, TicketClosed, TicketDismissed
from topics.events.filing import TicketMerged
from topics.pack import Limit
from topics.ticket import Child
from topics.ticket_words import ChildStatus, OfferEnd, TicketTask
from topics.vocabulary import ClockKind, Status, Unit

KEPT = Limit(35, Unit.URGENT_DAY)
"""How long a closed ticket's state is kept, unless the pack says otherwise (LAW 4, forget)."""


_SAID = {Status.DISMISSED: TicketDismissed, Status.CANCELLED: TicketCancelled}


def released(case: Case, child: Child, reason: str) -> Child:
    """What is over for the ticket is over for the departments that were called to it."""
    return (
        replace(child, status=ChildStatus.RELEASED, ended_at=case.at, reason=reason) if child.status in OPEN else child
    )


def close(case: Case, draft: Draft, reason: str, status: Status = Status.CLOSED) -> None:
    """End a ticket; departments that are still at it are told, and the forget clock starts."""
    if draft.is_open:
        department_tasks.withdraw_all(case, draft, "ended", reason)
        draft.children = tuple(released(case, child, reason) for child in draft.children)
    draft.offers = with_offer_ended(draft.offers, OfferEnd.WITHDRAWN)
    draft.disarm()
    draft.status, draft.task, draft.close_reason, draft.closed_at = status, TicketTask.NONE, reason, case.at
    limit = clocks.limit_of(case.law, ClockKind.FORGET, None) or KEPT
    draft.put(clocks.start(case.law, ClockKind.FORGET, "0", limit, case.at))
    merged = status is Status.MERGED
    case.say(draft, TicketMerged(into=draft.merged_into) if merged else _SAID.get(status, TicketClosed)(reason=reason))
