"""The law where two features meet: each pair decided on purpose, told with the moment or the tier it must have (LAW
2-6)."""

from typing import Any

import pytest
from msgspec.structs import replace

from rules.errors import BrokenInvariant
from rules.history.tally import Account
from rules.ticket.draft import Draft, publish
from tests.support.city import DAY, HOUR, MINUTE, City, at, city_bundle
from topics.pack import Category, ForceMajeure, Limit, RosterEntry, Storm, Tier
from topics.ticket import Clock, Ticket
from topics.vocabulary import ClockKind, Status

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
    stuck = [Draft(*(getattr(ticket, name) for name in Ticket.__struct_fields__)) for ticket in (leak, wish)]
    for draft in stuck:
        draft.clocks = tuple(replace(clock, rungs=()) for clock in draft.clocks if clock.kind == ClockKind.RESOLVE)
    assert publish(law, stuck[1], law).next_due_at is None
    with pytest.raises(BrokenInvariant, match="nothing would ever move it"):
        publish(law, stuck[0], law)


def folded(*, until: str = "12:30") -> City:
    """A flood of leaks from 08:00: A is worked, C is folded into it and offered; then some time."""
    city = town(storm=Storm(2, 60))
    for name in "ABC":
        city.report(name, "leak")
    assert city["C"].folded_into == city["A"].id
    return city.at(until)


