"""What the duty desk, those who direct, the reporter and source systems do with a ticket (LAW 6)."""

from msgspec import UNSET
from msgspec.structs import replace

from rules.commands import referral
from rules.commands.handler import Handlers
from rules.commands.lifecycle_table import SEATS
from rules.law import split
from rules.ticket import check, filing, ladder, moves, offers, pauses
from rules.ticket.authority import had_hand_in, holds
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.endings import DismissalAppealed
from topics.events.offers import TicketReassigned
from topics.events.work import NoteAdded
from topics.ticket_words import OfferEnd
from topics.vocabulary import CommandKind, Reason, Role, Status


def file(case: Case, draft: Draft, command: Command) -> Reason:
    """The duty desk files what came without a known category, by the pack in force now; another home is a referral."""
    law = case.duty_law
    code = law.category_code(command.category or "")
    if code is None:
        return Reason.CATEGORY_UNKNOWN
    if draft.home == law.bundle.unplaced:
        return referral.file_elsewhere(case, draft, command, code)
    if command.home is not None and command.home != draft.home:
        return Reason.TARGET_ELSEWHERE
    case.law, draft.pack = law, law.ref
    filing.file(case, draft, law.categories[code])
    return Reason.DONE_AS_ASKED


def dismiss(case: Case, draft: Draft, command: Command) -> Reason:
    """Not taken up (不予受理): a reason from the list, and an answer to the reporter."""
    allowed = case.law.bundle.dismiss_reasons
    if allowed and command.reason not in allowed:
        return Reason.REASON_MISSING
    close(case, draft, command.reason or "", Status.DISMISSED)
    return Reason.DONE_AS_ASKED


