"""How the people of the demonstration behave: given a ticket as it stands, who does what next, and after how long."""

import random
from dataclasses import dataclass
from typing import Any

from engine.demo.day import is_open_to_all
from rules.law.compiled import Law
from rules.ticket.authority import had_hand_in
from topics.command import Actor
from topics.ids import Instant
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role, Status

MINUTE = 60_000

ABSENT_DEPARTMENTS = 1 / 12
"""Share of tasks that a department never answers, so that the district has something to do."""

PROMPT, ABLE = 0.93, 0.94
"""Share of those who accept what is offered to them, and of those who then finish it: a district that mostly copes."""

PACE = {"U1": 4, "U2": 2}
"""So many times as fast as usual people are when it presses."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One command to be given at ``at``."""

    at: Instant
    kind: CommandKind
    actor: Actor
    ticket: str
    fields: dict[str, Any]
    version: int = 0
    """Of the ticket when it was thought of; somebody who sees that it has changed thinks again."""


def next_act(law: Law, ticket: Ticket, now: Instant, seed: int) -> Act | None:
    """Say what somebody will do about a ticket, or ``None`` when nobody will and its clocks must speak.

    The draw hangs on the ticket and its version alone, so the same log leads to the same acts.
    """
    draw = random.Random(f"{seed}:{ticket.id}:{ticket.version}")
    character = random.Random(f"{seed}:{ticket.id}:{ticket.tier}").random()
    pace = PACE.get(ticket.urgency or "", 1)
    if ticket.asked is not None:
        return _agree(law, ticket, now + draw.randrange(2, 20) * MINUTE) if draw.random() < 0.9 else None
    match ticket.status:
        case Status.RECEIVED:
            return _file(law, ticket, now, draw)
        case Status.OFFERED if character < PROMPT:
            return _by_holder(law, ticket, now + draw.randrange(2, 20) * MINUTE // pace, CommandKind.ACCEPT, {})
        case Status.ACCEPTED:
            return _by_holder(law, ticket, now + draw.randrange(2, 10) * MINUTE // pace, CommandKind.START, {})
        case Status.HANDLING if draw.random() < 0.04 and ticket.tier == "street":
            return _whistle(law, ticket, now + 5 * MINUTE)
        case Status.HANDLING if character < PROMPT * ABLE:
            return _finish(law, ticket, now + draw.randrange(10, 60) * MINUTE // pace)
        case Status.DONE:
            return _check(law, ticket, now + draw.randrange(5, 25) * MINUTE, passed=draw.random() < 0.95)
        case Status.SURVEYED if draw.random() < 0.7:
            fields, at = {"satisfied": draw.random() < 0.93}, now + draw.randrange(15, 90) * MINUTE
            return Act(
                at=at, kind=CommandKind.ANSWER, actor=Actor(Role.REPORTER, "reporter"), ticket=ticket.id, fields=fields
            )
        case _:
            return None


def _whistle(law: Law, ticket: Ticket, at: Instant) -> Act | None:
    """Let the street call the category's departments, three at most."""
    category = law.categories[ticket.category] if ticket.category else None
    codes = [category.lead, *category.co] if category is not None else []
    called = tuple(code for code in codes if code)[:3]
    fields = {"departments": called, "case": "street_cannot"}
    return _by_holder(law, ticket, at, CommandKind.WHISTLE, fields) if called else None


def _by_holder(law: Law, ticket: Ticket, at: Instant, kind: CommandKind, fields: dict[str, Any]) -> Act | None:
    """Let somebody on duty of the party, street or centre that holds it act; departments answer on their own topics."""
    role = _role(ticket)
    if role is None:
        return None
    people = law.roster(role, ticket.leaf or ticket.home)
    named = [entry for entry in people if entry.person == ticket.person]
    ready = [entry for entry in named + list(people) if law.on_duty(entry, at)]
    return (
        Act(at=at, kind=kind, actor=Actor(Role(role), ready[0].person), ticket=ticket.id, fields=fields)
        if ready
        else None
    )


def _agree(law: Law, ticket: Ticket, at: Instant) -> Act | None:
    """The principal of the street agrees to its whistle."""
    ready = [entry for entry in law.roster(Role.PRINCIPAL, ticket.leaf or ticket.home) if law.on_duty(entry, at)]
    return (
        Act(at=at, kind=CommandKind.APPROVE, actor=Actor(Role.PRINCIPAL, ready[0].person), ticket=ticket.id, fields={})
        if ready
        else None
    )


def _role(ticket: Ticket) -> str | None:
    roles = {"residents", "specialist", "red_property", "backstop", "street", "centre"}
    return ticket.party if ticket.party in roles else None


def _finish(law: Law, ticket: Ticket, at: Instant) -> Act | None:
    return _by_holder(
        law, ticket, at, CommandKind.FINISH, {"text": "done on the spot", "proof": (f"photo:{ticket.id}",)}
    )


def _file(law: Law, ticket: Ticket, now: Instant, draw: random.Random) -> Act | None:
    """Let the duty desk file what came without a category; what has no place stays with it."""
    desk = [entry for entry in law.roster("desk", ticket.home) if law.on_duty(entry, now)]
    if not desk or ticket.home == law.bundle.unplaced or draw.random() < 0.25:
        return None
    category = draw.choice(
        [
            c.code
            for c in law.bundle.categories
            if is_open_to_all(law, c) and c.urgency not in law.bundle.automatic_whistle
        ]
    )
    return Act(
        at=now + draw.randrange(2, 12) * MINUTE,
        kind=CommandKind.FILE,
        actor=Actor(Role.DESK, desk[0].person),
        ticket=ticket.id,
        fields={"category": category},
    )


def _check(law: Law, ticket: Ticket, at: Instant, passed: bool) -> Act | None:
    people = [
        entry
        for entry in law.roster("checker", ticket.home)
        if not had_hand_in(ticket, entry.person) and law.on_duty(entry, at)
    ]
    fields = {"passed": passed} | ({} if passed else {"reason": "the closing standard is not met"})
    return (
        Act(at=at, kind=CommandKind.CHECK, actor=Actor(Role.CHECKER, people[0].person), ticket=ticket.id, fields=fields)
        if people
        else None
    )


def answers(
    code: str, role: str, event: str, seed: int, ticket: str, urgency: str | None = None
) -> list[tuple[int, str]]:
    """Say what a department answers to a task: (delay in engine milliseconds, action), in order; empty when it is
    absent.

    One task in twelve is never answered; to the others departments report in at once, late, or after the deadline.
    """
    draw = random.Random(f"{seed}:{code}:{ticket}:{role}")
    if event != "dispatched" or draw.random() < ABSENT_DEPARTMENTS:
        return []
    pace = PACE.get(urgency or "", 1)
    first = draw.choice((4, 8, 12, 16, 24, 36, 140)) * MINUTE // pace
    if role == "owner":
        return [
            (first, "accept"),
            (first + 5 * MINUTE, "start"),
            (first + draw.randrange(30, 120) * MINUTE // pace, "finish"),
        ]
    return [(first, "report_in"), (first + draw.randrange(15, 80) * MINUTE // pace, "finish")]