@pytest.mark.meets("flood", "its end", law="5")
def test_one_of_a_flood_stands_for_itself_when_the_worked_one_is_cancelled() -> None:
    """Cancelled at 12:30: accept, 50, 80 and 100 % of C fire then, late, in order, one tier a firing; and it goes on
    up."""
    city = folded()
    assert (city["C"].tier, city["C"].status) == ("grid", Status.OFFERED)
    city.ask("cancel", "A", "chief:chief-1", reason="no flood")
    city.at("12:30")
    assert city["C"].folded_into is None and city.expect("TicketUnfolded").facts["out_of"] == city["A"].id
    late = [
        (event.facts["clock"], event.facts["rung"], event.facts["late_by_ms"] // MINUTE)
        for event in city.events("ClockAtRisk", "ClockBreached")
        if event.ticket == city["C"].id and event.facts["number"].endswith("+")
    ]
    assert late == [("accept", 100, 255), ("resolve", 50, 150), ("resolve", 80, 78), ("resolve", 100, 30)]
    assert city["C"].tier == "community" and city["C"].next_due_at is not None
    keys = [decision.id for decision in city.decisions]
    assert len(keys) == len(set(keys))
    city.at("08:00", 3)
    assert city["C"].tier == "district"


@pytest.mark.meets("flood", "its end", law="5")
def test_one_of_a_flood_is_closed_with_the_worked_one_and_its_reporter_asked() -> None:
    """A is closed by its source: C is surveyed, may be called unhappy, and is never late again."""
    city = folded()
    city.ask("close_by_source", "A", "source:app", reason="closed")
    city.at("12:31")
    assert (city["C"].status, city["C"].folded_into) == (Status.SURVEYED, None)
    assert city.ask("answer", "C", "reporter:r", satisfied=True) == "done_as_asked"
    assert city["C"].status is Status.CLOSED


@pytest.mark.meets("flood", "its end", law="5")
def test_a_person_takes_one_out_of_a_flood() -> None:
    """With a reason; at once it is late as it would have been."""
    city = folded()
    assert city.ask("unfold", "C", "desk:desk-1", reason="   ") == "reason_missing"
    assert city.ask("unfold", "C", "desk:desk-1", reason="another pipe") == "done_as_asked"
    city.at("12:30")
    assert city["C"].tier == "community" and city["A"].folded_into is None
    assert city.ask("unfold", "C", "desk:desk-1", reason="again") == "no_change"


@pytest.mark.meets("flood", "recategorise", law="5")
def test_one_of_a_flood_that_becomes_something_else_is_none_of_it_any_more() -> None:
    """C of a flood of leaks is a fire since 12:30: the street is called now and it is due at 14:30; A cancelled or
    closed changes nothing of it."""
    for code, due in (("fire", "14:30"), ("bins", "18:00")):
        city = folded()
        assert city.ask("recategorise", "C", "chief:chief-1", category=code, reason="so it is") == "done_as_asked"
        assert city["C"].folded_into is None and city.expect("TicketUnfolded").facts["out_of"] == city["A"].id
        city.ask("close_by_source", "A", "source:app", reason="closed")
        assert code != "fire" or (city["C"].tier, city["C"].status, city["C"].deadline_at) == (
            "street",
            Status.WHISTLED,
            at(due),
        )
        city.at("12:31")
        assert city["C"].status not in (Status.SURVEYED, Status.CLOSED)


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


# -- tiers -------------------------------------------------------------------------------------------------------


@pytest.mark.meets("merge", "wish", law="6")
def test_a_wish_lends_no_far_end_and_takes_the_near_one() -> None:
    """A leak merged into a wish is due at 12:00 there and moves it; taken out, the wish ages as before. A wish merged
    into a leak changes no moment."""
    city = town()
    city.report("W", "wish")
    city.work("W", until="accept")
    city.report("A", "leak")
    assert city.ask("duplicate_of", "A", "desk:desk-1", target=city["W"].id) == "done_as_asked"
    assert city["W"].deadline_at == at("12:00")
    city.at("12:00")
    assert (city["W"].tier, city["W"].is_overdue) == ("community", True)
    city.ask("unmerge", "A", "desk:desk-1", reason="another")
    wish, leak = city["W"], city["A"]
    assert wish.deadline_at is None and not wish.is_overdue and leak.deadline_at == at("12:00")
    city = town()
    city.report("L", "leak")
    city.report("V", "wish")
    assert city.ask("duplicate_of", "V", "desk:desk-1", target=city["L"].id) == "done_as_asked"
    assert city["L"].deadline_at == at("12:00") and resolve(city["L"]).rungs == (50, 80, 100, 150, 300)


@pytest.mark.meets("wait, park", "late worker", law="4")
def test_a_wait_that_ended_while_nobody_looked_has_ended_at_its_moment() -> None:
    """Parked at 09:00 to the 9th day 08:00, told at 10:30: three hours were left at 08:00, so it is due at 11:00. A
    wait of five work days likewise."""
    city = City()
    city.report("T", "leak")
    city.work("T", until="accept")
    city.at("09:00").ask("park", "T", city.holder("T"), reason="frost", until=at("08:00", 9))
    city.ask("approve", "T", "chief:chief-1")
    city.ask("approve", "T", "supervisor:supervisor-1")
    city.now = at("10:30", 9)  # the worker was away
    city.at("10:30", 9)
    assert (city["T"].status, city["T"].deadline_at) == (Status.ACCEPTED, at("11:00", 9))
    city = City()
    city.report("T", "leak")
    city.work("T", until="accept")
    city.at("09:00").ask("wait_reporter", "T", "desk:desk-1", reason="which door?")
    city.now = at("10:00", 7)
    city.at("10:00", 7)  # five work days from Monday 09:00 end on the next Monday at 09:00
    assert (city["T"].waited_ms, city["T"].deadline_at) == (40 * HOUR, at("12:00", 7))


@pytest.mark.meets("recategorise", "ladder", law="5")
def test_into_another_ladder_it_never_falls() -> None:
    """An owned pipe made a leak enters departments, not grid; a leak of the community made a pipe enters its
    department."""
    city = City()
    city.report("T", "pipe")
    assert city["T"].tier == "department"
    city.ask("recategorise", "T", "chief:chief-1", category="leak", reason="a leak")
    assert (city["T"].tier, city["T"].status) == ("departments", Status.WHISTLED)
    city.at("08:00", 1)
    assert city["T"].tier == "district"
    city.report("U", "leak")
    city.ask("escalate", "U", "chief:chief-1", reason="up")
    city.ask("recategorise", "U", "chief:chief-1", category="pipe", reason="a pipe")
    assert (city["U"].tier, city["U"].party) == ("department", "water")


@pytest.mark.meets("recategorise", "ladder", law="5")
def test_into_a_ladder_that_ends_below_it_is_refused() -> None:
    """From the street into a ladder of parties alone there is no way but down."""
    bundle = city_bundle()
    low = Category("chat", "Chat", "闲聊", "city", "U3", Limit(8, "work_hour"), ladder="low")
    city = City(
        replace(bundle, categories=(*bundle.categories, low), ladders={**bundle.ladders, "low": COMMUNITY_UP[:1]})
    )
    city.report("T", "road")
    assert city.ask("recategorise", "T", "chief:chief-1", category="chat", reason="talk") == "tier_unknown"
    assert city["T"].category == "road"


@pytest.mark.meets("recategorise", "U1", law="5")
def test_corrected_to_life_and_property_it_is_as_if_filed_so_now() -> None:
    """Bins at 08:00 made a fire at 11:00: the street has it, both departments are called, report-in half an hour, due
    at 13:00."""
    city, twin = City(), City()
    city.report("T", "bins")
    city.at("11:00").ask("recategorise", "T", "chief:chief-1", category="fire", reason="it burns")
    twin.at("11:00").report("T", "fire")
    mine, other = city["T"], twin["T"]
    assert (mine.tier, mine.party, mine.status, mine.deadline_at) == ("street", "street", Status.WHISTLED, at("13:00"))
    assert [(child.code, child.deadline_at) for child in mine.children] == [
        (child.code, child.deadline_at) for child in other.children
    ]
    due = {(clock.kind, clock.limit_ms, clock.running_since) for clock in mine.clocks}
    assert due == {(clock.kind, clock.limit_ms, clock.running_since) for clock in other.clocks}
    assert city.events("WhistleRaised")[-1].facts["automatic"] is True


@pytest.mark.meets("recategorise", "U1", law="5")
def test_corrected_to_life_and_property_although_what_was_merged_into_it_is_long_late() -> None:
    """A's limit moved the bins at 12:00; a fire since 14:00 it is not late, 50 % of two hours fires at 15:00 and 100 %
    at 16:00 moves it."""
    city = City()
    city.report("T", "bins")
    city.work("T", until="accept")
    city.report("A", "leak")
    city.ask("duplicate_of", "A", "desk:desk-1", target=city["T"].id)
    city.at("14:00").ask("recategorise", "T", "chief:chief-1", category="fire", reason="it burns")
    assert (city["T"].is_overdue, resolve(city["T"]).rungs) == (False, (50, 80, 100, 150, 300))
    before = len(fired(city, "T"))
    tier = city["T"].tier
    city.at("16:00")
    assert fired(city, "T")[before:] == [(50, 0), (80, 0), (100, 0)] and city["T"].tier != tier
    assert city.ask("unmerge", "A", "desk:desk-1", reason="another door") == "done_as_asked" and city["T"].is_overdue


@pytest.mark.meets("recategorise", "U1", law="5")
def test_parked_above_the_street_and_corrected_to_life_and_property_it_is_offered_anew() -> None:
    """The district has laid it aside to the 9th day; a fire since 11:00 it is offered to the district again, five
    minutes to accept, due at 13:00."""
    city = City()
    city.report("T", "bins")
    city.ask("escalate", "T", "chief:chief-1", target="district", reason="theirs")
    city.work("T", until="accept")
    city.ask("park", "T", city.holder("T"), reason="frost", until=at("08:00", 9))
    city.ask("approve", "T", "chief:chief-1")
    assert city.ask("approve", "T", "supervisor:supervisor-1") == "done_as_asked" and city["T"].status is Status.PARKED
    assert (
        city.at("11:00").ask("recategorise", "T", "chief:chief-1", category="fire", reason="it burns")
        == "done_as_asked"
    )
    ticket = city["T"]
    assert (ticket.status, ticket.tier, ticket.party, ticket.deadline_at) == (
        Status.OFFERED,
        "district",
        "centre",
        at("13:00"),
    )
    assert [clock.limit_ms for clock in ticket.clocks if clock.kind == ClockKind.ACCEPT] == [5 * MINUTE]


@pytest.mark.meets("file", "unplaced", law="2")
def test_filing_out_of_unplaced_needs_a_home() -> None:
    """Without one it is refused; with one it is filed there as a referral is."""
    city = City()
    city.report("T", None, home="unplaced", leaf=None)
    assert city.ask("file", "T", "desk:desk-1", category="leak") == "home_missing"
    assert city.ask("file", "T", "desk:desk-1", category="leak", home="moon") == "home_unknown"
    assert city.ask("file", "T", "desk:desk-1", category="leak", grid="west1") == "done_as_asked"
    ticket = city.refer_in("T")
    assert (ticket.home, ticket.leaf, ticket.category, ticket.status) == ("west", "west1", "leak", Status.OFFERED)


@pytest.mark.meets("escalate", "down", law="5")
def test_down_only_by_a_chief_or_the_centre_with_a_reason() -> None:
    """The street cannot push it back; a chief can, and from there clocks take it up again."""
    city = City()
    city.report("T", "road")
    city.work("T", until="accept")
    assert city.ask("escalate", "T", "street:north-street", target="community", reason="yours") == "role_not_allowed"
    assert city.ask("escalate", "T", "chief:chief-1", target="community", reason=" ") == "reason_missing"
    assert city.ask("escalate", "T", "chief:chief-1", target="community", reason="theirs after all") == "done_as_asked"
    assert (city["T"].tier, city["T"].party) == ("community", "backstop")
    city.at("12:00", 1)
    assert city["T"].tier in ("street", "departments", "district")


# -- people --------------------------------------------------------------------------------------------------------


@pytest.mark.meets("duty", "duty", law="6")
def test_who_was_added_and_then_removed_is_offered_nothing() -> None:
    """Added, removed: not on the roster; added, put off duty: offered nothing and may not accept."""
    for change, refusal in (("remove", "not_on_roster"), ("off", "not_on_duty")):
        bundle = city_bundle()
        city = City(replace(bundle, roster=tuple(entry for entry in bundle.roster if entry.role != "red_property")))
        city.duty("eve", "red_property", "add")
        city.at("08:05").duty("eve", "red_property", change)
        city.at("08:10")
        names = {city.report(f"T{n}", "bins").person for n in range(6)}
        assert "eve" not in names
        if change == "off":
            name = next(f"T{n}" for n in range(6) if city[f"T{n}"].party == "red_property")
            assert city.ask("accept", name, "red_property:eve") == refusal
        else:
            assert city.ask("note", "T0", "red_property:eve", text="x") == refusal


@pytest.mark.meets("reminder", "night", law="5")
def test_who_is_on_duty_at_night_is_reminded_at_night() -> None:
    """A day and night limit of U3, filed at 18:00: half of it is over at 22:00; day people hear of it at 08:00, night
    people at once."""
    night = Category("noise", "Noise", "噪声", "city", "U3", Limit(16, "urgent_hour"), parties=("backstop",))
    moments = {}
    for hours in ("work", "always", "20:00-06:00", "23:00-06:00"):
        bundle = city_bundle()
        roster = tuple(entry for entry in bundle.roster if entry.role != "backstop")
        city = City(
            replace(
                bundle,
                categories=(*bundle.categories, night),
                roster=(*roster, RosterEntry("bea", "Bea", "backstop", on_duty=hours)),
            )
        )
        city.at("18:00").report("T", "noise")
        city.ask("reassign", "T", "chief:chief-1", target="bea", reason="hers")
        city.at("18:00", 1)
        moments[hours] = next(
            event.facts["due_at"] for event in city.events("ClockAtRisk") if event.facts["rung"] == 50
        )
    night_at = at("18:00") + 8 * HOUR
    assert moments == {"work": at("08:00", 1), "always": night_at, "20:00-06:00": night_at, "23:00-06:00": night_at}


@pytest.mark.meets("reminder", "roster", law="5")
def test_a_reminder_goes_to_whoever_stands_for_a_holder_who_has_left() -> None:
    """red_property-1 holds it and leaves the roster: the other one of the party hears of 50 %."""
    city = City()
    city.report("T", "bins")
    city.work("T", until="accept")
    gone = city["T"].person
    city.duty(gone, "red_property", "remove")
    city.at("13:59").at("14:00")
    told = city.expect("ClockAtRisk", rung=50).facts["told"]
    assert told == ["red_property-2" if gone == "red_property-1" else "red_property-1"]


@pytest.mark.meets("department late", "200 %", law="4, 7")
def test_departments_supervisor_and_the_centre_hear_of_a_late_department() -> None:
    """At 100 % of report-in and of the child the head of its roster or the supervisor the pack names; at 200 % the
    centre too."""
    bundle = city_bundle()
    departments = tuple(replace(one, supervisor="boss") if one.code == "water" else one for one in bundle.departments)
    city = City(replace(bundle, departments=departments))
    city.report("T", "fire")
    city.at("14:00")
    said = {
        (event.facts["clock"], event.facts["number"], event.facts["rung"]): event.facts["told"]
        for event in city.events("ClockBreached") if event.facts["clock"] in ("report_in", "child")
    }  # fmt: skip
    assert "fire-1" in said["report_in", "fire/1", 100] and "boss" in said["report_in", "water/1", 100]
    assert "centre-1" in said["report_in", "fire/1", 200] and "centre-1" not in said["report_in", "fire/1", 100]
    assert "centre-1" in said["child", "fire/1", 200] and "boss" in said["child", "water/1", 200]


@pytest.mark.meets("follow", "anything", law="5")
def test_followers_are_told_what_the_holder_is() -> None:
    """Rungs, reminders, and what is done by command; never of their own doing."""
    city = City()
    city.report("T", "leak")
    city.ask("follow", "T", "desk:desk-1")
    assert not city.events("FollowersTold")
    city.work("T", until="accept")
    assert city.expect("FollowersTold").facts["told"] == ["desk-1"]
    city.at("10:00")
    assert "desk-1" in city.expect("ClockAtRisk", rung=50).facts["told"]


@pytest.mark.meets("wait", "seat that holds", law="4")
def test_who_handles_it_does_not_pause_it_alone() -> None:
    """The street holds it and is a seat: another seat must ask the reporter."""
    city = City()
    city.report("T", "road")
    city.work("T", until="accept")
    assert city.ask("wait_reporter", "T", "street:north-street", reason="which?") == "same_hands"
    assert city.ask("wait_reporter", "T", "desk:desk-1", reason="which?") == "done_as_asked"


# -- lifecycle -----------------------------------------------------------------------------------------------------


@pytest.mark.meets("start", "contact", law="4")
@pytest.mark.meets("blanks", "reason", law="6")
def test_finishing_needs_words_and_starting_is_no_contact() -> None:
    """No text, or blanks: refused. The contact clock runs on after the start and breaks at its moment."""
    city = City()
    city.report("T", "leak", can_reach_reporter=True)
    city.work("T", until="start")
    assert any(clock.kind == ClockKind.CONTACT for clock in city["T"].clocks)
    assert city.ask("finish", "T", city.holder("T"), proof=("p",)) == "answer_missing"
    assert city.ask("finish", "T", city.holder("T"), text=" \t", proof=("p",)) == "answer_missing"
    city.at("10:00")
    assert city.expect("ClockBreached", clock="contact").facts["due_at"] == at("10:00")


@pytest.mark.meets("unhappy", "survey", law="6")
@pytest.mark.meets("blanks", "reason", law="6")
def test_unhappy_is_a_request_the_desk_must_answer() -> None:
    """It waits at the desk under a triage clock: refused with a reason it is closed, granted it is opened again."""
    for refused in (True, False):
        city = City()
        city.report("T", "leak")
        city.work("T")
        city.ask("check", "T", "checker:checker-2", passed=True)
        assert city.ask("answer", "T", "reporter:r", satisfied=False, text="still wet") == "done_as_asked"
        assert (city["T"].status, city["T"].duty, city["T"].deadline_at) == (Status.SURVEYED, "desk", None)
        city.at("08:15")
        assert city.expect("ClockBreached", clock="triage").facts["due_at"] == at("08:15")
        if refused:
            assert city.ask("deny", "T", "desk:desk-1", reason=" ") == "reason_missing"
            assert city.ask("deny", "T", "desk:desk-1", reason="it is dry") == "done_as_asked"
            assert (city["T"].status, city["T"].close_reason) == (Status.CLOSED, "unhappy")
        else:
            assert city.ask("reopen", "T", "desk:desk-1", reason="look again") == "done_as_asked"
            assert (city["T"].status, city["T"].generation, city["T"].asked) == (Status.OFFERED, 1, None)


@pytest.mark.meets("spot fix", "filed", law="6")
def test_put_right_on_the_spot_although_filed() -> None:
    """Offered to a party of the grid tier, fixed by one of that tier; the split keeps what it counted. Not by the
    street, not once accepted."""
    city = City()
    city.report("T", "bins")
    counts = dict(city.book.quotas["east"].counts)
    assert city.ask("spot_fix", "T", "backstop:backstop-1", proof=("a", "b")) == "role_not_allowed"
    assert city.ask("spot_fix", "T", "residents:residents-1", proof=("a", "b")) == "done_as_asked"
    assert city["T"].status in (Status.CLOSED, Status.DONE) and city.book.quotas["east"].counts == counts
    city.report("U", "road")
    assert city.ask("spot_fix", "U", "residents:residents-1", proof=("a", "b")) == "not_in_this_status"


@pytest.mark.meets("merged", "its reporter", law="6")
def test_still_broken_reaches_the_ticket_it_was_merged_into() -> None:
    """Reopen or unhappy by the merged one's reporter: a reminder while it is worked, a request at its survey, a new
    generation once closed."""
    city = City()
    city.report("X", "leak")
    city.report("T", "leak")
    city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id)
    assert city.ask("reopen", "T", "reporter:r", reason="still broken") == "done_as_asked"
    assert city.expect("TicketReminded").ticket == city["X"].id
    city.work("X")
    city.ask("check", "X", "checker:checker-2", passed=True)
    assert city.ask("answer", "T", "reporter:r", satisfied=False) == "done_as_asked"
    assert city["X"].asked is not None and city["X"].asked.what == "reopen"
    city.ask("deny", "X", "desk:desk-1", reason="it is dry")
    assert city.ask("reopen", "T", "reporter:r", reason="still broken") == "done_as_asked"
    assert (city["X"].status, city["X"].generation, city["T"].status) == (Status.OFFERED, 1, Status.MERGED)


