"""After the work: somebody else checks, the reporter is asked, and may have it opened again (LAW 6)."""

from rules.commands.handler import Handlers
from rules.ticket import check as checks
from rules.ticket import clocks, department_tasks, emergency, filing, ladder, moves, offers, team, work_clocks
from rules.ticket.authority import had_hand_in
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.endings import (
    CheckFailed,
    CheckPassed,
    ReopeningAsked,
    ReopeningRefused,
    SurveyAnswered,
    TicketReopened,
)
from topics.ticket import Asked, Clock
from topics.ticket_words import TicketTask
from topics.vocabulary import ClockKind, CommandKind, DepartmentRole, Reason, Role, TierKind


def check(case: Case, draft: Draft, command: Command) -> Reason:
    """Somebody who did not handle it checks: pass, or back to work with what was consumed."""
    if had_hand_in(draft, command.actor.person):
        return Reason.CHECKER_HANDLED_IT
    if not command.passed and not command.reason:
        return Reason.REASON_MISSING
    draft.drop(ClockKind.CHECK)
    if command.passed:
        case.say(draft, CheckPassed(by=command.actor.person))
        checks.passed(case, draft)
        return Reason.DONE_AS_ASKED
    if work_clocks.resolve_clock(draft) is None:  # put right on the spot, and not well: the desk has it
        case.say(draft, CheckFailed(by=command.actor.person))
        draft.rework += 1
        filing.wait_at_desk(case, draft, draft.urgency or "U3")
        return Reason.DONE_AS_ASKED
    _, party, person = draft.finished_by or (draft.tier or "", draft.party or "", draft.person)
    draft.rework += 1
    held_by = draft.party
    moves.give_back(draft, party, person)
    work_clocks.resume(case, draft)
    case.say(draft, CheckFailed(by=command.actor.person))
    if emergency.again(case, draft, "check_failed"):
        return Reason.DONE_AS_ASKED
    if held_by is not None and held_by != party and case.law.department(held_by) is not None:
        department_tasks.send(case, draft, "updated", held_by, DepartmentRole.HELPER, reason="check_failed")
    if case.law.department(party) is not None:
        department_tasks.send(case, draft, "updated", party, DepartmentRole.OWNER, reason="check_failed")
    return Reason.DONE_AS_ASKED


def answer(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter answers; unhappy is a request to reopen, which the desk must grant or refuse with a reason (LAW
    6)."""
    if draft.asked is not None:
        return Reason.ASKED_ALREADY
    case.say(draft, SurveyAnswered(satisfied=command.satisfied))
    if command.satisfied:
        close(case, draft, "satisfied")
        return Reason.DONE_AS_ASKED
    draft.drop(ClockKind.SURVEY)
    actor = command.actor
    draft.asked = Asked(what="reopen", role=str(actor.role), person=actor.person, reason=command.text or "", at=case.at)
    draft.task, draft.duty = TicketTask.DECIDE_REOPENING, "desk"
    desk = case.someone(Role.DESK, draft)
    draft.person = desk.person if desk else case.supervisor(draft)
    draft.put(
        clocks.start(case.law, ClockKind.TRIAGE, "reopen", filing.triage_limit(case, draft.urgency or "U3"), case.at)
    )
    case.say(draft, ReopeningAsked(by=actor.person))
    return Reason.DONE_AS_ASKED


def refuse_reopening(case: Case, draft: Draft, command: Command) -> Reason:
    """The desk does not open it again, and says why."""
    if command.actor.role not in (Role.DESK, Role.CHIEF, Role.CENTRE):
        return Reason.ROLE_NOT_ALLOWED
    if command.actor.person in draft.handled_by:
        return Reason.SAME_HANDS
    case.say(draft, ReopeningRefused(by=command.actor.person, reason=command.reason))
    draft.asked = None
    close(case, draft, "unhappy")
    return Reason.DONE_AS_ASKED


def reopen(case: Case, draft: Draft, command: Command) -> Reason:
    """Not fixed after all: the next generation goes to the party that finished, from the second time one tier above."""
    category = case.category(draft)
    if category is None or draft.filed_at is None or draft.close_reason == "referred":
        return Reason.NOT_IN_THIS_STATUS
    ended = draft.closed_at or draft.surveyed_at or case.at
    if case.effective_at - ended > case.law.bundle.reopen_days * 86_400_000:
        return Reason.TOO_LATE
    law = case.law
    checks.begin_anew(draft)
    draft.resolve_limit_ms, draft.resolve_unit = filing.limit_of(law, category, True)
    rungs = filing.rungs_of(law, category)
    draft.put(
        Clock(
            kind=ClockKind.RESOLVE,
            number="0",
            limit_ms=draft.resolve_limit_ms,
            unit=draft.resolve_unit,
            started_at=case.at,
            running_since=case.at,
            rungs=rungs,
            area=law.area(draft.where),
        )
    )
    case.say(draft, TicketReopened(generation=draft.generation))
    _give_back(case, draft)
    if category.team:
        team.name_team(case, draft, category)  # the new generation has one, of those on duty now
    return Reason.DONE_AS_ASKED


def _give_back(case: Case, draft: Draft) -> None:
    """Offer it to the party that finished; from the second reopening on to the tier above."""
    if emergency.again(case, draft, "reopened"):
        return
    tier_name, party, _ = draft.finished_by or (draft.tier or "", draft.party or "", "")
    steps = ladder.steps_of(case, draft)
    place = next((i for i, tier in enumerate(steps) if tier.name == tier_name), 0)
    if draft.generation - draft.was_appealed >= 2 and place + 1 < len(steps):
        place, party = place + 1, ""
    tier = steps[place]
    draft.tier = tier.name
    if party and tier.kind != TierKind.WHISTLE and offers.offer(case, draft, tier, party):
        return
    if not moves.enter(case, draft, tier):
        moves.move_on(case, draft, "reopened")


HANDLERS: Handlers = {
    CommandKind.CHECK: check,
    CommandKind.ANSWER: answer,
    CommandKind.REOPEN: reopen,
}
"""What this family carries out."""
