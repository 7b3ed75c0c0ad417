"""Before filing: is it so at all? And what is put right on the spot (LAW 6, 核实, 随手清)."""

from rules.commands import committee_consent
from rules.commands.handler import Handlers
from rules.ticket import check, clocks, ladder, offers, work_clocks
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.work import TicketSpotFixed, VerificationAsked, VerificationDone
from topics.pack import Limit
from topics.ticket import Clock
from topics.ticket_words import OfferEnd, TicketTask
from topics.vocabulary import ClockKind, CommandKind, Reason, Role, Status, Unit

WITHIN = Limit(30, Unit.MINUTE)


def send(case: Case, draft: Draft, command: Command) -> Reason:
    """The desk sends somebody to look who will not handle it: whoever is named, else the nearest on duty. Triage runs
    on."""
    lookers = case.people(Role.CHECKER, draft)
    chosen = command.target or next((entry.person for entry in lookers if case.duty_law.on_duty(entry, case.at)), None)
    if all(entry.person != chosen for entry in lookers):
        return Reason.PERSON_UNKNOWN if command.target else Reason.NOT_ON_DUTY
    draft.status, draft.task, draft.duty, draft.person = Status.VERIFYING, TicketTask.VERIFY, "checker", str(chosen)
    limit = clocks.limit_of(case.law, ClockKind.VERIFY, draft.urgency) or WITHIN
    draft.looks += 1
    draft.put(clocks.start(case.law, ClockKind.VERIFY, str(draft.looks), limit, case.at))
    case.say(draft, VerificationAsked(person=draft.person))
    return Reason.DONE_AS_ASKED


def result(case: Case, draft: Draft, command: Command) -> Reason:
    """Whoever was sent says what is there; the desk has it again."""
    _back(case, draft)
    case.say(draft, VerificationDone(by=command.actor.person, is_so=command.passed))
    return Reason.DONE_AS_ASKED


def at_end(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """Nobody said anything in time: the desk has it again."""
    _back(case, draft)
    return Reason.WINDOW_ENDED


def _back(case: Case, draft: Draft) -> None:
    draft.drop(ClockKind.VERIFY)
    desk = case.someone(Role.DESK, draft)
    draft.status, draft.task, draft.duty = Status.RECEIVED, TicketTask.TRIAGE, "desk"
    draft.person = desk.person if desk else case.supervisor(draft)


def spot_fix(case: Case, draft: Draft, command: Command) -> Reason:
    """Somebody of the grid put it right at once: proof of before and of after; a sample of them is checked by somebody
    else.

    Filed already it must be offered to a party of the grid tier, and the fixer be of that tier; the split keeps what it
    counted.
    """
    if len(command.proof) < 2:
        return Reason.PROOF_MISSING
    if draft.status is Status.OFFERED:
        lowest = ladder.steps_of(case, draft)[0]
        if draft.tier != lowest.name or draft.party not in lowest.parties:
            return Reason.NOT_IN_THIS_STATUS
        if command.actor.role not in lowest.parties:
            return Reason.ROLE_NOT_ALLOWED
    if committee_consent.missing(draft):
        return Reason.CONSENT_MISSING
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, command.actor.person)))
    draft.flag("spot_fixed")
    sampled = _is_sampled(draft, case.law.bundle.spot_check_percent)
    case.say(draft, TicketSpotFixed(by=command.actor.person, sampled=sampled))
    draft.finished_by, draft.finished_at = (
        (draft.tier or "", str(command.actor.role), command.actor.person),
        case.effective_at,
    )
    if not sampled:
        close(case, draft, "spot_fixed")
        return Reason.DONE_AS_ASKED
    draft.drop(ClockKind.TRIAGE)
    offers.end_offer(case, draft, OfferEnd.WITHDRAWN)
    work_clocks.stop(case, draft)
    check.begin(case, draft)
    return Reason.DONE_AS_ASKED


def _is_sampled(draft: Draft, percent: int) -> bool:
    """So many of a hundred, evenly spread over the day's numbers of the home: no draw, so that replay takes the
    same."""
    return int(draft.id.rsplit("-", 1)[1]) * percent % 100 < percent


HANDLERS: Handlers = {
    CommandKind.SEND_VERIFY: send,
    CommandKind.VERIFY_RESULT: result,
    CommandKind.SPOT_FIX: spot_fix,
}
"""What this family carries out."""
