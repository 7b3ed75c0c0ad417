"""The clocks of the work itself: begun with a tier, stopped when it is finished, resumed when a check fails (LAW 4)."""

from rules.ticket import clocks, pauses, resolve_clocks
from rules.ticket.draft import Case, Draft
from topics.ticket import Clock
from topics.vocabulary import ClockKind


def start_leg(case: Case, draft: Draft) -> None:
    """Start the clock of a tier entered by a move; there is one leg at a time."""
    draft.leg += 1
    draft.drop(ClockKind.LEG)
    category = case.category(draft)
    if category is not None and category.wish:
        return  # it ages without a limit, wherever it is
    limit, unit = clocks.leg_limit(case.law, draft.resolve_limit_ms, draft.resolve_unit)
    area = None if draft.is_overdue else case.law.area(draft.where)  # what has breached stands still no more (LAW 4)
    leg = Clock(
        kind=ClockKind.LEG,
        number=str(draft.leg),
        limit_ms=limit,
        unit=unit,
        started_at=case.at,
        running_since=case.at,
        rungs=case.law.rungs(ClockKind.LEG),
        area=area,
    )
    resolve = draft.clock(ClockKind.RESOLVE)
    held = resolve.paused_reason if resolve is not None else None
    draft.put(leg if held is None else clocks.pause(case.law, leg, case.at, held))


ASKED = (ClockKind.ACCEPT, ClockKind.CONTACT, ClockKind.REPORT_IN)
"""Clocks whose time goes by the urgency alone."""


def retime(case: Case, draft: Draft) -> None:
    """Of another urgency whoever is asked has another time, to accept, to call, to sign in; what is used of it stays
    used, and what is late stays late (LAW 4)."""
    for clock in draft.clocks:
        limit = clocks.limit_of(case.law, ClockKind(clock.kind), draft.urgency) if clock.kind in ASKED else None
        if limit is None or clock.fired:
            continue
        limit_ms = case.law.limit_ms(limit)
        if (limit_ms, limit.unit) != (clock.limit_ms, clock.unit):
            draft.put(clocks.rebase(case.law, clock, limit_ms, limit.unit, case.at))


def resolve_clock(draft: Draft) -> Clock | None:
    """Give the statutory clock, running or not."""
    return draft.clock(ClockKind.RESOLVE)


def stop(case: Case, draft: Draft) -> None:
    """Work is finished: resolve and leg stop and keep what they consumed, accept and contact are over."""
    if pauses.is_waiting(draft):
        pauses.end_wait(case, draft)
    draft.drop(ClockKind.ACCEPT, ClockKind.CONTACT, ClockKind.PARK)
    draft.asked = None
    resolve_clocks.change(case.law, draft, lambda clock: clocks.stop(case.law, clock, case.effective_at))
    leg = draft.clock(ClockKind.LEG)
    if leg is not None:
        draft.put(clocks.stop(case.law, leg, case.effective_at))


def resume(case: Case, draft: Draft) -> None:
    """A check failed: resolve and leg run on with what was consumed."""
    resolve_clocks.change(
        case.law, draft, lambda clock: clocks.resume(clock, case.at) if clock.running_since is None else clock
    )
    leg = draft.clock(ClockKind.LEG)
    if leg is not None and leg.running_since is None:
        draft.put(clocks.resume(leg, case.at))
