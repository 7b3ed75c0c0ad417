"""The whistle: one child for each department that is called; the parent stays with the street (LAW 7,
网格吹哨、部门报到)."""

from typing import Final

from msgspec.structs import replace

from rules.ticket import clocks, department_tasks
from rules.ticket.draft import Case, Draft, is_wish
from topics.events.departments import ChildFinished, ChildReleased, DepartmentReportedIn, WhistleRaised
from topics.ids import is_number
from topics.ticket import Child, Clock
from topics.ticket_words import ChildStatus, TicketTask
from topics.vocabulary import ClockKind, DepartmentRole, Status, Unit

_REPORT_IN: Final = ClockKind.REPORT_IN
_LEAD: Final = DepartmentRole.LEAD
_HELPER: Final = DepartmentRole.HELPER
"""Looked up once (``rules.ticket.offers``)."""
OPEN: Final = (ChildStatus.CALLED, ChildStatus.REPORTED_IN)


def call(
    case: Case, draft: Draft, departments: tuple[str, ...], reason: str, automatic: bool, asks: str | None = None
) -> None:
    """Call departments; the first is lead unless there is one already. Each gets a report-in and a child clock."""
    has_lead = any(
        child.role == DepartmentRole.LEAD and child.status is not ChildStatus.RELEASED for child in draft.children
    )
    case.say(
        draft,
        WhistleRaised(
            departments=list(departments), lead=draft.lead or departments[0], case=reason, automatic=automatic
        ),
    )
    budget = _child_clock(case, draft)
    deadline = clocks.moment(case.law, budget, 100, draft.urgency) if budget is not None else None
    limit = clocks.limit_of(case.law, _REPORT_IN, draft.urgency)
    report_in = clocks.start(case.law, _REPORT_IN, "", limit, case.at) if limit is not None else None
    report_in_by = clocks.moment(case.law, report_in, 100, draft.urgency) if report_in is not None else None
    for code in departments:
        n = 100 * draft.generation + sum([child.code == code for child in draft.children]) + 1
        number = f"{code}/{n}"
        started = [replace(clock, number=number) for clock in (budget, report_in) if clock is not None]
        draft.clocks = (*draft.clocks, *started)  # a child's number is new
        role = _HELPER if has_lead else _LEAD
        has_lead = True
        child = Child(code=code, n=n, role=role, called_at=case.at, deadline_at=deadline)
        draft.children = (*draft.children, child)
        department_tasks.send(
            case, draft, "dispatched", code, role, child, report_in_by=report_in_by, asks=asks, why=reason
        )
    draft.status, draft.task = Status.WHISTLED, TicketTask.COORDINATE


def _child_clock(case: Case, draft: Draft) -> Clock | None:
    """Give a child its parent's remainder, or the leg's once the parent is in breach (LAW 4); it stands while that
    stands. Of a wish it ages as that does."""
    law = case.law
    if is_wish(law, draft):
        return None
    (limit, unit), held = clocks.leg_limit(law, draft.resolve_limit_ms, draft.resolve_unit), None
    for kind in (ClockKind.LEG, ClockKind.RESOLVE) if draft.is_overdue else (ClockKind.RESOLVE,):
        clock = draft.clock(kind)
        if clock is None or (clock.running_since is None and clock.paused_reason is None):
            continue
        left, held = clock.limit_ms - clocks.elapsed(law, clock, case.at), clock.paused_reason
        if left > 0:
            limit, unit = left, Unit(clock.unit)
            break
    fresh = Clock(
        kind=ClockKind.CHILD,
        number="",
        limit_ms=limit,
        unit=unit,
        started_at=case.at,
        running_since=case.at,
        rungs=law.rungs(ClockKind.CHILD),
    )
    return fresh if held is None else clocks.pause(law, fresh, case.at, held)


