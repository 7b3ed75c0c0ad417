"""Who asks: a person of the roster, a department's system, a source of reports, or nobody; and what is theirs."""

from dataclasses import dataclass
from typing import Literal

from rules.law.compiled import Law
from rules.ticket import authority
from topics.command import Actor
from topics.ids import is_from
from topics.ticket import Ticket
from topics.vocabulary import Role, Urgency

Kind = Literal["nobody", "source", "department", "person", "auditor", "system_admin", "security_admin", "wall"]
OUTSIDE: tuple[Kind, ...] = ("auditor", "system_admin", "security_admin")
"""Who stands outside of the roster: looks at everything and does nothing; runs the machines and sees no ticket; says
who may come in. Nobody is two of them, nor one of them and on the roster."""
SEATED: tuple[Kind, ...] = ("person", "wall")
"""Who sees what a seat of the roster sees: whoever sits there, and a screen that shows it and can do nothing."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One who was let in by a key or a session; the roster, and no body, says what they may do."""

    kind: Kind
    name: str
    """A source's or a person's name; a department's person."""
    role: Role | None = None
    org: str | None = None
    """A department's code."""

    @property
    def id(self) -> str:
        """Name them for limits and logs."""
        return f"{self.kind}:{self.role or ''}:{self.org or ''}:{self.name}"

    @property
    def actor(self) -> Actor:
        """Speak for them in a command."""
        if self.kind == "source":
            return Actor(Role.SOURCE, self.name)
        assert self.role is not None
        return Actor(self.role, self.name, self.org)


NOBODY = Caller(kind="nobody", name="")


def is_known(law: Law, caller: Caller) -> bool:
    """Whether a person still stands on the roster in this role, and who stands outside of it does not; sources and
    departments are known by their keys."""
    if caller.kind in OUTSIDE:
        return not law.people.of(caller.name)
    if caller.kind == "department":
        return caller.org in law.departments
    return caller.kind not in SEATED or bool(authority.entries(law, caller.actor))


def sees_place(law: Law, caller: Caller, code: str) -> bool:
    """Whether a grid lies in somebody's own: compared node by node up the tree, never by the letters of a code."""
    if caller.kind not in SEATED:
        return False
    path = law.path(code)
    return any(
        not entry.nodes or any(node in entry.nodes for node in path) for entry in authority.entries(law, caller.actor)
    )


def sees(law: Law, caller: Caller, ticket: Ticket) -> bool:
    """Whether a ticket is theirs to look at: of their grids, in their hands, of their source, or with their
    department; an auditor looks at all."""
    if caller.kind in OUTSIDE:
        return caller.kind == "auditor"
    if caller.kind == "source":
        return is_from(ticket.identity, caller.name)
    if caller.kind == "department":
        return _has(caller.org or "", ticket)
    if caller.role is Role.DEPARTMENT:
        entries = authority.entries(law, caller.actor)
        return any(entry.org is not None and _has(entry.org, ticket) for entry in entries)
    return ticket.person == caller.name or sees_place(law, caller, ticket.leaf or ticket.home)


def _has(org: str, ticket: Ticket) -> bool:
    """Whether a department is called to a ticket, holds it, or helps."""
    return (
        org == ticket.party
        or any(child.code == org for child in ticket.children)
        or any(helper.party == org for helper in ticket.helpers)
    )


MAY_REVEAL = (Role.DESK, Role.CHIEF, Role.CENTRE, Role.CHECKER)
"""Beside whoever handles the ticket: they call reporters back, and ask them whether it was done."""


def handles(law: Law, caller: Caller, ticket: Ticket) -> bool:
    """Whether a person has a ticket in hand: holds it, helps, was called to it, or is of a department that was and has
    not ended: whoever of it drives there has not reported in yet."""
    if caller.kind != "person":
        return False
    if caller.role is Role.DEPARTMENT:
        called = {ticket.party, *(child.code for child in ticket.children if child.ended_at is None)}
        if any(entry.org in called for entry in authority.entries(law, caller.actor) if entry.org is not None):
            return True
    people = {ticket.person, *(one.person for one in ticket.children), *(one.person for one in ticket.helpers)}
    return caller.name in people


def way_to(law: Law, caller: Caller, ticket: Ticket) -> str | None:
    """Say how somebody who sees a ticket comes to its reporter: in one step, with a purpose, or not at all."""
    if handles(law, caller, ticket):
        return "one_step" if ticket.urgency == Urgency.U1 else "purpose"
    return "purpose" if caller.kind == "person" and caller.role in MAY_REVEAL else None
