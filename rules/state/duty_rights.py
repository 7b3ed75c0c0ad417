"""Who may change the roster, and who may put another law in force (LAW 3, FIELD 3)."""

from msgspec.structs import replace
from pydantic import ValidationError

from rules.commands.lifecycle_table import PARTITION_TABLE
from rules.law.compiled import Law
from rules.rulepack.parts import PersonSource
from rules.rulepack.validation.people import entry_faults
from rules.state.duty_roster import Rosters, end_of, name_of, noted
from topics.command import Actor, Duty
from topics.ids import Instant
from topics.pack import RosterEntry
from topics.vocabulary import CommandKind, Reason, Role

MAY_CHANGE = PARTITION_TABLE[CommandKind.SET_DUTY].roles
MAY_ADOPT = PARTITION_TABLE[CommandKind.ADOPT_PACK].roles
RANK: dict[Role, int] = {Role.CENTRE: 3, Role.CHIEF: 2, Role.SUPERVISOR: 1}
"""Who stands above whom where rosters are changed; all others stand below."""
KEPT_ROLES = (Role.CHIEF, Role.CENTRE)
"""Roles that never stand empty once they are held: without them nobody could put anybody back."""


def fault(rosters: Rosters, law: Law, actor: Actor, duty: Duty | None, at: Instant) -> Reason | None:
    """Say why somebody may not make a change, if so; ``law`` is the pack's, the roster is asked as it is now."""
    now = rosters.law(law, at)
    if actor.role not in MAY_CHANGE:
        return Reason.ROLE_NOT_ALLOWED
    if now.entry(actor.person, actor.role) is None:
        return Reason.NOT_ON_ROSTER
    if duty is None or (duty.since is not None and duty.until is not None and duty.until <= duty.since):
        return Reason.DUTY_UNFIT
    unfit = _unfit(now, duty)
    return unfit or beyond(now, actor, duty) or (Reason.LAST_ONE if _leaves_nobody(rosters, law, duty, at) else None)


def _unfit(law: Law, duty: Duty) -> Reason | None:
    """Say what is wrong with a change itself: who comes, or stands in, is looked at as the pack's own roster is."""
    if duty.change != "add":
        return None if law.entry(duty.person, duty.role) is not None else Reason.PERSON_UNKNOWN
    if duty.instead_of is not None:
        left = law.entry(duty.instead_of, duty.role)
        if left is None:
            return Reason.PERSON_UNKNOWN
        duty = replace(duty, org=left.org, nodes=left.nodes, skills=left.skills, on_duty="always")
    if any(node not in law.nodes for node in duty.nodes):
        return Reason.GRID_UNKNOWN
    if duty.role is Role.DEPARTMENT and law.department(duty.org or "") is None:
        return Reason.DEPARTMENT_UNKNOWN
    name = next((entry.name for entry in law.people.of(duty.person)), None)
    if duty.name and name not in (None, duty.name):
        return Reason.DUTY_UNFIT
    try:
        entry = PersonSource(
            person=duty.person,
            name=duty.name or name or duty.person,
            role=duty.role,
            org=duty.org,
            nodes=list(duty.nodes),
            skills=list(duty.skills),
            on_duty=duty.on_duty,
        )
    except ValidationError:
        return Reason.DUTY_UNFIT
    wrong = entry_faults(
        entry,
        law.nodes,
        law.departments,
        {share.code for share in law.shares},
        lambda node: law.home_of(node) is not None,
    )
    return Reason.DUTY_UNFIT if any(True for _ in wrong) else None


def beyond(law: Law, actor: Actor, duty: Duty) -> Reason | None:
    """Say whether a change is above the role of whoever makes it, or outside what they answer for."""
    if RANK.get(duty.role, 0) > RANK[actor.role]:
        return Reason.ABOVE_OWN_ROLE
    own = law.people.entries(actor.person, actor.role)
    if duty.change == "add" and duty.instead_of is None:
        touched = [(duty.org, duty.nodes)]
    else:
        who = duty.person if duty.change != "add" else duty.instead_of or ""
        touched = [(entry.org, entry.nodes) for entry in law.people.entries(who, duty.role)]
    reached = all(any(_answers_for(law, entry, org, nodes) for entry in own) for org, nodes in touched)
    return None if reached else Reason.OUTSIDE_OWN_GRIDS


def _answers_for(law: Law, entry: RosterEntry, org: str | None, nodes: tuple[str, ...]) -> bool:
    """Whether all these grids lie in one's own or below; only who answers for everywhere answers for everywhere."""
    if entry.org is not None and entry.org != org:
        return False
    return not entry.nodes or (
        bool(nodes) and all(any(here in entry.nodes for here in law.path(node)) for node in nodes)
    )


def _leaves_nobody(rosters: Rosters, law: Law, duty: Duty, at: Instant) -> bool:
    """Whether at some moment a change leaves no chief, or nobody of the centre, on the roster that had one.

    A role depends on its own changes alone, and those of the others are many.
    """
    if duty.role not in KEPT_ROLES:
        return False
    before, after, name = Rosters(), Rosters(), name_of(duty)
    before.duties = {key: duties for key, duties in rosters.duties.items() if key.partition(":")[0] == duty.role}
    after.duties = before.duties | {name: noted(before.duties.get(name), duty, at)}
    every = [one for duties in after.duties.values() for one in duties.changes]
    moments = {at, *(max(at, moment) for one in every for moment in (one.since or 0, end_of(one)))}
    return any(
        _has(before, law, duty.role, moment) and not _has(after, law, duty.role, moment) for moment in sorted(moments)
    )


def _has(rosters: Rosters, law: Law, role: Role, at: Instant) -> bool:
    return bool(rosters.people(law, at).in_role(role))


def may_not_adopt(law: Law | None, actor: Actor, other: Law) -> Reason | None:
    """Say why somebody may not put another law in force, if so.

    A partition without a law has nobody to ask: the first law founds it, and whoever may write to ``commands`` and
    ``reference`` of an empty stack gives it. From then on it takes a chief, or the centre, who answers for everywhere.
    """
    if law is None:
        return None
    if actor.role not in MAY_ADOPT:
        return Reason.ROLE_NOT_ALLOWED
    if not any(not entry.nodes for entry in law.people.entries(actor.person, actor.role)):
        return Reason.NOT_ON_ROSTER
    able = [entry for role in MAY_ADOPT for entry in other.people.in_role(role) if not entry.nodes]
    return None if able else Reason.LAST_ONE
