"""A roster with changes laid over it answers as one written out anew would, and costs as much as its answers are
long."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.law import split
from rules.law.compiled import Law
from rules.law.people import People
from rules.state.duty_roster import Rosters, end_of
from tests.support.city_law import city_bundle
from topics.command import Duty
from topics.pack import Node, RosterEntry
from topics.ticket import Duties
from topics.vocabulary import Role

ROOT = Path(__file__).parents[2]
PARTIES = ("residents", "specialist", "red_property", "backstop")
ROLES = (*PARTIES, "department", "chief")
NODES = ("east1", "east", "north", "hill1", "hill")
PEOPLE = ("a", "b", "c", "d")

nodes = st.lists(st.sampled_from(NODES), max_size=2).map(tuple)
skills = st.lists(st.sampled_from(("electric", "lift")), max_size=1).map(tuple)
entry = st.builds(
    RosterEntry,
    person=st.sampled_from(PEOPLE),
    name=st.just("N"),
    role=st.sampled_from(ROLES),
    org=st.sampled_from((None, "fire")),
    nodes=nodes,
    skills=skills,
    on_duty=st.sampled_from(("always", "work")),
)
duty = st.builds(
    Duty,
    person=st.sampled_from(PEOPLE),
    role=st.sampled_from([Role(role) for role in ROLES]),
    change=st.sampled_from(("on", "off", "add", "remove")),
    nodes=nodes,
    skills=skills,
    instead_of=st.sampled_from((None, None, *PEOPLE)),
    since=st.integers(0, 30),
    until=st.one_of(st.none(), st.integers(31, 60)),
)


def written_out(roster: Sequence[RosterEntry], duties: Sequence[Duty], at: int) -> list[RosterEntry]:
    """The oracle: the whole list is gone through for every change."""
    posts: list[tuple[RosterEntry, RosterEntry, bool]] = [(one, one, False) for one in roster]
    in_force = [one for one in duties if (one.since or 0) <= at < end_of(one)]
    for one in sorted(in_force, key=lambda d: d.since or 0):
        left = one.instead_of if one.change == "add" and one.instead_of is not None else one.person
        hit = [post for post in posts if (post[1].person, post[1].role) == (left, one.role)]
        if one.change == "remove":
            posts = [post for post in posts if post not in hit]
        elif one.change in ("on", "off"):
            hours = "always" if one.change == "on" else "never"
            posts = [(replace(p[1], on_duty=hours), *p[1:]) if p in hit else p for p in posts]
        elif one.instead_of is None:
            new = RosterEntry(one.person, _called(posts, one), one.role, one.org, one.nodes, one.skills, one.on_duty)
            posts.append((new, new, False))
        else:
            come = [replace(p[1], person=one.person, name=_called(posts, one)) for p in hit if not p[2]]
            posts = [(replace(p[1], on_duty="never"), *p[1:]) if p in hit and not p[2] else p for p in posts]
            posts += [(new, new, True) for new in come]
    return [post[0] for post in posts]


def _called(posts: Sequence[tuple[RosterEntry, RosterEntry, bool]], one: Duty) -> str:
    return one.name or next((post[1].name for post in posts if post[1].person == one.person), one.person)


BASE = Law("p@1", city_bundle())


def published(roster: Sequence[RosterEntry]) -> Law:
    """The city's law, of a pack with this roster."""
    law = BASE.with_people(People(roster, "r1"))
    law.published = law
    return law


def nearest(law: Law, people: Sequence[RosterEntry], role: str, node: str, skill: str | None) -> list[RosterEntry]:
    """The oracle: everybody is looked at for every grid on the way up."""
    fit = [one for one in people if one.role == role and (skill is None or skill in one.skills)]
    for here in law.path(node):
        if near := [one for one in fit if here in one.nodes]:
            return near
        if here in law.homes and role in PARTIES:
            break
    return [one for one in fit if not one.nodes]


