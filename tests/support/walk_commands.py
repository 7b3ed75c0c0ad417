"""What is asked on a random walk, and by whom: more often than not what the table allows now (LAW 6)."""

import random
from collections import Counter
from typing import Any

from rules.commands.lifecycle_table import TABLE, Row
from tests.support.city import DAY, HOUR, City
from topics.command import Actor, Command
from topics.ticket import Ticket
from topics.vocabulary import PARTITION_KINDS, CommandKind, Role, Status

KINDS = [kind for kind in CommandKind if kind not in (*PARTITION_KINDS, CommandKind.UNREADABLE)]
CHILD_KINDS = [CommandKind.REPORT_IN, CommandKind.ACCEPT, CommandKind.START, CommandKind.FINISH, CommandKind.RELEASE]
SEATED = {role: f"{role.value}-1" for role in (Role.DESK, Role.CHIEF, Role.CENTRE, Role.SUPERVISOR, Role.CHECKER)}
ENDING = (
    CommandKind.CANCEL,
    CommandKind.DISMISS,
    CommandKind.CLOSE_BY_SOURCE,
    CommandKind.REFER,
    CommandKind.SPOT_FIX,
    CommandKind.DUPLICATE_OF,
)


class Commands:
    """Draws commands for a city's tickets, of kinds that were rare so far."""

    def __init__(self, draw: random.Random, city: City) -> None:
        """Nothing was asked yet."""
        self.draw, self.city = draw, city
        self.pairs: Counter[tuple[str, str]] = Counter()
        """Status and command."""
        self.tries: Counter[str] = Counter()

    def drawn(self, ticket: Ticket, n: int) -> Command:
        """Draw the ``n``th, of this ticket or of a child of its."""
        draw = self.draw
        child = draw.choice(ticket.children) if ticket.children and draw.random() < 0.4 else None
        kind = draw.choice(CHILD_KINDS) if child else self._kind(ticket)
        self.tries[kind] += 1
        return Command(
            id=f"w{n}",
            kind=kind,
            actor=self._actor(ticket, kind, child.code if child else None),
            accepted_at=self.city.now,
            ticket=f"{ticket.id}/{child.code}/{child.n}" if child else ticket.id,
            **self._fields(ticket, kind),
        )

    def _kind(self, ticket: Ticket) -> CommandKind:
        """Mostly what the table allows now and does not end the ticket; else anything."""
        if ticket.asked is not None and self.draw.random() < 0.7:
            return CommandKind.APPROVE
        status = ticket.status
        if (
            status in (Status.ACCEPTED, Status.HANDLING, Status.WHISTLED)
            and ticket.asked is None
            and self.draw.random() < 0.2
        ):
            return CommandKind.PARK
        if ticket.category == "stairs" and status in (Status.OFFERED, Status.ACCEPTED) and self.draw.random() < 0.3:
            return CommandKind.CONSENT
        chance, ends = self.draw.random(), self.draw.random() < 0.06
        allowed = [kind for kind, row in TABLE.items() if status in row.statuses and (kind in ENDING) == ends]
        if allowed and chance < 0.75:
            return self.draw.choice(allowed) if chance < 0.4 else min(allowed, key=lambda kind: self.tries[kind])
        return min(KINDS, key=lambda kind: self.pairs[status, kind])

    def _actor(self, ticket: Ticket, kind: CommandKind, code: str | None) -> Actor:
        draw = self.draw
        if code is not None and kind is not CommandKind.RELEASE:
            return Actor(Role.DEPARTMENT, f"{code}-1", code)
        if (
            kind in (CommandKind.CANCEL, CommandKind.ANSWER, CommandKind.REOPEN, CommandKind.APPEAL)
            or draw.random() < 0.05
        ):
            return Actor(draw.choice([Role.REPORTER, Role.SOURCE]), "r")
        if kind is CommandKind.CONSENT and draw.random() < 0.7:
            role = draw.choice([Role.RESIDENTS_COMMITTEE, Role.OWNERS_COMMITTEE])
            return Actor(role, f"{role}-1")
        if kind is CommandKind.SPOT_FIX and draw.random() < 0.8:
            role = draw.choice([Role.RESIDENTS, Role.SPECIALIST])
            return Actor(role, f"{role}-{draw.choice('12')}")
        if kind in (CommandKind.VERIFY_RESULT, CommandKind.CHECK) and draw.random() < 0.7:
            return Actor(Role.CHECKER, ticket.person)
        if (
            kind is CommandKind.APPROVE
            and ticket.asked is not None
            and ticket.asked.what == "whistle"
            and draw.random() < 0.7
        ):
            return Actor(Role.PRINCIPAL, "north-principal")
        if kind in (CommandKind.APPROVE, CommandKind.UNPARK) and draw.random() < 0.8:
            role = draw.choice([Role.CHIEF, Role.SUPERVISOR])
            return Actor(role, SEATED[role])
        holder = Role(ticket.party) if ticket.party in set(Role) else None
        may = [role for role in TABLE.get(kind, Row((), ())).roles if role in SEATED]
        if (holder not in TABLE.get(kind, Row((), ())).roles and may and draw.random() < 0.8) or draw.random() < 0.15:
            role = draw.choice(may or list(SEATED))
            return Actor(role, f"{role.value}-{draw.choice('12')}")
        if ticket.party in set(Role):
            return Actor(Role(ticket.party), ticket.person)
        return (
            Actor(Role.DEPARTMENT, f"{ticket.party}-1", ticket.party)
            if ticket.party in ("urban", "fire", "water")
            else Actor(Role.STREET, "north-street")
        )

    def _fields(self, ticket: Ticket, kind: CommandKind) -> dict[str, Any]:
        draw = self.draw
        others = [name for name in self.city.book.tickets if name != ticket.id]
        if kind is CommandKind.DUPLICATE_OF:
            others = [
                name
                for name in others
                if name in self.city.book.open and self.city.book.tickets[name].home == ticket.home
            ] or others
            draw.shuffle(others)
        return {
            "reason": draw.choice(["not_ours", "so", "so", None]),
            "text": draw.choice(["said", "said", None]),
            "proof": draw.choice([(), ("a",), ("a", "b")]),
            "category": draw.choice(["bins", "leak", "wall", "wish", "pipe", "fire", "none"]),
            "home": draw.choice(["west", "east", None]),
            "grid": None if kind is CommandKind.FILE else draw.choice(["east1", "east2", "west1", "moon"]),
            "target": (
                None
                if kind is CommandKind.SEND_VERIFY
                else (
                    others[0]
                    if kind is CommandKind.DUPLICATE_OF and others
                    else draw.choice([*others[:3], "community", "street", ticket.person, None])
                )
            ),
            "party": draw.choice([None, "residents", "specialist"]),
            "departments": draw.choice([("urban",), ("water", "fire"), ()]),
            "case": draw.choice(["street_cannot", "because"]),
            "passed": draw.choice([True, False]),
            "satisfied": draw.choice([True, False]),
            "until": self.city.now + draw.choice([-HOUR, 3 * HOUR, 9 * DAY, 50 * DAY]),
        }