@pytest.mark.meets("any open", "seat", law="6")
def test_any_open_is_any_open() -> None:
    """Reassign, escalate, refer, place, recategorise: decided in every open status, each to its seat."""

    def received() -> City:
        city = City()
        city.report("T", None)
        return city

    city = received()
    assert city.ask("reassign", "T", "chief:chief-1", target="desk-2", reason="his") == "done_as_asked"
    assert city.ask("escalate", "T", "desk:desk-1", reason="what is it?") == "done_as_asked"
    assert (city["T"].status, city["T"].duty) == (Status.RECEIVED, "supervisor")
    assert city.ask("recategorise", "T", "desk:desk-1", category="leak", reason="so") == "done_as_asked"
    assert (city["T"].category, city["T"].status) == ("leak", Status.RECEIVED)
    for prepare in ("verifying", "parked", "done", "surveyed"):
        wishes: dict[str, dict[str, Any]] = {
            "refer": {"home": "west"},
            "place": {"grid": "east2"},
            "recategorise": {"category": "leak"},
            "escalate": {},
        }
        for kind, fields in wishes.items():
            city = City()
            city.report("T", None if prepare == "verifying" else "bins")
            if prepare == "verifying":
                city.ask("send_verify", "T", "desk:desk-1")
            elif prepare == "parked":
                city.work("T", until="accept")
                city.ask("park", "T", city.holder("T"), reason="frost", until=at("08:00", 9))
                city.ask("approve", "T", "chief:chief-1")
                city.ask("approve", "T", "supervisor:supervisor-1")
            else:
                city.work("T")
                if prepare == "surveyed":
                    city.ask("check", "T", "checker:checker-2", passed=True)
            assert city["T"].status == prepare
            assert (
                city.ask(kind, "T", "chief:chief-1" if kind != "recategorise" else "desk:desk-1", reason="so", **fields)
                == "done_as_asked"
            ), (prepare, kind)


