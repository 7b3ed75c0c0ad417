"""What may hold a ticket's clocks: parked to a date, or waiting for the reporter; nothing else does (LAW 4)."""

from typing import Final

from msgspec.structs import replace

from rules.ticket import clocks, resolve_clocks
from rules.ticket.draft import Case, Draft, is_wish
from rules.ticket.whistle import any_open
from topics.events.changes import TicketParked, TicketUnparked, WaitEnded
from topics.ids import Instant
from topics.ticket import Child, Clock
from topics.ticket_words import TicketTask
from topics.vocabulary import ClockKind, Reason, Status, Unit

_PARK: Final = ClockKind.PARK
"""Looked up once (``rules.ticket.offers``)."""
DAY_MS = 86_400_000
LONGEST_PARK_MS = 365 * DAY_MS
"""A ticket is parked for a year at most."""
REMINDER_MS = 30 * DAY_MS
"""So long before its date somebody is reminded of a parked ticket."""


def may_park(case: Case, draft: Draft, until: Instant | None) -> Reason | None:
    """Say why a ticket may not be parked to this date, if it may not: once, ahead, within a year, not overdue."""
    if until is None or until <= case.at:
        return Reason.DATE_MISSING
    if until - case.at > LONGEST_PARK_MS:
        return Reason.TOO_LATE
    if draft.was_parked or is_waiting(draft):
        return Reason.PAUSED_BEFORE
    return Reason.OVERDUE if is_late(case, draft) else None


def is_late(case: Case, draft: Draft) -> bool:
    """Whether the limit is broken, be its rung fired or not: after breach nothing pauses and nothing extends."""
    resolve = draft.clock(ClockKind.RESOLVE)
    due = (
        clocks.moment(case.law, resolve, 100, None)
        if resolve and (resolve.rungs or not is_wish(case.law, draft))
        else None
    )
    return draft.is_overdue or (due is not None and case.at >= due)


def park(case: Case, draft: Draft, until: Instant) -> None:
    """Hold the work to a date; what it was doing goes on then."""
    hold(case, draft, "parked")
    draft.parked_from, draft.was_parked = draft.status, True
    draft.status, draft.task = Status.PARKED, TicketTask.WAIT
    draft.put(
        Clock(
            kind=ClockKind.PARK,
            number="0",
            limit_ms=until - case.at,
            unit=Unit.MINUTE,
            started_at=case.at,
            running_since=case.at,
            rungs=(100,),
            until=until,
        )
    )
    if until - REMINDER_MS > case.at:
        reminder = until - REMINDER_MS
        draft.put(
            Clock(
                kind=ClockKind.PARK,
                number="reminder",
                limit_ms=reminder - case.at,
                unit=Unit.MINUTE,
                started_at=case.at,
                running_since=case.at,
                rungs=(50,),
                until=reminder,
            )
        )
    case.say(draft, TicketParked(until=until))


def unpark(case: Case, draft: Draft, at: Instant | None = None) -> None:
    """The date has come, or somebody ends it earlier: clocks run on with what they consumed, from then on."""
    draft.drop(ClockKind.PARK)
    draft.status, draft.parked_from = draft.parked_from or Status.HANDLING, None
    if draft.status is Status.WHISTLED and not any_open(draft):
        draft.status = Status.HANDLING
    draft.task = TicketTask.COORDINATE if draft.status is Status.WHISTLED else TicketTask.HANDLE
    _run_on(case, draft, case.at if at is None else at)
    case.say(draft, TicketUnparked())


def is_waiting(draft: Draft) -> bool:
    """Whether its clocks stand because the reporter is asked."""
    return any(clock.kind == _PARK and clock.number.startswith("wait-") for clock in draft.clocks)


def end_wait(case: Case, draft: Draft, at: Instant | None = None) -> None:
    """Count how long it waited, and let the clocks run on."""
    at = case.at if at is None else at
    wait = draft.clock(ClockKind.PARK)
    if wait is not None:
        draft.waited_ms += clocks.elapsed(case.law, wait, at)
    draft.drop(ClockKind.PARK)
    _run_on(case, draft, at)
    case.say(draft, WaitEnded())


def at_end(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """A park clock has ended: by its date, or because the reporter has kept silent for too long. Told late, clocks run
    on from its moment."""
    ended = min(clocks.moment(case.law, clock, 100, None) or case.at, case.at)
    if clock.number == "0":
        unpark(case, draft, ended)
    else:
        end_wait(case, draft, ended)
    return Reason.WINDOW_ENDED


HELD = (ClockKind.LEG, ClockKind.CONTACT, ClockKind.CHILD, ClockKind.REPORT_IN)
"""Clocks of the work that stand with the limit: none of them runs while that stands (LAW 4)."""


def hold(case: Case, draft: Draft, reason: str) -> None:
    """Let the limit and the clocks of the work stand."""

    def held(clock: Clock) -> Clock:
        return clocks.pause(case.law, clock, case.at, reason) if clock.running_since is not None else clock

    resolve_clocks.change(case.law, draft, held)
    draft.clocks = tuple([held(clock) if clock.kind in HELD else clock for clock in draft.clocks])


def _run_on(case: Case, draft: Draft, at: Instant) -> None:
    def run_on(clock: Clock) -> Clock:
        return clocks.resume(clock, at) if clock.paused_reason is not None else clock

    resolve_clocks.change(case.law, draft, run_on)
    draft.clocks = tuple([run_on(clock) if clock.kind in HELD else clock for clock in draft.clocks])
    draft.children = tuple([_due_anew(case, draft, child) for child in draft.children])


def _due_anew(case: Case, draft: Draft, child: Child) -> Child:
    """A child's moment, for people, is that of its clock."""
    clock = draft.clock(ClockKind.CHILD, f"{child.code}/{child.n}")
    return child if clock is None else replace(child, deadline_at=clocks.moment(case.law, clock, 100, None))
