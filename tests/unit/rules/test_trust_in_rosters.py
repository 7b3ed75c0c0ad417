"""LAW 2, 6: who may change a roster or the law in force, and how far."""

from typing import Any

import pytest
from msgspec.structs import replace

from rules.state import duty_roster
from tests.support.city import DAY, HOUR, MINUTE, City, at, city_bundle
from topics import bounds
from topics.command import Actor, Command
from topics.pack import RosterEntry
from topics.vocabulary import CommandKind, Role

# -- rosters -----------------------------------------------------------------------------------------------------------


def seats(*more: RosterEntry) -> City:
    """A city with one chief, one of the centre, and a supervisor of the north alone."""
    bundle = city_bundle()
    few = tuple(
        e
        for e in bundle.roster
        if (e.person, e.role) not in {("chief-2", "chief"), ("centre-2", "centre"), ("supervisor-2", "supervisor")}
    )
    north = tuple(replace(e, nodes=("north",)) if e.role == "supervisor" else e for e in few)
    return City(replace(bundle, roster=(*north, *more)))


def test_nobody_grants_or_takes_a_role_above_their_own() -> None:
    """A supervisor made himself district centre, and removed the only chief."""
    city = seats()
    me = "supervisor:supervisor-1"
    assert city.duty("supervisor-1", "centre", "add", who=me) == "above_own_role"
    assert city.duty("chief-1", "chief", "remove", who=me) == "above_own_role"
    assert city.duty("me", "supervisor", "add", instead_of="supervisor-1", who=me) == "duty_set"
    assert city.duty("me", "centre", "add", who="chief:chief-1") == "above_own_role"
    assert city.duty("me", "chief", "add", who="centre:centre-1") == "duty_set"


def test_nobody_changes_the_roster_outside_their_grids() -> None:
    """The north's supervisor: not the south, not everywhere, not somebody who works in both; ``north`` is no prefix of
    ``northern``."""
    elsewhere = [
        RosterEntry(f"s-{n}", "s", "street", nodes=nodes)
        for n, nodes in enumerate([("north",), ("south",), ("north", "south"), ("east1",)])
    ]
    city = seats(*elsewhere)
    me = "supervisor:supervisor-1"
    assert [city.duty(f"s-{n}", "street", "off", who=me) for n in range(4)] == [
        "duty_set",
        "outside_own_grids",
        "outside_own_grids",
        "duty_set",
    ]
    assert city.duty("new", "specialist", "add", nodes=("hill",), who=me) == "outside_own_grids"
    assert city.duty("new", "specialist", "add", who=me) == "outside_own_grids"
    assert city.duty("new", "specialist", "add", nodes=("east2", "west"), who=me) == "duty_set"
    assert city.duty("specialist-1", "specialist", "off", who=me) == "outside_own_grids"


def test_the_last_chief_and_the_last_of_the_centre_stay() -> None:
    """Also when somebody else is there only for a while."""
    city = seats()
    assert city.duty("chief-1", "chief", "remove", who="centre:centre-1") == "last_one"
    assert city.duty("centre-1", "centre", "remove", who="centre:centre-1") == "last_one"
    assert city.duty("deputy", "chief", "add", until=at("18:00")) == "duty_set"
    assert city.duty("chief-1", "chief", "remove", who="centre:centre-1") == "last_one"
    assert city.duty("chief-1", "chief", "remove", until=at("17:00"), who="centre:centre-1") == "duty_set"
    assert (
        city.duty("deputy", "chief", "remove", since=at("16:00"), until=at("16:30"), who="centre:centre-1")
        == "last_one"
    )
    # at home, and of the centre still
    assert city.duty("centre-1", "centre", "off", who="centre:centre-1") == "duty_set"


def test_who_comes_by_command_is_looked_at_as_the_packs_own_are() -> None:
    """Hours of 25 o'clock, a reporter on the roster, a party above homes, another name for a person who has one."""
    city = City()
    assert city.duty("x", "specialist", "add", on_duty="25:00-26:00") == "duty_unfit"
    assert city.duty("x", "specialist", "add", on_duty="08:00-08:00") == "duty_unfit"
    assert city.duty("x", "reporter", "add") == "duty_unfit"
    assert city.duty("x", "specialist", "add", nodes=("north",)) == "duty_unfit"
    assert city.duty("desk-1", "specialist", "add", name="Somebody Else") == "duty_unfit"
    assert city.duty("x", "specialist", "add", on_duty="22:00-24:00", nodes=("east",)) == "duty_set"


