"""A check begins, is passed, or is undone by a new generation: what the commands of it and the clocks share (LAW 4,
6)."""

from rules.ticket import clocks
from rules.ticket.authority import had_hand_in
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.events.endings import TicketSurveyed
from topics.ticket_words import TicketTask
from topics.vocabulary import ClockKind, Role, Status


def begin(case: Case, draft: Draft) -> None:
    """Hand a finished ticket to a checker who did not handle it; a pack without a check clock has no check."""
    checkers = [entry for entry in case.people(Role.CHECKER, draft) if not had_hand_in(draft, entry.person)]
    ready = [entry for entry in checkers if case.duty_law.on_duty(entry, case.at)] or checkers
    draft.status, draft.task, draft.duty = Status.DONE, TicketTask.CHECK, "checker"
    draft.person = ready[0].person if ready else case.supervisor(draft)
    start_clock(case, draft, draft.rework * 100)
    if draft.clock(ClockKind.CHECK) is None:
        passed(case, draft)


def start_clock(case: Case, draft: Draft, number: int) -> None:
    """Start the check clock; ``number`` is rework × 100 + attempts."""
    category = case.category(draft)
    table = case.law.bundle.clocks.get("check", {})
    limit = (table.get("complex") if category is not None and category.complex else None) or table.get(
        draft.urgency or "U3"
    )
    if limit is not None:
        draft.put(clocks.start(case.law, ClockKind.CHECK, str(number), limit, case.at))


def passed(case: Case, draft: Draft) -> None:
    """The work is accepted: the reporter is asked, or where there is no survey the ticket is closed."""
    limit = clocks.limit_of(case.law, ClockKind.SURVEY, draft.urgency)
    if limit is None:
        close(case, draft, "checked")
        return
    draft.status, draft.task, draft.surveyed_at = (
        Status.SURVEYED,
        TicketTask.SURVEY,
        max(case.effective_at, draft.finished_at or 0),
    )
    desk = case.someone(Role.DESK, draft)
    draft.duty, draft.person = "desk", desk.person if desk else case.supervisor(draft)
    draft.clocks = tuple(clock for clock in draft.clocks if clock.kind == ClockKind.RESOLVE)
    draft.put(clocks.start(case.law, ClockKind.SURVEY, "0", limit, case.at))
    case.say(draft, TicketSurveyed())


def begin_anew(draft: Draft) -> None:
    """A new generation begins with nothing of the former but who handled it, so that its rungs are others."""
    draft.generation += 1
    draft.disarm()
    draft.offers, draft.helpers, draft.children, draft.leg, draft.top_repeats = (), (), (), 0, 0
    draft.is_overdue = draft.is_escalated = draft.is_exhausted = False
    draft.asked = draft.parked_from = None
    draft.ledgers, draft.consent, draft.folded_into, draft.informed = (), None, None, ()
    draft.was_parked, draft.waits, draft.waited_ms = False, 0, 0
    draft.finished_at = draft.closed_at = draft.close_reason = draft.surveyed_at = None
