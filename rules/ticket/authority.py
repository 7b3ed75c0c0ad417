"""Who may speak for whom: the person behind a command, the role claimed, and whether that role has the ticket (LAW
6)."""

from msgspec.structs import replace

from rules.law.compiled import Law
from rules.ticket.draft import Case, Draft
from topics.command import Actor, Command
from topics.ids import folded, is_from
from topics.pack import RosterEntry
from topics.ticket import Helper, Ticket
from topics.vocabulary import Reason, Role

CENTRE, STREET = "centre", "street"
"""What ``Ticket.party`` says when no party of the split and no department holds it."""
HOLDING = {Role.STREET: STREET, Role.PRINCIPAL: STREET, Role.CENTRE: CENTRE}
WITHOUT_ROSTER = (Role.REPORTER, Role.SOURCE)
"""Reporters and source systems are in no roster; the door that let them in knows them."""


def entries(law: Law, actor: Actor) -> tuple[RosterEntry, ...]:
    """List what the roster in force says about a person in a role."""
    return law.people.entries(actor.person, actor.role)


def completed(law: Law, actor: Actor) -> Actor:
    """Fill in the department of somebody who did not name it: the roster tells."""
    if actor.role is not Role.DEPARTMENT or actor.org is not None:
        return actor
    known = entries(law, actor)
    return replace(actor, org=known[0].org) if known else actor


def here(case: Case, draft: Draft, actor: Actor) -> tuple[RosterEntry, ...]:
    """List the roster entries by which a person has this role for the ticket's grid."""
    path = case.actor_law.path(draft.where)
    fit = (e for e in entries(case.actor_law, actor) if actor.role is not Role.DEPARTMENT or e.org == actor.org)
    return tuple(entry for entry in fit if not entry.nodes or any(node in entry.nodes for node in path))


def is_known(case: Case, draft: Draft, actor: Actor) -> bool:
    """Whether a person is on the roster in the role claimed, for this ticket's grid."""
    return actor.role in WITHOUT_ROSTER or bool(here(case, draft, actor))


def is_not_its(draft: Draft, command: Command) -> Reason | None:
    """Say why a command is not of the ticket it names, if so: of another incident than it says, or of another
    source's."""
    if command.identity is not None and folded(command.identity) != folded(draft.identity):
        return Reason.IDENTITY_MISMATCH
    if command.actor.role is Role.SOURCE and not is_from(draft.identity, command.actor.person):
        return Reason.NOT_YOUR_TICKET
    return None


def on_duty(case: Case, draft: Draft, actor: Actor) -> bool:
    """Whether a person was on duty when the command took effect."""
    return any(case.actor_law.on_duty(entry, case.effective_at) for entry in here(case, draft, actor))


def party_of(actor: Actor) -> str:
    """Name the party, street, centre or department for which an actor speaks."""
    return actor.org or "" if actor.role is Role.DEPARTMENT else HOLDING.get(actor.role, actor.role)


def standing_for(case: Case, draft: Draft) -> str:
    """Name who is told for the holder: the holder, or once that one has left the roster whoever stands for them, else
    the supervisor."""
    if case.duty_law.entry_at(draft.person, draft.duty) is not None:
        return draft.person
    role, org = (Role.DEPARTMENT, draft.duty) if case.law.department(draft.duty) else (draft.duty, None)
    somebody = case.someone(role, draft, org)
    return somebody.person if somebody else case.supervisor(draft)


def head_of(case: Case, code: str) -> str | None:
    """Name who hears of what a department is late with: the supervisor that the pack names, else the first of its
    roster."""
    department = case.duty_law.department(code) or case.law.department(code)
    if department is not None and department.supervisor:
        return department.supervisor
    return next((entry.person for entry in case.duty_law.people.in_role(Role.DEPARTMENT) if entry.org == code), None)


def had_hand_in(draft: Ticket, person: str) -> bool:
    """Whether somebody handled it: accepted, started or finished it, helped, is of its team, or signed in for a
    department; none of them checks it (LAW 6)."""
    return (
        person in draft.handled_by
        or any(one.person == person for one in draft.helpers)
        or any(child.person == person for child in draft.children)
    )


def holds(draft: Draft, actor: Actor) -> bool:
    """Whether the ticket is with the actor's party now."""
    return draft.party == party_of(actor)


def helper(draft: Draft, actor: Actor) -> Helper | None:
    """Find the actor's party among the former holders, who may still finish, or the actor among those named for the
    team."""
    party = party_of(actor)
    return next(
        (one for one in draft.helpers if one.party == party and (not one.named or one.person == actor.person)), None
    )
