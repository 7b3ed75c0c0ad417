"""The roster of the day: a pack's, with what was changed since without a new pack (LAW 3; domain research, P14)."""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from rules.law import Law
from topics import codec
from topics.command import Actor, Duty
from topics.ids import Instant
from topics.pack import RosterEntry
from topics.ticket import Duties
from topics.vocabulary import Reason, Role

MAY_CHANGE = (Role.CHIEF, Role.CENTRE, Role.SUPERVISOR)
EVER = 2**62
KEPT = 4
_HOURS = re.compile(r"always|work|\d\d:\d\d-\d\d:\d\d")


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
        """The last few of each pack: commands that were long on their way ask for the roster of when they were given."""

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


def _changed(roster: Iterable[RosterEntry], duties: list[Duty]) -> list[RosterEntry]:
    """Apply the changes in force in the order in which they begin; who comes stands behind who was there, and is changed by what follows."""
    posts = [_Post(entry, entry) for entry in roster]
    for duty in sorted(duties, key=lambda one: one.since or 0):
        theirs = [post for post in posts if (post.own.person, post.own.role) == (duty.person, duty.role)]
        if duty.change in ("on", "off"):
            posts = _with_hours(posts, theirs, "always" if duty.change == "on" else "never")
        elif duty.change == "remove":
            posts = [post for post in posts if post not in theirs]
        elif duty.instead_of is None:
            entry = RosterEntry(duty.person, _name(posts, duty), str(duty.role), duty.org, duty.nodes, duty.skills, duty.on_duty)
            posts.append(_Post(entry, entry))
        else:
            left = [post for post in posts if (post.own.person, post.own.role) == (duty.instead_of, duty.role) and not post.stands_in]
            new = [replace(post.own, person=duty.person, name=_name(posts, duty)) for post in left]
            posts = [*_with_hours(posts, left, "never"), *(_Post(entry, entry, True) for entry in new)]
    return [post.entry for post in posts]


def _with_hours(posts: list[_Post], some: list[_Post], hours: str) -> list[_Post]:
    return [post._replace(entry=replace(post.entry, on_duty=hours)) if post in some else post for post in posts]


def _name(posts: list[_Post], duty: Duty) -> str:
    return duty.name or next((post.own.name for post in posts if post.own.person == duty.person), duty.person)


def fault(law: Law, actor: Actor, duty: Duty | None) -> Reason | None:
    """Say why somebody may not make a change, if so. ``law`` has the roster as it is now."""
    if actor.role not in MAY_CHANGE:
        return Reason.ROLE_NOT_ALLOWED
    if law.entry(actor.person, actor.role) is None:
        return Reason.NOT_ON_ROSTER
    if duty is None or (duty.since is not None and duty.until is not None and duty.until <= duty.since):
        return Reason.DUTY_UNFIT
    if duty.change != "add":
        return None if law.entry(duty.person, duty.role) is not None else Reason.PERSON_UNKNOWN
    if duty.instead_of is not None:
        return None if law.entry(duty.instead_of, duty.role) is not None else Reason.PERSON_UNKNOWN
    if any(node not in law.nodes for node in duty.nodes):
        return Reason.GRID_UNKNOWN
    if duty.role is Role.DEPARTMENT and law.department(duty.org or "") is None:
        return Reason.DEPARTMENT_UNKNOWN
    return None if _HOURS.fullmatch(duty.on_duty) else Reason.DUTY_UNFIT


def noted(former: Duties | None, duty: Duty, at: Instant) -> Duties:
    """Add a change to what is known of a person; what has ended is let go, and the same window is changed, not doubled."""
    kept = [one for one in former.changes if _end(one) > at and not _is_same(one, duty)] if former else []
    return Duties((*kept, replace(duty, since=at if duty.since is None else duty.since)))


def _is_same(one: Duty, other: Duty) -> bool:
    """Whether one change takes the place of another: the same window, and both say on or off, or both the same."""
    kinds = {one.change, other.change}
    return (one.since, one.until) == (other.since, other.until) and (len(kinds) == 1 or kinds == {"on", "off"})


def name_of(duty: Duty) -> str:
    """Under which name a person's changes are kept."""
    return f"{duty.role}:{duty.person}"
