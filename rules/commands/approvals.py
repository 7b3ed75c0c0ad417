"""What needs a second hand: giving a ticket back, more time, parking, a whistle. Asked by who holds it, approved or
denied by others (LAW 6)."""

from msgspec.structs import replace

from rules.commands import check_and_survey, whistle
from rules.commands.handler import Handlers
from rules.commands.lifecycle_table import TABLE
from rules.ticket import authority, clocks, ladder, moves, offers, pauses, resolve_clocks
from rules.ticket.authority import holds
from rules.ticket.draft import Case, Draft
from rules.ticket.whistle import retime
from topics.command import Actor, Command
from topics.events.changes import ApprovalAsked, ApprovalDenied, ApprovalGiven, LimitExtended, TicketSentBack
from topics.ticket import Asked
from topics.vocabulary import ClockKind, CommandKind, Reason, Role, Status

MOST_EXTENSIONS = 2
APPROVALS = {"send_back": 1, "extend": 1, "park": 2, "whistle": 1}
"""How many persons, each in another role, must agree: parking needs two levels."""
WHISTLERS = (Role.PRINCIPAL, Role.CENTRE)
"""Who may agree to a whistle."""


def may_agree(asked: Asked) -> tuple[Role, ...]:
    """Name the roles whose agreement is waited for; the person must be another each time, from the second on the role
    as well."""
    roles = WHISTLERS if asked.what == "whistle" else TABLE[CommandKind.APPROVE].roles
    hands = {asked.role, *(role for role, _ in asked.approved)} if asked.approved else set()
    return tuple(role for role in roles if role not in hands)


def ask(case: Case, draft: Draft, command: Command) -> Reason:
    """Whoever holds it asks; one thing at a time."""
    if not holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    if draft.asked is not None:
        return Reason.ASKED_ALREADY
    kind = command.kind.value
    fault = _may(case, draft, kind, command.until)
    if fault is not None:
        return fault
    draft.asked = Asked(
        what=kind,
        role=str(command.actor.role),
        person=command.actor.person,
        reason=command.reason or "",
        at=case.at,
        until=command.until,
    )
    case.say(draft, ApprovalAsked(what=kind, by=command.actor.person))
    return Reason.DONE_AS_ASKED


def _may(case: Case, draft: Draft, kind: str, until: int | None) -> Reason | None:
    """Say why it may not be, if it may not."""
    if kind == "park":
        return pauses.may_park(case, draft, until)
    if kind == "extend":
        resolve = resolve_clocks.own(draft)
        if resolve is None or resolve.extended >= MOST_EXTENSIONS:
            return Reason.TOO_MANY_EXTENSIONS
        return Reason.OVERDUE if pauses.is_late(case, draft) else None
    if kind == "whistle":
        return Reason.NOT_YOUR_TICKET if draft.party == authority.CENTRE else None
    return None if ladder.above(case, draft) else Reason.NOT_IN_THIS_STATUS


def approve(case: Case, draft: Draft, command: Command) -> Reason:
    """Another person agrees; with enough of them it is done, if it still may be."""
    asked = draft.asked
    if asked is None:
        return Reason.NOTHING_ASKED
    hands = [(asked.role, asked.person), *asked.approved]
    if any(command.actor.person == person or (len(hands) > 1 and command.actor.role == role) for role, person in hands):
        return Reason.SAME_HANDS
    if asked.what == "whistle" and command.actor.role not in WHISTLERS:
        return Reason.ROLE_NOT_ALLOWED
    fault = _may(case, draft, asked.what, asked.until)
    if fault is not None:
        return fault
    draft.asked = asked = replace(asked, approved=(*asked.approved, (str(command.actor.role), command.actor.person)))
    case.say(draft, ApprovalGiven(what=asked.what, by=command.actor.person))
    if len(asked.approved) >= APPROVALS[asked.what]:
        draft.asked = None
        _carry_out(case, draft, asked)
    return Reason.DONE_AS_ASKED


def deny(case: Case, draft: Draft, command: Command) -> Reason:
    """Another person does not agree: it stays as it was."""
    asked = draft.asked
    if asked is None:
        return Reason.NOTHING_ASKED
    if command.actor.person == asked.person:
        return Reason.SAME_HANDS
    if asked.what == "reopen":
        return check_and_survey.refuse_reopening(case, draft, command)
    draft.asked = None
    case.say(draft, ApprovalDenied(what=asked.what, by=command.actor.person))
    return Reason.DONE_AS_ASKED


def unpark(case: Case, draft: Draft, command: Command) -> Reason:
    """Those who direct end the parking early."""
    pauses.unpark(case, draft)
    return Reason.DONE_AS_ASKED


def _carry_out(case: Case, draft: Draft, asked: Asked) -> None:
    if asked.what == "whistle":
        whistle.carry_out(
            case,
            draft,
            Actor(Role(asked.role), asked.person),
            asked.departments,
            asked.case or "",
            asked.reason or None,
        )
    elif asked.what == "park":
        pauses.park(case, draft, asked.until or case.at)
    elif asked.what == "extend":
        resolve = resolve_clocks.own(draft)
        if resolve is not None:
            resolve_clocks.change(case.law, draft, clocks.extend)
            retime(case, draft)
            case.say(draft, LimitExtended(by_ms=clocks.original_ms(resolve), limit_ms=clocks.extend(resolve).limit_ms))
    else:
        _give_back(case, draft)


def _give_back(case: Case, draft: Draft) -> None:
    """The next party of the tier has it, else the next tier; never again the one who bounced it. The clock runs on."""
    case.say(draft, TicketSentBack(party=draft.party))
    draft.drop(ClockKind.CONTACT)
    draft.status = Status.OFFERED
    if not offers.next_in_tier(case, draft):
        moves.move_on(case, draft, "sent_back")


HANDLERS: Handlers = {
    CommandKind.SEND_BACK: ask,
    CommandKind.EXTEND: ask,
    CommandKind.PARK: ask,
    CommandKind.APPROVE: approve,
    CommandKind.DENY: deny,
    CommandKind.UNPARK: unpark,
}
"""What this family carries out."""
