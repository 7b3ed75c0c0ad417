"""The whistle by command: asking for one, blowing it, and what a department that was called answers (LAW 7)."""

from rules.commands.handler import Handlers
from rules.ticket import authority, department_tasks, ladder, moves, offers, pauses, whistle
from rules.ticket.authority import holds, party_of
from rules.ticket.draft import Case, Draft
from topics.command import Actor, Command
from topics.events.changes import ApprovalAsked
from topics.events.departments import WhistleAsked
from topics.ticket import Asked, Child
from topics.ticket_words import ChildStatus, OfferEnd
from topics.vocabulary import ClockKind, CommandKind, Reason, Role, TierKind

CASES = ("street_cannot", "joint_enforcement", "emergency")
"""Why a whistle is allowed."""


def ask_whistle(case: Case, draft: Draft, command: Command) -> Reason:
    """Whoever holds it asks the street to whistle."""
    if not holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    case.say(draft, WhistleAsked(by=command.actor.person))
    return Reason.DONE_AS_ASKED


def blow(case: Case, draft: Draft, command: Command) -> Reason:
    """The street whistles, or the centre. Its principal must agree, unless life or property is at stake (LAW 6)."""
    if command.case not in CASES:
        return Reason.CASE_NOT_ALLOWED
    codes = tuple(dict.fromkeys(command.departments))
    if any(case.law.department(code) is None for code in codes):
        return Reason.DEPARTMENT_UNKNOWN
    if draft.party == authority.CENTRE and command.actor.role is not Role.CENTRE:
        return Reason.NOT_YOUR_TICKET
    if command.actor.role is Role.STREET and draft.urgency not in case.law.bundle.automatic_whistle:
        return _ask_principal(case, draft, command, codes)
    carry_out(case, draft, command.actor, codes, command.case, command.reason or command.text)
    return Reason.DONE_AS_ASKED


def _ask_principal(case: Case, draft: Draft, command: Command, departments: tuple[str, ...]) -> Reason:
    """The street wants to whistle: its principal, or the centre, must agree (LAW 6, 7)."""
    if draft.asked is not None:
        return Reason.ASKED_ALREADY
    actor = command.actor
    draft.asked = Asked(
        what="whistle",
        role=str(actor.role),
        person=actor.person,
        reason=command.reason or "",
        at=case.at,
        departments=departments,
        case=command.case,
    )
    case.say(draft, ApprovalAsked(what="whistle", by=actor.person))
    return Reason.DONE_AS_ASKED


def carry_out(
    case: Case, draft: Draft, actor: Actor, codes: tuple[str, ...], why: str, asks: str | None = None
) -> None:
    """Call the departments; the ticket comes to the street unless the centre has it already."""
    offers.end_offer(case, draft, OfferEnd.WITHDRAWN)
    if pauses.is_waiting(draft):
        pauses.end_wait(case, draft)
    if draft.party not in (authority.STREET, authority.CENTRE):
        draft.drop(ClockKind.CONTACT)
        _come_to_street(case, draft)
    if party_of(actor) == draft.party:
        draft.person = actor.person
    whistle.call(case, draft, codes, why, automatic=False, asks=asks)


def _come_to_street(case: Case, draft: Draft) -> None:
    """Move a ticket up to the street without an offer: who whistles has it."""
    former = (draft.tier, draft.party, draft.person)
    somebody = case.someone(Role.STREET, draft)
    draft.party = draft.duty = authority.STREET
    draft.person = somebody.person if somebody else case.supervisor(draft)
    street = next((tier for tier in ladder.above(case, draft) if tier.kind == TierKind.STREET), None)
    if street is not None:
        draft.tier = street.name
        moves.moved(case, draft, former, "whistle")


def _own_child(draft: Draft, command: Command) -> Child | Reason:
    """Find the open child a department speaks about, if it is its own."""
    child = whistle.find(draft, command.ticket)
    if child is None or child.status not in whistle.OPEN:
        return Reason.NO_SUCH_CHILD
    return child if command.actor.org == child.code else Reason.NOT_YOUR_TICKET


def report_in(case: Case, draft: Draft, command: Command) -> Reason:
    """A department that was called signs in (报到); to accept or start its child says the same."""
    child = _own_child(draft, command)
    if isinstance(child, Reason):
        return child
    if child.status is not ChildStatus.CALLED:
        return Reason.NO_CHANGE
    whistle.report_in(case, draft, child, command.actor.person)
    return Reason.DONE_AS_ASKED


def finish(case: Case, draft: Draft, command: Command) -> Reason:
    """A department has done its part; if it never signed in, it has now."""
    child = _own_child(draft, command)
    if isinstance(child, Reason):
        return child
    if child.status is ChildStatus.CALLED:
        whistle.report_in(case, draft, child, command.actor.person)
        child = whistle.find(draft, command.ticket) or child
    whistle.end(case, draft, child, ChildStatus.FINISHED, command.text)
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, command.actor.person)))
    return Reason.DONE_AS_ASKED


def release(case: Case, draft: Draft, command: Command) -> Reason:
    """The street lets a department go, with a reason."""
    child = whistle.find(draft, command.ticket)
    if child is None or child.status not in whistle.OPEN:
        return Reason.NO_SUCH_CHILD
    department_tasks.send(case, draft, "withdrawn", child.code, child.role, child, command.reason)
    whistle.end(case, draft, child, ChildStatus.RELEASED, command.reason)
    return Reason.DONE_AS_ASKED


HANDLERS: Handlers = {
    CommandKind.ASK_WHISTLE: ask_whistle,
    CommandKind.WHISTLE: blow,
}
"""What this family carries out."""

CHILD_HANDLERS: Handlers = {
    CommandKind.REPORT_IN: report_in,
    CommandKind.ACCEPT: report_in,
    CommandKind.START: report_in,
    CommandKind.FINISH: finish,
    CommandKind.RELEASE: release,
}
"""The same of a department that a whistle called."""
