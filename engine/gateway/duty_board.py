"""The board of duty, worked out: each post with its people, who is on duty, and when nobody is (LAW 3)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from rules.law.compiled import Law
from rules.rulepack.vacancies import leaves
from rules.state.duty_roster import Rosters, moments
from topics.ids import Instant
from topics.pack import RosterEntry
from topics.vocabulary import Role

MOST = 2_000
"""Lines of a board: a district of many homes is looked at home by home."""
CITY = (Role.DESK, Role.CHIEF, Role.CENTRE)
STREET = (Role.STREET, Role.PRINCIPAL)
Span = tuple[Instant, Instant]


class Post(NamedTuple):
    """A role in a grid, with the department it is of."""

    role: str
    node: str
    org: str | None = None
    leaf: str | None = None
    """A grid of ``node`` where its people are looked for: they may be posted below it, all of its grids' alike."""


class Board:
    """Duty between two moments, by a pack and what was changed of its roster."""

    def __init__(self, pack: Law, rosters: Rosters, *, since: Instant, until: Instant) -> None:
        """Nothing is worked out yet; ``rosters`` is this board's own."""
        self._pack, self.since, self.until = pack, since, until
        self.is_cut = False
        self._laws: dict[str, list[tuple[Span, Law]]] = {}
        self._duties = rosters.duties
        self._gaps: dict[tuple[frozenset[str], Span], list[Span]] = {}

    def lines(self, tops: Sequence[str], org: str | None, is_whole: bool) -> list[dict[str, Any]]:
        """Give the lines of these grids, of a department's people, and of the city where all of it is asked for."""
        found = list[dict[str, Any]]()
        for post in self._posts(tops, org, is_whole):
            if len(found) >= MOST:
                self.is_cut = True
                break
            found.append(self._line(post))
        return found

    def _posts(self, tops: Sequence[str], org: str | None, is_whole: bool) -> Iterator[Post]:
        law = self._law_at(self.since)
        if is_whole:
            yield from (Post(role, tops[0]) for role in CITY)
        orgs = [org] if org is not None else list(law.departments) if is_whole else []
        yield from (Post(Role.DEPARTMENT, "", code) for code in orgs)
        inside = {code for code in law.nodes if set(law.path(code)) & set(tops)}
        homes = [code for code in law.homes if code in inside and law.nodes[code].kind != "unplaced"]
        for street in dict.fromkeys(law.street_of(home) for home in homes):
            if street in inside and street is not None:
                yield from (Post(role, street) for role in STREET)
        at_home = dict[str, list[str]]()
        for leaf in leaves(law):
            if leaf in inside:
                at_home.setdefault(law.home_of(leaf) or leaf, []).append(leaf)
        for home, under in at_home.items():
            yield from self._of_home(law, home, under)

    def _of_home(self, law: Law, home: str, under: list[str]) -> Iterator[Post]:
        """Give a home's posts: one for all of its grids where all have the same people, else one for each."""
        roles = law.bundle.five_roles or (*(share.code for share in law.shares), Role.CHECKER.value)
        for role in dict.fromkeys((*roles, Role.SUPERVISOR.value)):
            works = [leaf for leaf in under if law.party_works_in(role, leaf)]
            people = {tuple(entry.person for entry in law.roster(role, leaf)) for leaf in works}
            whole = len(people) == 1 and len(works) == len(under)
            yield from [Post(role, home, leaf=works[0])] if whole else [Post(role, leaf) for leaf in works]

    def _line(self, post: Post) -> dict[str, Any]:
        law = self._law_at(self.since, post.role)
        entries = self._entries(law, post)
        people = [
            {"person": one.person, "name": one.name, "hours": one.on_duty, "on_duty": law.on_duty(one, self.since)}
            for one in entries
        ]
        return {
            "role": post.role,
            "node": post.node,
            "org": post.org,
            "people": people,
            "nobody_now": not any(one["on_duty"] for one in people),
            "gaps": _joined(gap for span, then in self._segments(post.role) for gap in self._empty(then, post, span)),
        }

    def _entries(self, law: Law, post: Post) -> Sequence[RosterEntry]:
        if post.org is not None:
            return [entry for entry in law.people.in_role(post.role) if entry.org == post.org]
        return law.roster(post.role, post.leaf or post.node)

    def _empty(self, law: Law, post: Post, span: Span) -> list[Span]:
        """Say when within a span nobody who has a post is on duty."""
        hours = frozenset(entry.on_duty for entry in self._entries(law, post))
        found = self._gaps.get((hours, span))
        if found is None:
            taken = sorted(one for each in sorted(hours) for one in law.duty_spans(each, *span))
            found = self._gaps[hours, span] = _between(taken, span)
        return found

    def _segments(self, role: str) -> list[tuple[Span, Law]]:
        """Give the law from each change of a role's people to the next; other roles' changes are not its own."""
        found = self._laws.get(role)
        if found is None:
            own = Rosters()
            own.duties = {name: duties for name, duties in self._duties.items() if name.partition(":")[0] == role}
            every = [one for duties in own.duties.values() for one in duties.changes]
            marks = [self.since, *moments(every, self.since, self.until), self.until]
            found = self._laws[role] = [((begin, end), own.law(self._pack, begin)) for begin, end in pairwise(marks)]
        return found

    def _law_at(self, at: Instant, role: str | None = None) -> Law:
        if role is not None:
            return self._segments(role)[0][1]
        now = Rosters()
        now.duties = self._duties
        return now.law(self._pack, at)


def _between(taken: Sequence[Span], span: Span) -> list[Span]:
    """Give what of a span no other takes."""
    found, at = list[Span](), span[0]
    for begin, end in taken:
        if begin > at:
            found.append((at, begin))
        at = max(at, end)
    return [*found, (at, span[1])] if at < span[1] else found


def _joined(gaps: Iterator[Span]) -> list[Span]:
    """Bring together gaps that touch: nobody before a change and nobody after it is one."""
    found = list[Span]()
    for begin, end in gaps:
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found
