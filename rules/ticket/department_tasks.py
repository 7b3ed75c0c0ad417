"""What a department is told: each message to it is an event of the decision, which fan-out copies (LAW 7)."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from rules.law.compiled import Law
from rules.ticket.clocks import moment
from rules.ticket.draft import Case, Draft, clock_of
from topics.events.departments import TaskDispatched
from topics.ids import Instant
from topics.task import TaskEvent
from topics.ticket import Child
from topics.ticket_words import ChildStatus
from topics.vocabulary import ClockKind, DepartmentRole, Role


def send(
    case: Case,
    draft: Draft,
    event: str,
    department: str,
    role: str,
    child: Child | None = None,
    reason: str | None = None,
    report_in_by: Instant | None = None,
    asks: str | None = None,
    why: str | None = None,
) -> None:
    """Tell a department of a ticket, or its child of it, as a ``topics.task.Task``; a later word replaces a former."""
    number = f"{child.code}/{child.n}" if child else "0"
    name = f"{case.id}#{department}#{number}"
    if case.told.get(name) is not None:
        case.events.remove(case.told[name])
    due = child.deadline_at if child else _resolve_by(case, draft)
    sign_in = report_in_by or (_report_in_by(case, draft, number) if child else None)
    where = f"{draft.id}/{number}" if child else None
    over, law, category = event in OVER, case.law, case.law.categories.get(draft.category or "")
    clock = None if over else clock_of(draft, _CHILD, number) if child else clock_of(draft, _RESOLVE)
    # but of what is over: all that a department needs to go there, grid, labels, text, limit, whom to call (DESIGN 3)
    case.told[name] = case.say(draft, TaskDispatched(
        id=name, event=event, department=department, ticket=draft.id, role=role, at=rfc3339(case.at), child=where,
        deadline=_stamp(due), report_in_by=_stamp(sign_in), category=draft.category, urgency=draft.urgency,
        address=draft.address, lat=_degrees(draft.lat_e7), lon=_degrees(draft.lon_e7), reason=reason, asks=asks,
        case=why, exercise=draft.exercise, grid=None if over else _path(law, draft.where),
        text=None if over else draft.text,
        category_label=None if over or category is None else category.label,
        category_label_zh=None if over or category is None else category.label_zh,
        limit_ms=None if clock is None else clock.limit_ms, limit_unit=None if clock is None else str(clock.unit),
        call=None if over else _contact(case, draft, child is not None), version=1,
    ))  # fmt: skip


_CHILD: Final = ClockKind.CHILD
_RESOLVE: Final = ClockKind.RESOLVE
_REPORT_IN: Final = ClockKind.REPORT_IN
_STREET: Final = Role.STREET
_CENTRE: Final = Role.CENTRE
"""Looked up once (``rules.ticket.offers``)."""
OVER: Final = (TaskEvent.WITHDRAWN, TaskEvent.ENDED)
"""Nobody goes there any more."""


def _path(law: Law, where: str) -> list[dict[str, str]]:
    """Name the grid and all above it, the largest first."""
    key = ("task path", where)
    found: list[dict[str, str]] | None = law.cache.get(key)
    if found is None:
        nodes = [law.nodes[code] for code in reversed(law.path(where))]
        found = law.cache[key] = [
            {"code": node.code, "level": node.level, "label": node.label, "label_zh": node.label_zh} for node in nodes
        ]
    return found


def _contact(case: Case, draft: Draft, is_child: bool) -> dict[str, str]:
    """Whom to call there: who holds a whistled ticket; for an owner somebody of the street, else its supervisor."""
    if is_child and draft.person:
        return {"role": _CENTRE if draft.party == _CENTRE else _STREET, "person": draft.person}
    somebody = case.someone(_STREET, draft)
    if somebody is not None:
        return {"role": _STREET, "person": somebody.person}
    return {"role": Role.SUPERVISOR, "person": case.supervisor(draft)}


def withdraw_all(case: Case, draft: Draft, event: str, reason: str | None = None) -> None:
    """Tell every department that still has a task about it that it is over."""
    if draft.party is not None and case.law.department(draft.party) is not None:
        send(case, draft, event, draft.party, DepartmentRole.OWNER, reason=reason)
    for child in draft.children:
        if child.status in (ChildStatus.CALLED, ChildStatus.REPORTED_IN):
            send(case, draft, event, child.code, child.role, child, reason)


def _report_in_by(case: Case, draft: Draft, number: str) -> Instant | None:
    clock = clock_of(draft, _REPORT_IN, number)
    return moment(case.law, clock, 100, draft.urgency) if clock else None


def _resolve_by(case: Case, draft: Draft) -> Instant | None:
    clock = clock_of(draft, _RESOLVE)
    return moment(case.law, clock, 100, draft.urgency) if clock and clock.running_since is not None else None


@lru_cache(maxsize=4096)
def rfc3339(at: Instant) -> str:
    """Write a moment as departments read it: RFC 3339, UTC, milliseconds."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stamp(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)


def _degrees(e7: int | None) -> str | None:
    return None if e7 is None else f"{'-' if e7 < 0 else ''}{abs(e7) // 10**7}.{abs(e7) % 10**7:07d}"
