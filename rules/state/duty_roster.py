"""The roster of the day: a pack's, with what was changed since without a new pack (LAW 3, FIELD 3)."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from rules.law.compiled import Law
from topics import bounds, codec
from topics.command import Duty
from topics.ids import Instant
from topics.pack import RosterEntry
from topics.ticket import Duties

LATE_MS = 86_400_000
"""How long after its end a change is kept: a command may be so long on its way, and is judged by the roster of then."""
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
        """The last few of each pack: a command that was long on its way asks for the roster of when it was given."""

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
                if (duty.since or 0) <= at < end_of(duty)
            ],
        )

    def is_full(self, at: Instant) -> bool:
        """Whether so many changes stand that each one more would cost too much."""
        return (
            sum(1 for duties in self.duties.values() for duty in duties.changes if end_of(duty) + LATE_MS > at)
            >= bounds.DUTIES
        )

    def _make(self, law: Law, at: Instant) -> _Made:
        every = [duty for name in sorted(self.duties) for duty in self.duties[name].changes]
        now = [duty for duty in every if (duty.since or 0) <= at < end_of(duty)]
        bounds = {moment for duty in every for moment in (duty.since or 0, end_of(duty))}
        since, until = max((m for m in bounds if m <= at), default=0), min((m for m in bounds if m > at), default=EVER)
        if not now:
            return _Made(law, since, until)
        version = f"{law.bundle.roster_version}+{hashlib.sha256(codec.encode(now)).hexdigest()[:12]}"
        return _Made(law.with_roster(tuple(_changed(law.bundle.roster, now)), version), since, until)


def end_of(duty: Duty) -> Instant:
    """The moment at which a change is over; one without an end never is."""
    return EVER if duty.until is None else duty.until


class _Post(NamedTuple):
    entry: RosterEntry
    own: RosterEntry
    """As it was before hours were changed."""
    stands_in: bool = False


class _Roster:
    """A roster that is being changed: posts are found by name, so that thousands of changes cost not their square."""

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
    """Apply the changes in force in the order in which they begin; who comes stands behind who was there."""
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


def not_before(duty: Duty, effective_at: Instant) -> Duty:
    """Let a change begin no earlier than it was asked for: who was on duty then is not told afterwards."""
    return duty if duty.since is None or duty.since >= effective_at else replace(duty, since=effective_at)


def noted(former: Duties | None, duty: Duty, at: Instant) -> Duties:
    """Add a change to what is known of a person; what has ended goes, the same window is changed and not doubled."""
    kept = [one for one in former.changes if end_of(one) + LATE_MS > at and not _is_same(one, duty)] if former else []
    return Duties((*kept, replace(duty, since=at if duty.since is None else duty.since)))


def _is_same(one: Duty, other: Duty) -> bool:
    """Whether one change takes the place of another: the same window, and both say on or off, or both the same."""
    kinds = {one.change, other.change}
    return (one.since, one.until) == (other.since, other.until) and (len(kinds) == 1 or kinds == {"on", "off"})


def name_of(duty: Duty) -> str:
    """Under which name a person's changes are kept."""
    return f"{duty.role}:{duty.person}"