@settings(max_examples=100, deadline=None)
@given(roster=st.lists(entry, max_size=12), changes=st.lists(st.lists(duty, max_size=4), max_size=3), data=st.data())
def test_what_was_changed_is_as_if_written_anew(roster: Any, changes: Any, data: Any) -> None:
    """Everybody in order; whoever is nearest; a person's entries; who may take a ticket. Asked before and after."""
    law = published(roster)
    category = law.bundle.categories[0]
    rosters, so_far = Rosters(), list[Duty]()
    for some in changes:
        for one in some:
            name = f"{one.role}:{one.person}"
            before = rosters.duties.get(name, Duties(()))
            rosters.put(name, Duties((*before.changes, one)))
        so_far = [one for name in sorted(rosters.duties) for one in rosters.duties[name].changes]
        at = data.draw(st.integers(0, 60))
        now, people = rosters.law(law, at), written_out(roster, so_far, at)
        fresh = published(people)
        assert now.people.all() == fresh.people.all() == tuple(people)
        for role in ROLES:
            assert now.people.in_role(role) == [one for one in people if one.role == role]
            for node in NODES:
                for skill in (None, "electric"):
                    assert list(now.roster(role, node, skill)) == nearest(law, people, role, node, skill)
            for person in PEOPLE:
                assert now.people.entries(person, role) == fresh.people.entries(person, role)
                assert now.entry_at(person, role) == fresh.entry_at(person, role)
        for node in NODES:
            assert split.eligible(now, category, node, "east") == split.eligible(fresh, category, node, "east")


def test_nobody_asks_a_pack_who_works_today() -> None:
    """The bundle of a law has the roster that was published; changes are known to ``Law.people`` alone."""
    product = [path for room in ("rules", "engine") for path in (ROOT / room).rglob("*.py")]
    assert len(product) > 200
    assert [path.name for path in product if re.search(r"\.bundle\.roster", path.read_text())] == []


@pytest.mark.plain(reason="calls are counted by a method put in the place of the law's")
def test_a_change_of_duty_costs_what_it_changes(monkeypatch: Any) -> None:
    """In a district of 2,000 grids nobody is looked at who has nothing to do with it; the others' answers are kept."""
    homes = [Node(f"h{n}", "community", f"h{n}", "north", "") for n in range(200)]
    grids = [Node(f"g{n}", "grid", f"g{n}", f"h{n // 10}", "") for n in range(2_000)]
    base = city_bundle()
    people = [RosterEntry(f"{p}{n}", "N", p, None, (f"g{n}",)) for n in range(2_000) for p in PARTIES]
    law = Law("p@1", replace(base, nodes=(*base.nodes, *homes, *grids), roster=(*base.roster, *people)))
    where = [f"g{n}" for n in range(2_000)]
    for leaf in where:
        assert split.eligible(law, law.bundle.categories[0], leaf, law.home_of(leaf) or "")[0] == PARTIES
    asked: list[Any] = []
    real = Law._fit

    def noted(self: Law, role: str, here: str, skill: str | None, org: str | None) -> tuple[RosterEntry, ...]:
        asked.append((role, here))
        return real(self, role, here, skill, org)

    monkeypatch.setattr(Law, "_fit", noted)
    rosters = Rosters()
    rosters.put(
        "specialist:specialist7", Duties((Duty(person="specialist7", role=Role.SPECIALIST, change="off", since=1),))
    )
    rosters.put(
        "specialist:new", Duties((Duty(person="new", role=Role.SPECIALIST, change="add", nodes=("g9",), since=1),))
    )
    now = rosters.law(law, 5)
    for leaf in where:
        split.eligible(now, law.bundle.categories[0], leaf, law.home_of(leaf) or "")
    assert set(asked) == {("specialist", "g9")}  # whoever is off duty may take a ticket as before
    for leaf in where:
        for party in PARTIES:
            assert now.roster(party, leaf)
    assert set(asked) == {("specialist", "g7"), ("specialist", "g9")}
    assert len(asked) <= 3