def appeal(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter does not put up with a dismissal: the desk looks at it again, once (LAW 6)."""
    if draft.was_appealed:
        return Reason.APPEALED_BEFORE
    if case.effective_at - (draft.closed_at or 0) > case.law.bundle.reopen_days * 86_400_000:
        return Reason.TOO_LATE
    draft.was_appealed = True
    check.begin_anew(draft)
    filing.wait_at_desk(case, draft, draft.urgency or "U3")
    case.say(draft, DismissalAppealed(by=command.actor.person))
    return Reason.DONE_AS_ASKED


def cancel(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter or the duty chief takes it back."""
    close(case, draft, command.reason or "", Status.CANCELLED)
    return Reason.DONE_AS_ASKED


def close_by_source(case: Case, draft: Draft, command: Command) -> Reason:
    """The system it was imported from has closed it: no check, no survey."""
    close(case, draft, command.reason or "")
    return Reason.DONE_AS_ASKED


_SEAT_OF = {
    Status.RECEIVED: Role.DESK, Status.VERIFYING: Role.CHECKER, Status.DONE: Role.CHECKER, Status.SURVEYED: Role.DESK,
}  # fmt: skip
"""Who has a ticket that nobody works on; it is given to another of the same seat."""


def reassign(case: Case, draft: Draft, command: Command) -> Reason:
    """Give it to another person, or to another party of its tier, with a reason; the split's books count it apart."""
    seat = _SEAT_OF.get(draft.status)
    if seat is not None:
        return _reseat(case, draft, command, seat)
    party, former = command.party or draft.party or "", draft.party
    role, org = (Role.DEPARTMENT, party) if case.law.department(party) else (party, None)
    if all(entry.person != command.target for entry in case.people(role, draft, org)):
        return Reason.PERSON_UNKNOWN
    if party != draft.party:
        tier = ladder.tier_of(case, draft)
        if tier is None or party not in tier.parties:
            return Reason.TIER_UNKNOWN
        if draft.status is Status.PARKED:
            pauses.unpark(case, draft)
        offers.end_offer(case, draft, OfferEnd.WITHDRAWN)
        if not offers.offer(case, draft, tier, party):
            return Reason.NOT_ON_DUTY
        if not draft.exercise:
            quota = split.quota_at(case.duty_law, case.quota_before, draft.home, case.at)
            case.quota = replace(quota, manual=quota.manual + 1)
    draft.person = str(command.target)
    case.say(
        draft,
        TicketReassigned(
            person=draft.person,
            party=party,
            former=former if party != former else UNSET,
            counted="exercise" if draft.exercise else UNSET,
        ),
    )
    return Reason.DONE_AS_ASKED


def _reseat(case: Case, draft: Draft, command: Command, seat: Role) -> Reason:
    """Another of the desk, or another checker, has it; who handled it may not check it."""
    if command.party is not None and command.party != seat:
        return Reason.TIER_UNKNOWN
    if all(entry.person != command.target for entry in case.people(seat, draft)):
        return Reason.PERSON_UNKNOWN
    if seat is Role.CHECKER and had_hand_in(draft, str(command.target)):
        return Reason.CHECKER_HANDLED_IT
    draft.person, draft.duty = str(command.target), seat.value
    case.say(draft, TicketReassigned(person=draft.person, party=seat.value))
    return Reason.DONE_AS_ASKED


def escalate(case: Case, draft: Draft, command: Command) -> Reason:
    """Move it up by hand, to the next tier or to a chosen one; down only a chief or the centre may, with their
    reason."""
    actor = command.actor
    if actor.role not in SEATS and not holds(draft, actor):
        return Reason.NOT_YOUR_TICKET
    if draft.status in _SEAT_OF:
        return _raise_seat(case, draft, command)
    higher = [tier.name for tier in ladder.above(case, draft)]
    cause = f"manual-{draft.leg + 1}"
    lower = [tier for tier in ladder.steps_of(case, draft) if tier.name not in higher and tier.name != draft.tier]
    down = next((tier for tier in lower if tier.name == command.target), None)
    if down is None and (not higher or (command.target is not None and command.target not in higher)):
        return Reason.TIER_UNKNOWN
    if down is not None and actor.role not in (Role.CHIEF, Role.CENTRE):
        return Reason.ROLE_NOT_ALLOWED
    was_parked = draft.status is Status.PARKED
    if was_parked:
        pauses.unpark(case, draft)
    if down is not None:
        return Reason.DONE_AS_ASKED if moves.move_to(case, draft, down, cause) else Reason.NOT_ON_DUTY
    (moves.move_on if was_parked else moves.move_up)(case, draft, cause, command.target)
    return Reason.DONE_AS_ASKED


def _raise_seat(case: Case, draft: Draft, command: Command) -> Reason:
    """What nobody works on goes to the supervisor, then to a chief, at last to the centre."""
    if command.target is not None:
        return Reason.TIER_UNKNOWN
    seats = (Role.SUPERVISOR, Role.CHIEF, Role.CENTRE)
    for seat in seats[next((n + 1 for n, seat in enumerate(seats) if seat == draft.duty), 0) :]:
        somebody = case.someone(seat, draft)
        if somebody is not None:
            draft.duty, draft.person, draft.is_escalated = seat.value, somebody.person, True
            case.say(draft, TicketReassigned(person=draft.person, party=seat.value))
            return Reason.DONE_AS_ASKED
    return Reason.TIER_UNKNOWN


def note(case: Case, draft: Draft, command: Command) -> Reason:
    """Write something down."""
    case.say(draft, NoteAdded(by=command.actor.person, text=command.text))
    return Reason.DONE_AS_ASKED


HANDLERS: Handlers = {
    CommandKind.FILE: file,
    CommandKind.DISMISS: dismiss,
    CommandKind.APPEAL: appeal,
    CommandKind.REASSIGN: reassign,
    CommandKind.ESCALATE: escalate,
    CommandKind.NOTE: note,
    CommandKind.CANCEL: cancel,
    CommandKind.CLOSE_BY_SOURCE: close_by_source,
}
"""What this family carries out."""
