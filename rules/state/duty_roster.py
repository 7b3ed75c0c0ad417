"""The roster of the day: a pack's, with what was changed since without a new pack (LAW 3, FIELD 3)."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace
from pydantic import ValidationError

from rules.commands.lifecycle_table import PARTITION_TABLE
from rules.law.compiled import Law
from rules.rulepack.parts import PersonSource
from rules.rulepack.validation.people import entry_faults
from topics import bounds, codec
from topics.command import Actor, Duty
from topics.ids import Instant
from topics.pack import RosterEntry
from topics.ticket import Duties
from topics.vocabulary import CommandKind, Reason, Role

MAY_CHANGE = PARTITION_TABLE[CommandKind.SET_DUTY].roles
MAY_ADOPT = PARTITION_TABLE[CommandKind.ADOPT_PACK].roles
RANK: dict[Role, int] = {Role.CENTRE: 3, Role.CHIEF: 2, Role.SUPERVISOR: 1}
"""Who stands above whom where rosters are changed; all others stand below."""
KEPT_ROLES = (Role.CHIEF, Role.CENTRE)
"""Roles that never stand empty once they are held: without them nobody could put anybody back."""
LATE_MS = 86_400_000
"""How long after its end a change is kept: a command may be that long on its way, and is judged by the roster of then.
"""
EVER = 2**62
KEPT = 4


class _Made(NamedTuple):
    law: Law
    since: Instant
    until: Instant


class Rosters:
    """The changes that are known in a partition, and each law as they have it now."""

    def __init__(self) -> None:
        """Nothing is changed."""
        self.duties: dict[str, Duties] = {}
        """``<role>:<person>`` -> what was changed."""
        self._made: dict[str, list[_Made]] = {}
        """The last few of each pack: commands that were long on their way ask for the roster of when they were given.
        """

    def put(self, name: str, duties: Duties | None) -> None:
        """Take over what a decision, or the state topic, says of one person."""
        if duties is None:
            self.duties.pop(name, None)
        else:
            self.duties[name] = duties
        self._made.clear()

    def law(self, law: Law, at: Instant) -> Law:
        """Give a law with the roster as it is at a moment; the same object for as long as nothing begins or ends."""
        if not self.duties:
            return law
        known = self._made.setdefault(law.ref, [])
        for made in known:
            if made.since <= at < made.until:
                return made.law
        made = self._make(law, at)
        self._made[law.ref] = [made, *known[: KEPT - 1]]
        return made.law

    def people(self, law: Law, at: Instant) -> list[RosterEntry]:
        """Give the roster as it is at a moment, and make no law of it."""
        return _changed(
            law.bundle.roster,
            [
                duty
                for name in sorted(self.duties)
                for duty in self.duties[name].changes
                if (duty.since or 0) <= at < _end(duty)
            ],
        )

    def is_full(self, at: Instant) -> bool:
        """Whether so many changes stand that each one more would cost too much."""
        return (
            sum(1 for duties in self.duties.values() for duty in duties.changes if _end(duty) + LATE_MS > at)
            >= bounds.DUTIES
        )

    def _make(self, law: Law, at: Instant) -> _Made:
        every = [duty for name in sorted(self.duties) for duty in self.duties[name].changes]
        now = [duty for duty in every if (duty.since or 0) <= at < _end(duty)]
        bounds = {moment for duty in every for moment in (duty.since or 0, _end(duty))}
        since, until = max((m for m in bounds if m <= at), default=0), min((m for m in bounds if m > at), default=EVER)
        if not now:
            return _Made(law, since, until)
        version = f"{law.bundle.roster_version}+{hashlib.sha256(codec.encode(now)).hexdigest()[:12]}"
        return _Made(law.with_roster(tuple(_changed(law.bundle.roster, now)), version), since, until)


def _end(duty: Duty) -> Instant:
    return EVER if duty.until is None else duty.until


class _Post(NamedTuple):
    entry: RosterEntry
    own: RosterEntry
    """As it was before hours were changed."""
    stands_in: bool = False


class _Roster:
    """A roster that is being changed: whoever is meant is found by name, so that thousands of changes cost what they
    are and not their square."""

    def __init__(self, roster: Iterable[RosterEntry]) -> None:
        self.posts: list[_Post | None] = []
        self._of: dict[tuple[str, str], list[int]] = {}
        self._people: dict[str, list[int]] = {}
        for entry in roster:
            self.add(_Post(entry, entry))

    def add(self, post: _Post) -> None:
        """Let somebody come, behind all others."""
        own = post.own
        self._of.setdefault((own.person, own.role), []).append(len(self.posts))
        self._people.setdefault(own.person, []).append(len(self.posts))
        self.posts.append(post)

    def of(self, person: str, role: str) -> list[tuple[int, _Post]]:
        """List the posts of a person in a role, each with its number."""
        return [
            (number, post) for number in self._of.get((person, role), ()) if (post := self.posts[number]) is not None
        ]

    def name(self, duty: Duty) -> str:
        """Call somebody who comes as the change says, else as they are called already."""
        known = (
            post.own.name for number in self._people.get(duty.person, ()) if (post := self.posts[number]) is not None
        )
        return duty.name or next(known, duty.person)

    def set_hours(self, some: Iterable[tuple[int, _Post]], hours: str) -> None:
        """Change the hours of some posts."""
        for number, post in some:
            self.posts[number] = post._replace(entry=replace(post.entry, on_duty=hours))


def _changed(roster: Iterable[RosterEntry], duties: list[Duty]) -> list[RosterEntry]:
    """Apply the changes in force in the order in which they begin; who comes stands behind who was there, and is
    changed by what follows."""
    made = _Roster(roster)
    for duty in sorted(duties, key=lambda one: one.since or 0):
        if duty.change in ("on", "off"):
            made.set_hours(made.of(duty.person, duty.role), "always" if duty.change == "on" else "never")
        elif duty.change == "remove":
            for number, _ in made.of(duty.person, duty.role):
                made.posts[number] = None
        elif duty.instead_of is None:
            entry = RosterEntry(
                duty.person, made.name(duty), str(duty.role), duty.org, duty.nodes, duty.skills, duty.on_duty
            )
            made.add(_Post(entry, entry))
        else:
            left = [(number, post) for number, post in made.of(duty.instead_of, duty.role) if not post.stands_in]
            new = [replace(post.own, person=duty.person, name=made.name(duty)) for _, post in left]
            made.set_hours(left, "never")
            for entry in new:
                made.add(_Post(entry, entry, True))
    return [post.entry for post in made.posts if post is not None]


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
    """Say what is wrong with a change itself: somebody who comes, or stands in, is looked at as the pack's own roster
    is."""
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
    name = next((entry.name for entry in law.bundle.roster if entry.person == duty.person), None)
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
    """Say whether a change is above the role of whoever makes it, or outside the grids (or the department) they answer
    for."""
    if RANK.get(duty.role, 0) > RANK[actor.role]:
        return Reason.ABOVE_OWN_ROLE
    own = [entry for entry in law.bundle.roster if entry.person == actor.person and entry.role == actor.role]
    if duty.change == "add" and duty.instead_of is None:
        touched = [(duty.org, duty.nodes)]
    else:
        who = {duty.person} if duty.change != "add" else {duty.instead_of}
        touched = [
            (entry.org, entry.nodes) for entry in law.bundle.roster if entry.person in who and entry.role == duty.role
        ]
    reached = all(any(_answers_for(law, entry, org, nodes) for entry in own) for org, nodes in touched)
    return None if reached else Reason.OUTSIDE_OWN_GRIDS


def _answers_for(law: Law, entry: RosterEntry, org: str | None, nodes: tuple[str, ...]) -> bool:
    """Whether all these grids lie in one's own or below; nobody but who answers for everywhere answers for
    everywhere."""
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
    moments = {at, *(max(at, moment) for one in every for moment in (one.since or 0, _end(one)))}
    return any(
        _has(before, law, duty.role, moment) and not _has(after, law, duty.role, moment) for moment in sorted(moments)
    )


def _has(rosters: Rosters, law: Law, role: Role, at: Instant) -> bool:
    return any(entry.role == role for entry in rosters.people(law, at))


def may_not_adopt(law: Law | None, actor: Actor, other: Law) -> Reason | None:
    """Say why somebody may not put another law in force, if so.

    A partition without a law has nobody to ask: the first law founds it, and whoever may write to ``commands`` and
    ``reference`` of an empty stack gives it. From then on it takes a chief, or the centre, who answers for everywhere.
    """
    if law is None:
        return None
    if actor.role not in MAY_ADOPT:
        return Reason.ROLE_NOT_ALLOWED
    if not any(
        entry.person == actor.person and entry.role == actor.role and not entry.nodes for entry in law.bundle.roster
    ):
        return Reason.NOT_ON_ROSTER
    return (
        None if any(entry.role in MAY_ADOPT and not entry.nodes for entry in other.bundle.roster) else Reason.LAST_ONE
    )


def not_before(duty: Duty, effective_at: Instant) -> Duty:
    """Let a change begin no earlier than it was asked for: who was on duty then is not told afterwards."""
    return duty if duty.since is None or duty.since >= effective_at else replace(duty, since=effective_at)


def noted(former: Duties | None, duty: Duty, at: Instant) -> Duties:
    """Add a change to what is known of a person; what has ended is let go, and the same window is changed, not
    doubled."""
    kept = [one for one in former.changes if _end(one) + LATE_MS > at and not _is_same(one, duty)] if former else []
    return Duties((*kept, replace(duty, since=at if duty.since is None else duty.since)))


def _is_same(one: Duty, other: Duty) -> bool:
    """Whether one change takes the place of another: the same window, and both say on or off, or both the same."""
    kinds = {one.change, other.change}
    return (one.since, one.until) == (other.since, other.until) and (len(kinds) == 1 or kinds == {"on", "off"})


def name_of(duty: Duty) -> str:
    """Under which name a person's changes are kept."""
    return f"{duty.role}:{duty.person}"
