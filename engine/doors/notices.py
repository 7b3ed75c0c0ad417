"""What people are told of a decision, as rows beside the outbox, written in the same transaction: offers, rungs,
approvals that are asked for, supervision, and what becomes of a report."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.doors.notice_tables import NOTICES, SOURCE
from rules.commands.approvals import may_agree
from rules.law.compiled import Law
from topics.decision import Decision, Event, facts_of
from topics.events.types import EventType
from topics.ticket import Ticket

FRESH_MS = 6 * 3_600_000
"""What was decided longer ago, by the wall, is told nobody: an old log that is folded into an empty database must wake
no city."""

PUT = insert(NOTICES).on_conflict_do_nothing(index_elements=["id"])

TOLD = {
    EventType.CLOCK_AT_RISK: "remind",
    EventType.CLOCK_BREACHED: "breach",
    EventType.TICKET_REMINDED: "urge",
    EventType.FOLLOWERS_TOLD: "follow",
}
"""Events that name who is told; the law has looked at their hours and at the roster of that moment (LAW 5)."""
OF_REPORTER = {
    EventType.TICKET_FILED: "filed",
    EventType.WAITING_FOR_REPORTER: "question",
    EventType.TICKET_DISMISSED: "dismissed",
    EventType.TICKET_SURVEYED: "survey",
    EventType.TICKET_CLOSED: "closed",
}
"""What becomes of a report, told to the system that sent it: who reported is known there, and here to nobody."""
URGENT = ("breach", "supervision")
"""Told whatever the hour: from 100 % on, and by order."""
ANSWERS = ("question", "dismissed")
"""Kinds with which what was said to the reporter goes out."""


class Told(NamedTuple):
    """Whom a notice is for, and what kind it is."""

    recipient: str
    kind: str


def is_fresh(appended_ms: int | None) -> bool:
    """Whether decisions that were written then are still told."""
    return appended_ms is None or time.time() * 1000 - appended_ms < FRESH_MS


def notice_rows(decision: Decision, images: Mapping[str, Ticket], laws: Mapping[str, Law]) -> Iterator[dict[str, Any]]:
    """Write the rows of one decision; ``images`` is what it left of each ticket."""
    for number, event in enumerate(decision.events):
        ticket = images.get(event.ticket)
        law = laws.get(ticket.pack) if ticket is not None else None
        if ticket is None or law is None:
            continue
        for one in dict.fromkeys(_told(event, ticket, law, decision)):
            yield _row(f"{decision.id}#{number}#{one.recipient}", one, event, ticket=ticket, law=law, decision=decision)


def _told(event: Event, ticket: Ticket, law: Law, decision: Decision) -> Iterator[Told]:
    """Say who is told of an event, and as what."""
    kind = event.type
    if kind in TOLD:
        yield from (Told(person, TOLD[EventType(kind)]) for person in facts_of(event)["told"])
    elif kind == EventType.TICKET_OFFERED:
        yield Told(facts_of(event)["person"], "offer")
    elif kind == EventType.SUPERVISION_ORDERED:
        yield Told(ticket.person, "supervision")
    elif kind == EventType.APPROVAL_ASKED and ticket.asked is not None:
        for role in may_agree(ticket.asked):
            entries = law.roster(str(role), ticket.leaf or ticket.home)
            on_duty = [entry for entry in entries if law.on_duty(entry, decision.at)] or list(entries)
            yield from (Told(entry.person, "approval") for entry in on_duty[:1])
    elif kind in OF_REPORTER and not ticket.exercise:
        yield Told(SOURCE + ticket.identity.partition(":")[0], OF_REPORTER[EventType(kind)])


def _row(name: str, one: Told, event: Event, *, ticket: Ticket, law: Law, decision: Decision) -> dict[str, Any]:
    known = law.categories.get(ticket.category or "")
    facts = facts_of(event)
    body: dict[str, Any] = {
        "id": name,
        "kind": one.kind,
        "ticket": ticket.id,
        "urgency": ticket.urgency,
        "category": ticket.category,
        "label": known.label if known else None,
        "label_zh": known.label_zh if known else None,
        "grid": ticket.leaf or ticket.home,
        "at": _moment(decision.at).isoformat(),
        "due_at": _moment(due).isoformat() if (due := facts.get("due_at", ticket.deadline_at)) is not None else None,
        "rung": facts.get("rung"),
        "clock": facts.get("clock"),
        "what": facts.get("what"),
        "exercise": ticket.exercise or None,
    }
    if one.recipient.startswith(SOURCE):
        body["identity"] = ticket.identity
    if one.kind in ANSWERS and decision.said is not None:
        body["said"] = decision.said.text or decision.said.reason
    return {
        "id": _text(name),
        "recipient": _text(one.recipient),
        "ticket": _text(ticket.id),
        "kind": one.kind,
        "is_urgent": one.kind in URGENT or ticket.urgency == "U1",
        "at": _moment(decision.at),
        "zone": law.bundle.timezone,
        "body": msgspec.json.encode({key: value for key, value in body.items() if value is not None}).decode(),
    }


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _text(value: str) -> str:
    """PostgreSQL takes every character but one."""
    return value.replace("\0", "\ufffd")


async def put_notices(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows; those that are there already change nothing."""
    if rows:
        await connection.execute(PUT, rows)
