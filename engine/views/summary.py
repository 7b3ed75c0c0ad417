"""What a row of a queue shows: the fields of a ticket that people look for, labelled, made and written once."""

from operator import attrgetter
from typing import Any

import msgspec

from engine.views.row_labels import Upcoming, in_work_time, labels_of, paused, upcoming
from rules.commands.approvals import may_agree
from rules.law.compiled import Law
from rules.law.walls import COMMITTEES
from topics import codec
from topics.ids import Instant
from topics.ticket import Child, Ticket
from topics.vocabulary import FINAL

SHOWN = (
    "id",
    "version",
    "identity",
    "home",
    "status",
    "tier",
    "party",
    "person",
    "duty",
    "task",
    "leaf",
    "category",
    "urgency",
    "lead",
    "received_at",
    "filed_at",
    "deadline_at",
    "next_due_at",
    "is_overdue",
    "is_escalated",
    "is_exhausted",
    "exercise",
    "generation",
    "rework",
    "text",
    "address",
    "close_reason",
    "merged_into",
    "flags",
    "can_reach_reporter",
)
"""Fields of a ticket that its summary has."""


class ChildClock(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a department was called to, and by when."""

    code: str
    n: int
    role: str
    status: str
    person: str | None = None
    deadline_at: Instant | None = None
    reported_in_at: Instant | None = None
    ended_at: Instant | None = None


class Waiting(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What waits for whose agreement."""

    what: str
    roles: tuple[str, ...]
    by: str | None = None
    reason: str | None = None


class _More(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a row shows that is no field of the ticket."""

    children: tuple[str, ...] = ()
    child_clocks: tuple[ChildClock, ...] = ()
    waits_for: Waiting | None = None
    labels: msgspec.Raw | None = None
    street: str | None = None
    next: Upcoming | None = None
    in_work_time: bool = False
    paused: str | None = None


def _field(name: str, field: msgspec.structs.FieldInfo) -> tuple[str, Any, Any]:
    """One field of a row, left out where a ticket says nothing by it."""
    return name, Any, None if field.required else field.default


_FIELDS = {field.name: field for field in msgspec.structs.fields(Ticket)}
_Summary = msgspec.defstruct(
    "_Summary", [_field(name, _FIELDS[name]) for name in SHOWN], bases=(_More,), frozen=True, omit_defaults=True
)
_of = attrgetter(*SHOWN)


def summary(ticket: Ticket, law: Law | None = None) -> bytes:
    """Write what a row shows as JSON, labelled by its pack; the ticket itself holds nothing personal."""
    more: dict[str, Any] = {}
    if law is not None:
        more["labels"], more["street"] = labels_of(law, ticket)
        if ticket.status not in FINAL:
            more["next"], more["paused"] = upcoming(law, ticket), paused(ticket)
            more["in_work_time"] = in_work_time(law, ticket)
    if ticket.children:
        more["children"] = [f"{child.code}/{child.n}:{child.status}" for child in ticket.children]
        more["child_clocks"] = [_clock(child) for child in ticket.children]
    if ticket.asked is not None or ticket.consent is not None:
        more["waits_for"] = waiting(ticket)
    return codec.encode(_Summary(*_of(ticket), **more))


def _clock(child: Child) -> ChildClock:
    return ChildClock(
        code=child.code,
        n=child.n,
        role=child.role,
        status=child.status,
        person=child.person,
        deadline_at=child.deadline_at,
        reported_in_at=child.reported_in_at,
        ended_at=child.ended_at,
    )


def waiting(ticket: Ticket) -> Waiting | None:
    """Say what waits for whose agreement: something the holder asked for, or the committees' consent."""
    asked = ticket.asked
    if asked is not None:
        by = f"{asked.role}:{asked.person}"
        return Waiting(what=asked.what, roles=tuple(may_agree(asked)), by=by, reason=asked.reason)
    if ticket.consent is not None and ticket.status not in FINAL:
        given = {role for role, _ in ticket.consents}
        missing = tuple(str(role) for role in COMMITTEES if role not in given)
        if missing:
            return Waiting(what="consent", roles=missing[:1] if ticket.consent == "sequential" else missing)
    return None
