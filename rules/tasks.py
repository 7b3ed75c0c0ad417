"""What a department is told: each message to it is an event of the decision, which fan-out copies (LAW 7)."""

from datetime import UTC, datetime
from functools import lru_cache

from rules.case import Case, Draft
from rules.clocks import moment
from topics.decision import Event
from topics.ids import Instant
from topics.ticket import Child
from topics.vocabulary import ClockKind, DepartmentRole


def send(
    case: Case, draft: Draft, event: str, department: str, role: str, child: Child | None = None, reason: str | None = None,
    report_in_by: Instant | None = None,
) -> None:  # fmt: skip
    """Tell a department something about a ticket, or about its child of it; the facts are a ``topics.task.Task``."""
    number = f"{child.code}/{child.n}" if child else "0"
    name = f"{case.id}#{department}#{number}"
    facts = {
        "id": name,
        "event": event,
        "department": department,
        "ticket": draft.id,
        "role": role,
        "at": _rfc3339(case.at),
        "child": f"{draft.id}/{number}" if child else None,
        "deadline": _stamp(child.deadline_at if child else _resolve_by(case, draft)),
        "report_in_by": _stamp(report_in_by or (_report_in_by(case, draft, number) if child else None)),
        "category": draft.category,
        "urgency": draft.urgency,
        "text": draft.text if event == "dispatched" else "",
        "address": draft.address,
        "lat": _degrees(draft.lat_e7),
        "lon": _degrees(draft.lon_e7),
        "reason": reason,
        "version": 1,
    }
    if case.told.get(name) is not None:
        # one decision says one thing to a department about one child: the later replaces the earlier
        case.events.remove(case.told[name])
    said = case.told[name] = Event("TaskDispatched", draft.id, {key: fact for key, fact in facts.items() if fact is not None})
    case.events.append(said)


def withdraw_all(case: Case, draft: Draft, event: str, reason: str | None = None) -> None:
    """Tell every department that still has a task about it that it is over."""
    if draft.party is not None and case.law.department(draft.party) is not None:
        send(case, draft, event, draft.party, DepartmentRole.OWNER, reason=reason)
    for child in draft.children:
        if child.status in ("called", "reported_in"):
            send(case, draft, event, child.code, child.role, child, reason)


def _report_in_by(case: Case, draft: Draft, number: str) -> Instant | None:
    clock = draft.clock(ClockKind.REPORT_IN, number)
    return moment(case.law, clock, 100, draft.urgency) if clock else None


def _resolve_by(case: Case, draft: Draft) -> Instant | None:
    clock = draft.clock(ClockKind.RESOLVE)
    return moment(case.law, clock, 100, draft.urgency) if clock and clock.running_since is not None else None


@lru_cache(maxsize=4096)
def _rfc3339(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stamp(at: Instant | None) -> str | None:
    return None if at is None else _rfc3339(at)


def _degrees(e7: int | None) -> str | None:
    return None if e7 is None else f"{'-' if e7 < 0 else ''}{abs(e7) // 10**7}.{abs(e7) % 10**7:07d}"