def test_parked_for_a_year_and_no_day_longer() -> None:
    """365 days are allowed, a minute more is not."""
    for more, reason in ((0, "done_as_asked"), (MINUTE, "too_late")):
        city = City()
        city.report("T", "bins")
        city.work("T", until="accept")
        assert city.ask("park", "T", city.holder("T"), reason="frost", until=city.now + 365 * DAY + more) == reason


# -- books ---------------------------------------------------------------------------------------------------------


@pytest.mark.meets("shares", "same month", law="3")
def test_shares_that_come_back_within_a_month_open_a_window_of_their_own() -> None:
    """20-30-40-10, quarters, back again: three windows with three names, each with its own books."""
    city, bundle = City(), city_bundle()
    quarters = replace(bundle, shares=tuple(replace(share, share=25) for share in bundle.shares))
    windows = []
    for n, one in enumerate((None, quarters, bundle)):
        if one is not None:
            city.adopt(f"toytown@{n + 1}", one)
        for m in range(3):
            city.report(f"T{n}{m}", "bins")
        windows.append(city.book.quotas["east"].window)
        assert sum(city.book.quotas["east"].counts.values()) == 3
    assert windows == ["2026-03/20-30-40-10", "2026-03/25-25-25-25#2", "2026-03/20-30-40-10#3"]


