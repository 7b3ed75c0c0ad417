"""The law where two features meet: each pair decided on purpose, told with the moment or the tier it must have (LAW
2-6)."""

import pytest
from msgspec.structs import replace

from rules.errors import BrokenInvariant
from rules.ticket.draft import Draft, publish
from tests.support.city import HOUR, MINUTE, City, at, city_bundle
from topics.pack import Category, ForceMajeure, Limit, Tier
from topics.ticket import Clock, Ticket
from topics.vocabulary import ClockKind

WISH = Category("wish", "Wish", "微心愿", "city", "U4", Limit(2, "work_day"), wish=True, lead="urban")
COMMUNITY_UP = (
    Tier("neighbours", "parties", "Neighbours", "邻里", ("residents", "specialist", "red_property", "backstop")),
    Tier("department", "owner", "Department", "部门"),
    Tier("district", "centre", "District", "区"),
)


def town(**changes: object) -> City:
    """The city with a wish in its catalogue."""
    bundle = city_bundle()
    return City(replace(bundle, categories=(*bundle.categories, WISH), **changes))


def resolve(ticket: Ticket) -> Clock:
    """The statutory clock."""
    return next(clock for clock in ticket.clocks if clock.kind == ClockKind.RESOLVE)


def fired(city: City, name: str, clock: str = "resolve") -> list[tuple[int, int]]:
    """Rungs of a ticket's clock that fired, each with how late in minutes."""
    told = [
        event
        for event in city.events("ClockAtRisk", "ClockBreached")
        if event.ticket == city[name].id and event.facts["clock"] == clock
    ]
    return [(event.facts["rung"], event.facts["late_by_ms"] // MINUTE) for event in told]


# -- nothing stands still in silence ---------------------------------------------------------------------------


@pytest.mark.meets("wish", "recategorise", law="4")
def test_a_wish_made_a_leak_is_late_from_its_filing_on() -> None:
    """Filed at 08:00, a leak since 11:00: half of four hours was over at 10:00, 100 % comes at 12:00 and moves it one
    tier up."""
    city = town()
    city.report("T", "wish")
    city.work("T", until="accept")
    city.at("11:00").ask("recategorise", "T", "chief:chief-1", category="leak", reason="it drips")
    assert city["T"].deadline_at == at("12:00")
    city.at("12:00")
    assert fired(city, "T") == [(50, 60), (80, 0), (100, 0)]
    assert (city["T"].tier, city["T"].is_overdue) == ("community", True)


@pytest.mark.meets("wish", "recategorise", law="4")
def test_a_leak_made_a_wish_loses_its_rungs() -> None:
    """It ages, and nothing fires however long."""
    city = town()
    city.report("T", "leak")
    city.work("T", until="accept")
    city.at("09:00").ask("recategorise", "T", "chief:chief-1", category="wish", reason="only a wish")
    city.at("08:00", 20)
    assert fired(city, "T") == [] and city["T"].tier == "grid" and resolve(city["T"]).rungs == ()


@pytest.mark.meets("wish", "recategorise", law="4")
def test_half_late_and_made_a_wish_it_has_no_deadline_any_more() -> None:
    """A leak of which 50 % fired at 10:00, and one that broke its limit at 12:00: a wish ages, so people see no moment;
    a leak again, it has the former one."""
    for clock in ("10:00", "12:00"):
        city = town()
        city.report("T", "leak")
        city.work("T", until="accept")
        city.at(clock).ask("recategorise", "T", "chief:chief-1", category="wish", reason="only a wish")
        assert (city["T"].deadline_at, city["T"].is_overdue) == (None, False), clock
    city.ask("recategorise", "T", "chief:chief-1", category="leak", reason="it drips")
    assert city["T"].is_overdue


@pytest.mark.meets("five in place", "any", law="2")
def test_what_nothing_would_ever_move_is_not_published() -> None:
    """A leak that lost its rungs is an open ticket without a moment to come: the step stops. A wish may stand so."""
    city = town()
    leak, wish = city.report("T", "leak"), city.report("W", "wish")
    law = next(iter(city.laws.values()))
    stuck = [Draft(**{name: getattr(ticket, name) for name in Ticket.__struct_fields__}) for ticket in (leak, wish)]
    for draft in stuck:
        draft.clocks = tuple(replace(clock, rungs=()) for clock in draft.clocks if clock.kind == ClockKind.RESOLVE)
    assert publish(law, stuck[1], law).next_due_at is None
    with pytest.raises(BrokenInvariant, match="nothing would ever move it"):
        publish(law, stuck[0], law)


# -- clocks ------------------------------------------------------------------------------------------------------


@pytest.mark.meets("refer, place", "extend, reopen, wait", law="6")
def test_place_carries_the_extension_along() -> None:
    """Eight working hours extended to sixteen, ten consumed by Tuesday 10:00: placed there it is due on Tuesday at
    18:00."""
    city = City()
    city.report("T", "bins")
    city.work("T", until="accept")
    city.ask("extend", "T", city.holder("T"), reason="parts")
    city.ask("approve", "T", "chief:chief-1")
    city.at("10:00", 1).ask("place", "T", "chief:chief-1", grid="west1", reason="over there")
    ticket = city.refer_in("T")
    clock = resolve(ticket)
    assert (ticket.home, ticket.leaf, ticket.deadline_at) == ("west", "west1", at("18:00", 1))
    assert (clock.limit_ms, clock.consumed_ms, clock.extended, ticket.resolve_limit_ms) == (
        16 * HOUR,
        10 * HOUR,
        1,
        8 * HOUR,
    )
    city.at("17:59", 1)
    assert not city["T"].is_overdue


@pytest.mark.meets("refer, place", "extend, reopen, wait", law="6")
@pytest.mark.meets("recategorise", "reopened", law="6")
def test_refer_carries_generation_half_limit_and_waits() -> None:
    """A reopened leak has two hours; referred after one of them it has one left, and its second wait is its last."""
    city = City()
    city.report("T", "leak")
    city.work("T")
    city.ask("check", "T", "checker:checker-2", passed=True)
    city.ask("reopen", "T", "chief:chief-1", reason="leaks again")
    city.work("T", until="accept")
    city.ask("wait_reporter", "T", "desk:desk-1", reason="which door?")
    city.at("09:00").ask("refer", "T", "chief:chief-1", home="west", reason="theirs")
    ticket = city.refer_in("T")
    assert (ticket.generation, ticket.waits, ticket.waited_ms, ticket.resolve_limit_ms) == (1, 1, HOUR, 2 * HOUR)
    assert ticket.deadline_at == at("11:00")
    city.work("T", until="accept")
    city.at("10:00").ask("recategorise", "T", "chief:chief-1", category="lift", reason="the lift")
    assert city["T"].deadline_at == at("11:00")


def chained() -> City:
    """A leak A (due 12:00) into bins B into bins C (due 18:00)."""
    city = City()
    for name, category in (("C", "bins"), ("B", "bins"), ("A", "leak")):
        city.report(name, category)
        city.work(name, until="accept")
    assert city.ask("duplicate_of", "A", "desk:desk-1", target=city["B"].id) == "done_as_asked"
    assert city.ask("duplicate_of", "B", "desk:desk-1", target=city["C"].id) == "done_as_asked"
    assert city["C"].deadline_at == at("12:00")
    return city


@pytest.mark.meets("unmerge", "chain", law="6")
def test_a_chain_is_undone_in_either_order() -> None:
    """A first or B first: C is due at 18:00 again, so is B, A at 12:00; nothing is left of the merges."""
    for order in ("AB", "BA"):
        city = chained()
        city.at("09:00").ask("unmerge", order[0], "desk:desk-1", reason="another")
        if order == "AB":
            assert city["C"].deadline_at == at("18:00")
        city.at("09:30").ask("unmerge", order[1], "desk:desk-1", reason="another")
        assert [city[name].deadline_at for name in "ABC"] == [at("12:00"), at("18:00"), at("18:00")]
        assert all(
            (city[name].ledgers, city[name].merged_here, city[name].merged_into) == ((), (), None) for name in "ABC"
        )


@pytest.mark.meets("unmerge", "shared limit that fired", law="6")
def test_the_own_limit_still_fires_after_the_shared_one_did() -> None:
    """C moved at 12:00 by A's limit; A taken out at 13:00, C's own 50, 80 and 100 % fire at their moments, the last at
    18:00 moves it again."""
    city = City()
    city.report("C", "bins")
    city.work("C", until="accept")
    city.report("A", "leak")
    city.ask("duplicate_of", "A", "desk:desk-1", target=city["C"].id)
    city.at("12:00")
    assert (city["C"].tier, city["C"].is_overdue) == ("community", True)
    city.at("13:00").ask("unmerge", "A", "desk:desk-1", reason="another door")
    assert not city["C"].is_overdue and city["C"].deadline_at == at("18:00")
    city.work("C", until="accept")
    city.at("18:00")
    assert fired(city, "C")[-1] == (100, 0) and city["C"].tier == "street"
    keys = [decision.id for decision in city.decisions]
    assert len(keys) == len(set(keys))


@pytest.mark.meets("wait, park", "merge", law="6")
def test_merged_into_what_waits_its_limit_runs_on_when_the_wait_ends() -> None:
    """Bins wait since 09:00; a leak of 08:00 merged in at 09:30 stands with them, and from 10:00 on has the two and a
    half hours it had left."""
    city = City()
    city.report("X", "bins")
    city.report("A", "leak")
    city.work("X", until="accept")
    city.work("A", until="accept")
    city.at("09:00").ask("wait_reporter", "X", "desk:desk-1", reason="which door?")
    assert city.at("09:30").ask("duplicate_of", "A", "desk:desk-1", target=city["X"].id) == "done_as_asked"
    assert city["X"].deadline_at is None
    city.at("10:00").ask("resume", "X", "desk:desk-1")
    assert city["X"].deadline_at == at("12:30")


@pytest.mark.meets("breach", "force majeure", law="4")
def test_legs_of_what_had_breached_stand_still_in_no_window() -> None:
    """Breached at 12:00, force majeure from 12:30 on for a week: the leg of an hour ends at 13:00 all the same."""
    city = City(city_bundle(force_majeure=(ForceMajeure(at("12:30"), at("12:30", 7)),)))
    city.report("T", "leak")
    city.work("T", until="accept")
    city.at("12:00")
    assert city["T"].deadline_at == at("13:00")
    city.work("T", until="accept")
    city.at("13:00")
    assert city["T"].tier == "street"


@pytest.mark.meets("wait, park", "move, whistle, finish", law="4")
def test_moved_by_hand_it_waits_for_the_reporter_no_more() -> None:
    """Waiting since 09:00, escalated at 10:00: limit and leg run from there; it never climbs while its limit stands."""
    city = City()
    city.report("T", "leak")
    city.work("T", until="accept")
    city.at("09:00").ask("wait_reporter", "T", "desk:desk-1", reason="which door?")
    city.at("10:00").ask("escalate", "T", "chief:chief-1", reason="now")
    ticket = city["T"]
    assert (ticket.tier, ticket.asked, resolve(ticket).running_since, resolve(ticket).consumed_ms) == (
        "community",
        None,
        at("10:00"),
        HOUR,
    )
    assert not any(clock.kind == ClockKind.PARK for clock in ticket.clocks) and ticket.waited_ms == HOUR
    # the leg's; nobody accepts, so it climbs, and its limit breaks at 13:00
    assert city["T"].deadline_at == at("11:00")
    city.at("13:00")
    assert fired(city, "T")[-1] == (100, 0)


@pytest.mark.meets("wait, park", "move, whistle, finish", law="4")
def test_no_clock_runs_while_the_limit_stands() -> None:
    """Parked with a department at it: report-in and child stand too, and go on for as long as they had left."""
    city = City()
    city.report("T", "road")
    city.work("T", until="start")
    city.ask("whistle", "T", "principal:north-principal", departments=("urban",), case="emergency")
    city.ask("park", "T", "street:north-street", reason="frost", until=at("08:00", 9))
    city.ask("approve", "T", "chief:chief-1")
    city.ask("approve", "T", "supervisor:supervisor-1")
    assert {clock.kind for clock in city["T"].clocks if clock.running_since is not None} == {"park"}
    city.at("08:00", 9)
    assert next(clock for clock in city["T"].clocks if clock.kind == ClockKind.REPORT_IN).running_since == at(
        "08:00", 9
    )
    assert city["T"].children[0].deadline_at == at("18:00", 10)
