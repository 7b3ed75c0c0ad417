"""The roster of the day: a pack's, with what was changed since without a new pack (LAW 3, FIELD 3)."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from rules.law.compiled import Law
from rules.law.people import ChangedPeople, People
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

    def people(self, law: Law, at: Instant) -> People:
        """Give the roster as it is at a moment, and make no law of it."""
        every = (duty for name in sorted(self.duties) for duty in self.duties[name].changes)
        now = [duty for duty in every if (duty.since or 0) <= at < end_of(duty)]
        return _changed(law.people, now, "") if now else law.people

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
        version = f"{law.people.version}+{hashlib.sha256(codec.encode(now)).hexdigest()[:12]}"
        return _Made(law.with_people(_changed(law.people, now, version)), since, until)


def end_of(duty: Duty) -> Instant:
    """The moment at which a change is over; one without an end never is."""
    return EVER if duty.until is None else duty.until


def _changed(base: People, duties: list[Duty], version: str) -> People:
    """Apply the changes in force in the order in which they begin; who comes stands behind who was there."""
    made, stands_in = ChangedPeople(base, version), set[int]()
    for duty in sorted(duties, key=lambda one: one.since or 0):
        if duty.change in ("on", "off"):
            _set_hours(made, _of(made, duty.person, duty.role), "always" if duty.change == "on" else "never")
        elif duty.change == "remove":
            for number in _of(made, duty.person, duty.role):
                made.put(number, None)
        elif duty.instead_of is None:
            role, hours = str(duty.role), duty.on_duty
            made.add(RosterEntry(duty.person, _name(made, duty), role, duty.org, duty.nodes, duty.skills, hours))
        else:
            left = [number for number in _of(made, duty.instead_of, duty.role) if number not in stands_in]
            new = [replace(made.own(number), person=duty.person, name=_name(made, duty)) for number in left]
            _set_hours(made, left, "never")
            stands_in |= {made.add(entry) for entry in new}
    return made


def _of(made: ChangedPeople, person: str, role: str) -> list[int]:
    """Number the posts of a person in a role."""
    return [number for number in made.numbers(person) if made.own(number).role == role]


def _name(made: ChangedPeople, duty: Duty) -> str:
    """Call somebody who comes as the change says, else as they are called already."""
    return duty.name or next((made.own(number).name for number in made.numbers(duty.person)), duty.person)


def _set_hours(made: ChangedPeople, posts: Iterable[int], hours: str) -> None:
    for number in posts:
        made.put(number, replace(made.own(number), on_duty=hours))


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


def standing(partitions: Sequence[Iterable[Duty]], at: Instant) -> dict[Duty, list[int]]:
    """Bring together what each partition has changed: a change -> the partitions that have it, what is over left out.

    What has begun already is one change, told sooner here and later there.
    """
    told: dict[Duty, list[int]] = {}
    first: dict[Duty, Duty] = {}
    for number, changes in enumerate(partitions):
        for one in changes:
            if end_of(one) > at:
                same = replace(one, since=None) if (one.since or 0) <= at else one
                told.setdefault(first.setdefault(same, one), []).append(number)
    return told


def moments(changes: Iterable[Duty], since: Instant, until: Instant) -> list[Instant]:
    """Name the moments within ``(since, until)`` at which a roster becomes another, in order."""
    every = {moment for one in changes for moment in (one.since or 0, end_of(one))}
    return sorted(moment for moment in every if since < moment < until)


def name_of(duty: Duty) -> str:
    """Under which name a person's changes are kept."""
    return f"{duty.role}:{duty.person}"
