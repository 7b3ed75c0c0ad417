"""The clocks stand while the reporter is asked: those who direct say so, and say when it ends (LAW 4, 6)."""

from rules.commands.handler import Handlers
from rules.ticket import authority, pauses
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.changes import WaitingForReporter
from topics.pack import Limit
from topics.ticket import Clock
from topics.vocabulary import ClockKind, CommandKind, Reason, Unit

MOST_WAITS, LONGEST_WAIT = 2, Limit(5, Unit.WORK_DAY)
"""A ticket may wait for its reporter twice, five working days in all."""


def wait_reporter(case: Case, draft: Draft, command: Command) -> Reason:
    """Those who direct let the clocks stand while the reporter is asked; whoever handles it cannot do that alone."""
    hands = (draft.person, *draft.handled_by)
    if authority.holds(draft, command.actor) or command.actor.person in hands:
        return Reason.SAME_HANDS
    if pauses.is_waiting(draft) or draft.waits >= MOST_WAITS:
        return Reason.PAUSED_BEFORE
    if pauses.is_late(case, draft):
        return Reason.OVERDUE
    left = case.law.limit_ms(LONGEST_WAIT) - draft.waited_ms
    if left <= 0:
        return Reason.PAUSED_BEFORE
    pauses.hold(case, draft, "waiting_reporter")
    draft.waits += 1
    draft.put(
        Clock(
            kind=ClockKind.PARK,
            number=f"wait-{draft.waits}",
            limit_ms=left,
            unit=Unit.WORK_DAY,
            started_at=case.at,
            running_since=case.at,
            rungs=(100,),
        )
    )
    case.say(draft, WaitingForReporter(by=command.actor.person))
    return Reason.DONE_AS_ASKED


def resume(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter has answered."""
    if not pauses.is_waiting(draft):
        return Reason.NOT_PAUSED
    pauses.end_wait(case, draft)
    return Reason.DONE_AS_ASKED


HANDLERS: Handlers = {
    CommandKind.WAIT_REPORTER: wait_reporter,
    CommandKind.RESUME: resume,
}
"""What this family carries out."""
