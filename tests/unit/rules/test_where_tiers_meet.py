"""Where features meet that change a ticket's tier, ladder or urgency."""

import pytest
from msgspec.structs import replace

from tests.support.city import HOUR, MINUTE, City, at, city_bundle
from tests.unit.rules.test_where_features_meet import COMMUNITY_UP, fired, resolve, town
from topics.pack import Category, Limit
from topics.vocabulary import ClockKind, Status

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
def test_corrected_while_the_street_works_on_it_the_street_goes_on() -> None:
    """Whoever works on it there is asked nothing: the departments are called, and nobody is offered it."""
    city = City()
    city.report("T", "road")
    city.work("T", until="start")
    who, offers = city["T"].person, len(city["T"].offers)
    city.at("11:00").ask("recategorise", "T", "chief:chief-1", category="fire", reason="it burns")
    ticket = city["T"]
    assert (ticket.tier, ticket.person, ticket.status, len(ticket.offers)) == ("street", who, Status.WHISTLED, offers)
    assert ticket.offers[-1].ended == "accepted" and ticket.deadline_at == at("13:00")


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