def retime(case: Case, draft: Draft) -> None:
    """The parent has another limit: departments that are still at it, and not late, have what it has left, and hear so;
    of a wish they have none."""
    if not any_open(draft):
        return
    budget = _child_clock(case, draft)
    for child in draft.children:
        number = f"{child.code}/{child.n}"
        former = draft.clock(ClockKind.CHILD, number)
        fresh = _child_anew(case, former, budget)
        if child.status not in OPEN or fresh is former:
            continue
        draft.drop(ClockKind.CHILD, number=number)
        if fresh is not None:
            draft.put(replace(fresh, number=number))
        child = replace(child, deadline_at=fresh and clocks.moment(case.law, fresh, 100, draft.urgency))
        update(draft, child)
        department_tasks.send(case, draft, "updated", child.code, child.role, child, "limit_changed")


def _child_anew(case: Case, former: Clock | None, budget: Clock | None) -> Clock | None:
    """Its clock by what its parent has left. What it was told is not told again: with a wish the clock stands, and is
    taken up again."""
    if budget is None:
        if former is None or not former.fired:
            return None
        return replace(clocks.stop(case.law, former, case.at), rungs=(), paused_reason=None)
    if former is None:
        return budget
    if former.running_since is None and former.paused_reason is None:
        rungs = tuple([rung for rung in budget.rungs if rung not in former.fired])
        return replace(budget, rungs=rungs, fired=former.fired)
    if 100 in former.fired:
        return former
    whole = clocks.elapsed(case.law, former, case.at) + budget.limit_ms
    return clocks.rebase(case.law, former, whole, budget.unit, case.at)


def find(draft: Draft, address: str) -> Child | None:
    """Find the child that ``<ticket>/<code>/<n>`` names."""
    parts = address.split("/")
    if len(parts) != 3 or not is_number(parts[2]):
        return None
    return next((child for child in draft.children if child.code == parts[1] and child.n == int(parts[2])), None)


def update(draft: Draft, child: Child) -> None:
    """Put a child in the place of its former self."""
    draft.children = tuple(child if (c.code, c.n) == (child.code, child.n) else c for c in draft.children)


def report_in(case: Case, draft: Draft, child: Child, person: str) -> None:
    """A department signs in: its report-in clock stops."""
    number = f"{child.code}/{child.n}"
    clock = draft.clock(ClockKind.REPORT_IN, number)
    due = clocks.moment(case.law, clock, 100, draft.urgency) if clock else None
    draft.drop(ClockKind.REPORT_IN, number=number)
    at = max(case.effective_at, child.called_at)
    update(draft, replace(child, status=ChildStatus.REPORTED_IN, person=person, reported_in_at=at))
    case.say(draft, DepartmentReportedIn(code=child.code, n=child.n, late_by_ms=max(0, at - due) if due else 0))


def end(case: Case, draft: Draft, child: Child, status: ChildStatus, reason: str | None) -> None:
    """A child is finished or released; when none is open, a whistled parent goes on to be handled."""
    number = f"{child.code}/{child.n}"
    draft.drop(ClockKind.REPORT_IN, ClockKind.CHILD, number=number)
    update(draft, replace(child, status=status, ended_at=max(case.effective_at, child.called_at), reason=reason))
    event = ChildFinished if status is ChildStatus.FINISHED else ChildReleased
    case.say(draft, event(code=child.code, n=child.n))
    if draft.status is Status.WHISTLED and not any_open(draft):
        draft.status, draft.task = Status.HANDLING, TicketTask.HANDLE


def any_open(draft: Draft) -> bool:
    """Whether a department that was called has neither finished nor been released."""
    return any(child.status in OPEN for child in draft.children)


def called_by(case: Case, draft: Draft) -> tuple[str, ...]:
    """Name the departments an automatic whistle calls: the category's lead and co-departments that are not at it
    yet."""
    category = case.category(draft)
    wanted = [draft.lead, *(category.co if category else ())]
    busy = {child.code for child in draft.children if child.status in OPEN}
    return tuple(dict.fromkeys(code for code in wanted if code and code not in busy and case.law.department(code)))
