"""What those who hold a ticket do with it: accept, decline, contact, start, finish (LAW 6)."""

from rules.commands import committee_consent
from rules.commands.handler import Handlers
from rules.ticket import check, clocks, ladder, moves, offers, whistle, work_clocks
from rules.ticket.authority import helper, holds, on_duty, party_of
from rules.ticket.draft import Case, Draft, is_wish
from topics.command import Command
from topics.events.work import ReporterContacted, TicketFinished, TicketStarted
from topics.ticket_words import OfferEnd, TicketTask
from topics.vocabulary import ClockKind, CommandKind, Reason, Status


def accept(case: Case, draft: Draft, command: Command) -> Reason:
    """Somebody of the offered party, on duty, takes the ticket."""
    if not holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    if not on_duty(case, draft, command.actor):
        return Reason.NOT_ON_DUTY
    offers.take_over(case, draft, command.actor.person)
    return Reason.DONE_AS_ASKED


def decline(case: Case, draft: Draft, command: Command) -> Reason:
    """The offered party says no, with a reason, at most twice; the next party has it, or the next tier."""
    if not holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    if (
        sum(offer.ended is OfferEnd.DECLINED and offer.party == draft.party for offer in draft.offers)
        >= case.law.bundle.max_declines
    ):
        return Reason.TOO_MANY_DECLINES
    if not ladder.above(case, draft):
        return Reason.NOT_IN_THIS_STATUS
    offers.end_offer(case, draft, OfferEnd.DECLINED)
    if not offers.next_in_tier(case, draft):
        moves.move_on(case, draft, "declined")
    return Reason.DONE_AS_ASKED


def contact(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter was reached."""
    if not (holds(draft, command.actor) or helper(draft, command.actor) is not None):
        return Reason.NOT_YOUR_TICKET
    draft.drop(ClockKind.CONTACT)
    case.say(draft, ReporterContacted())
    return Reason.DONE_AS_ASKED


def start(case: Case, draft: Draft, command: Command) -> Reason:
    """Work begins; the reporter still waits to be spoken to."""
    if not holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    if committee_consent.missing(draft):
        return Reason.CONSENT_MISSING
    draft.status, draft.task, draft.person = Status.HANDLING, TicketTask.HANDLE, command.actor.person
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, command.actor.person)))
    case.say(draft, TicketStarted())
    return Reason.DONE_AS_ASKED


def finish(case: Case, draft: Draft, command: Command) -> Reason:
    """The holder has done it, or a helper after a move: resolve stops, checking starts."""
    actor = command.actor
    helping = None if holds(draft, actor) else helper(draft, actor)
    if helping is None and not holds(draft, actor):
        return Reason.NOT_YOUR_TICKET
    if draft.status is Status.OFFERED and helping is None:
        return Reason.NOT_IN_THIS_STATUS
    if whistle.any_open(draft):
        return Reason.CHILDREN_OPEN
    if committee_consent.missing(draft):
        return Reason.CONSENT_MISSING
    category = case.category(draft)
    if category is not None and category.proof_required and not command.proof:
        return Reason.PROOF_MISSING
    resolve = work_clocks.resolve_clock(draft)
    due = (
        clocks.moment(case.law, resolve, 100, None)
        if resolve and (resolve.rungs or not is_wish(case.law, draft))
        else None
    )
    at = max(case.effective_at, resolve.running_since or 0) if resolve else case.effective_at
    offers.end_offer(case, draft, OfferEnd.WITHDRAWN)
    work_clocks.stop(case, draft)
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, actor.person)))
    draft.finished_by = (
        (helping.tier if helping else _tier_of(draft, party_of(actor))) or "",
        party_of(actor),
        actor.person,
    )
    draft.finished_at = at
    case.say(draft, TicketFinished(person=actor.person, party=party_of(actor), overdue=due is not None and at > due))
    check.begin(case, draft)
    return Reason.DONE_AS_ASKED


def _tier_of(draft: Draft, party: str) -> str | None:
    """Where a holder stands: who finished below, and after a failed check has it again, still stands there."""
    below = (one.tier for one in draft.helpers if one.party == party and not one.named)
    return next(below, draft.tier) if draft.rework else draft.tier


HANDLERS: Handlers = {
    CommandKind.ACCEPT: accept,
    CommandKind.DECLINE: decline,
    CommandKind.CONTACT: contact,
    CommandKind.START: start,
    CommandKind.FINISH: finish,
}
"""What this family carries out."""