def test_who_came_by_command_goes_off_duty_and_leaves_like_anybody() -> None:
    """What is said of them later holds; it did nothing before."""
    city = City()
    law = next(iter(city.laws.values()))
    city.duty("new", "specialist", "add", nodes=("east",))
    city.duty("new", "specialist", "off", until=at("09:00"))
    assert [entry.on_duty for entry in city.book.rosters.law(law, city.now).roster("specialist", "east1")] == ["never"]
    city.duty("new", "specialist", "remove", since=at("10:00"))
    assert city.book.rosters.law(law, at("09:30")).entry("new", "specialist") and not city.book.rosters.law(
        law, at("10:30")
    ).entry("new", "specialist")


# -- laws --------------------------------------------------------------------------------------------------------------


def test_a_law_is_put_in_force_by_a_chief_or_the_centre_of_the_one_before() -> None:
    """Not by whoever names themselves, nor by a chief whom only the new law knows, nor by one who answers for a
    part."""
    north = RosterEntry("north-chief", "n", "chief", nodes=("north",))
    city = City(replace(city_bundle(), roster=(*city_bundle().roster, north)))
    mine = replace(city_bundle(), roster=(RosterEntry("me", "me", "chief"), *city_bundle().roster))
    before = city.book.pack
    for who, reason in {
        "source:pack publish": "role_not_allowed",
        "supervisor:supervisor-1": "role_not_allowed",
        "chief:me": "not_on_roster",
        "chief:north-chief": "not_on_roster",
    }.items():
        assert city.adopt("toytown@2", mine, who) == reason
    assert city.book.pack == before
    nobody = replace(city_bundle(), roster=tuple(e for e in city_bundle().roster if e.role not in ("chief", "centre")))
    assert city.adopt("toytown@3", nobody) == "last_one"
    assert city.adopt("toytown@2", mine, "centre:centre-1") == "pack_adopted"
    assert city.adopt("toytown@1", city_bundle(), "chief:me") == "pack_adopted"


def test_the_first_law_founds_a_partition() -> None:
    """There is nobody to ask yet."""
    city = City()
    city.book.opened(None, 0)
    assert city.adopt("toytown@2", city_bundle(), "source:pack publish") == "pack_adopted"
    assert city.adopt("toytown@1", city_bundle(), "source:pack publish") == "role_not_allowed"


def test_the_delay_of_a_door_is_measured_in_its_own_time() -> None:
    """At 60 times the speed a quarter of an hour at the door is fifteen hours of the city's."""
    from rules.commands.effective_moment import effective

    command = Command(id="c", kind=CommandKind.NOTE, actor=Actor(Role.DESK, "d"), accepted_at=0, ticket="t")
    assert effective(command, 100 * HOUR, 100 * HOUR) == 100 * HOUR - 15 * MINUTE
    assert effective(command, 100 * HOUR, 100 * HOUR, 60) == 85 * HOUR
    assert effective(command, 10 * HOUR, 100 * HOUR, 60) == 0


def test_who_stands_in_is_looked_at_as_whoever_comes_is() -> None:
    """Another name for a person who has one, an id that looks like somebody else's, one of blanks, one in two
    spellings."""
    city = City()
    assert city.duty("desk-1", "desk", "add", instead_of="desk-2", name="Somebody Else") == "duty_unfit"
    for person in ("desk-1\u200b", " desk-1", " ", "e\u0301"):
        assert city.duty(person, "desk", "add") == "duty_unfit"
        assert city.duty(person, "desk", "add", instead_of="desk-2") == "duty_unfit"
    assert city.duty("desk-2", "desk", "off") == "duty_set"
    assert city.duty("desk-1", "desk", "add", instead_of="desk-2") == "duty_set"  # who is off meanwhile


def test_many_changes_cost_what_they_are_and_no_more_than_a_bound_of_them_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hundred overlapping windows cost 0.6 s each one more, two hundred five: a supervisor could stop a partition."""
    city, me = City(), "supervisor:supervisor-1"
    with monkeypatch.context() as spy:
        made = list[int]()
        changed = duty_roster._changed

        def counted(*roster_and_duties: Any) -> Any:
            made.append(1)
            return changed(*roster_and_duties)

        spy.setattr(duty_roster, "_changed", counted)
        for n in range(60):
            assert (
                city.duty(
                    f"p{n}",
                    "specialist",
                    "add",
                    who=me,
                    since=city.now + n * 1000,
                    until=city.now + DAY + n * 1000,
                    nodes=("east",),
                )
                == "duty_set"
            )
        assert len(made) < 200  # it was the square of that
    monkeypatch.setattr(bounds, "DUTIES", 60)
    assert city.duty("p60", "specialist", "add", who=me, until=city.now + DAY) == "too_many"
    city.now += 3 * DAY
    assert city.duty("p60", "specialist", "add", who=me, until=city.now + DAY) == "duty_set"