@pytest.mark.meets("exercise", "books, floods, merges", law="3")
def test_an_exercise_runs_on_the_real_law_and_stands_in_no_book() -> None:
    """Offered to whose turn it is, late when it is; nothing counts, and nothing real is taken for it."""
    city = town(storm=Storm(2, 60))
    city.report("T", "bins")
    before = city.book.quotas["east"]
    for n in range(5):
        city.report(f"E{n}", "bins", exercise=True)
    assert city.book.quotas["east"] == before
    assert {city[f"E{n}"].party for n in range(5)} == {city["E0"].party} and city["E0"].folded_into is None
    assert [event.facts["counted"] for event in city.events("TicketFiled")] == ["split"] + ["exercise"] * 5
    city.report("U", "bins")
    assert city["U"].folded_into is None
    assert city.ask("duplicate_of", "E0", "desk:desk-1", target=city["U"].id) == "target_elsewhere"


def test_drift_has_four_causes_that_add_up() -> None:
    """Ten bins, one fire and one ticket given by hand: emergency takes its share from each party, by hand one gains
    what the other loses."""
    city = City()
    account = Account(city.laws)
    for n in range(10):
        city.report(f"T{n}", "bins")
    city.report("F", "fire")
    former = city["T9"].party
    other = "residents" if former != "residents" else "specialist"
    city.ask("reassign", "T9", "chief:chief-1", target=f"{other}-1", party=other, reason="nearer")
    for decision in city.decisions:
        account.see(f"app:{decision.ticket}", decision)
    causes = {party: account.books.causes(party) for party in ("residents", "specialist", "red_property", "backstop")}
    assert {party: row["emergency"] for party, row in causes.items()} == {
        "residents": -20,
        "specialist": -30,
        "red_property": -40,
        "backstop": -10,
    }
    assert (causes[str(former)]["manual"], causes[other]["manual"]) == (-100, 100)
    assert all(row["eligibility"] == 0 and abs(row["allocation"]) < 100 for row in causes.values())
    assert sum(sum(row.values()) for row in causes.values()) == -100


# -- calendar ------------------------------------------------------------------------------------------------------


@pytest.mark.meets("reminder", "horizon", law="4")
def test_beyond_the_known_calendar_reminders_are_provisional_and_nothing_moves() -> None:
    """Filed on the last Friday of what is known with two work days: 80 % by plain weekdays, marked; 100 % never; rebase
    takes the mark away."""
    bundle = city_bundle()
    years = {"2026": bundle.calendar.years["2026"]}
    city = City(replace(bundle, calendar=replace(bundle.calendar, years=years)))
    last = (31 + 30 + 31 + 30 + 31 + 31 + 30 + 31 + 30 + 31) - 1  # Monday 2 March + 305 days is 1 January 2027
    city.at("14:00", last - 1)  # Thursday 31 December
    city.report("T", "road")
    city.work("T", until="accept")
    city.at("08:00", last + 20)
    assert "beyond_horizon" in city["T"].flags and city["T"].tier == "street" and not city["T"].is_overdue
    said = [(event.facts["rung"], event.facts.get("provisional", False)) for event in city.events("ClockAtRisk")]
    assert said == [(50, True), (80, True)]
    city.adopt("toytown@2", bundle)
    assert city.ask("rebase", "T", "chief:chief-1", reason="2027 is known") == "done_as_asked"
    assert "beyond_horizon" not in city["T"].flags
    city.at("08:01", last + 20)
    assert city["T"].is_overdue
