"""Corners in which two features meet, each told with the holder, tier or moment that the law asks for (LAW 4-7)."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support import meetings
from tests.support.city import City, at
from topics.pack import ForceMajeure, Storm
from topics.ticket import Clock
from topics.vocabulary import ClockKind, Status

DONE = "done_as_asked"


def town(**changes: Any) -> City:
    """The town of the table of meetings."""
    return City(bundle=replace(meetings.bundle(), **changes))


def clocks(city: City, name: str, kind: ClockKind) -> list[Clock]:
    """The ticket's clocks of a kind."""
    return [one for one in city[name].clocks if one.kind == kind]


def other(city: City, name: str = "T") -> str:
    """A checker who has no hand in it."""
    return "checker:" + ("checker-1" if city[name].person == "checker-1" else "checker-2")


# -- force majeure ---------------------------------------------------------------------------------------------------


@pytest.mark.meets("offer", "force majeure", law="4")
def test_who_is_asked_in_a_storm_has_no_more_time_than_ever() -> None:
    """Only limit and leg stand from 08:30 to 18:00: an offer of 09:00 is missed at 09:15, the next at 09:30, and then
    it is the community's; there the leg stands, and so does the limit of four hours."""
    city = town(force_majeure=(ForceMajeure(at("08:30"), at("18:00")),))
    city.at("09:00").report("T", "leak")
    city.at("09:31")
    missed = [event.facts for event in city.events("ClockBreached")]
    assert [(one["clock"], one["due_at"]) for one in missed] == [("accept", at("09:15")), ("accept", at("09:30"))]
    assert (city["T"].tier, city["T"].deadline_at) == ("community", at("19:00"))
    city.at("17:59")
    assert (city["T"].tier, city["T"].is_overdue, city["T"].is_exhausted) == ("departments", False, False)
    assert {event.facts["clock"] for event in city.events("ClockBreached")} == {"accept", "report_in", "child"}


@pytest.mark.meets("whistle", "force majeure", law="4, 7")
def test_a_department_signs_in_during_a_storm_as_at_any_time() -> None:
    """Called at 09:00 while the parent's four hours stand: report in by 10:00, be ready by 13:00."""
    city = town(force_majeure=(ForceMajeure(at("08:30"), at("18:00")),))
    city.at("09:00").report("T", "leak")
    city.work("T", until="start")
    assert city.ask("whistle", "T", "principal:north-principal", departments=("urban",), case="emergency") == DONE
    city.at("13:00")
    late = [(event.facts["clock"], event.facts["due_at"]) for event in city.events("ClockBreached")]
    assert late == [("report_in", at("10:00")), ("report_in", at("11:00")), ("child", at("13:00"))]
    assert (city["T"].status, city["T"].is_overdue) == (Status.WHISTLED, False)


@pytest.mark.meets("park", "night", law="4, 5")
def test_parked_until_two_at_night_it_is_taken_up_at_two() -> None:
    """A date waits for nobody's hours, whatever the reminder before it did."""
    city = town()
    city.report("T", "bins")
    city.work("T", until="start")
    assert city.ask("park", "T", city.holder("T"), until=at("02:00", 3), reason="road works") == DONE
    for who in ("supervisor:supervisor-1", "chief:chief-1"):
        assert city.ask("approve", "T", who) == DONE
    assert city["T"].status is Status.PARKED
    assert city.at("01:59", 3)["T"].status.value == "parked"
    assert city.at("02:00", 3)["T"].status.value == "handling"


# -- helpers, teams, checkers ------------------------------------------------------------------------------------------


def helped() -> City:
    """A leak that broke its limit at 12:00 in the hands of the grid; the community has accepted it; at 12:20 the grid
    finishes it after all, and at 12:30 the check fails."""
    city = town()
    city.report("T", "leak")
    city.work("T", until="start")
    grid = city.holder("T")
    city.at("12:10").work("T", until="accept")
    assert city["T"].tier == "community"
    assert city.at("12:20").ask("finish", "T", grid, text="done") == DONE
    assert city.at("12:30").ask("check", "T", other(city), passed=False, reason="wet") == DONE
    return city


@pytest.mark.meets("helper", "check", law="5, 6")
def test_a_helper_who_finished_in_vain_has_it_again_where_it_stands() -> None:
    """Whoever did it does it again, at the community where it stands: its leg of an hour had twenty minutes used, and
    moves it to the street at 13:10, no sooner and no later; the community may finish, too."""
    city = helped()
    ticket = city["T"]
    assert (ticket.status, ticket.tier, ticket.party) == (Status.HANDLING, "community", ticket.finished_by[1])  # type: ignore[index]
    assert ("community", "backstop") in [(one.tier, one.party) for one in ticket.helpers]
    assert ticket.deadline_at == at("13:10") and ticket.is_overdue and ticket.rework == 1
    city.at("13:09")
    assert city["T"].tier == "community"
    city.at("13:10")
    assert city["T"].tier == "street"


@pytest.mark.meets("helper", "check", law="5, 6")
def test_who_had_it_meanwhile_may_finish_what_the_helper_did_not() -> None:
    """The community finishes at 12:40; and a reopening after the grid finished goes to the grid, where that stands."""
    city = helped()
    assert city.at("12:40").ask("finish", "T", "backstop:backstop-1", text="done") == DONE
    assert city["T"].finished_by == ("community", "backstop", "backstop-1")
    city = helped()
    grid = city.holder("T")
    assert city.at("12:40").ask("finish", "T", grid, text="done") == DONE
    assert city["T"].finished_by == ("grid", *grid.split(":"))


@pytest.mark.meets("team", "check", law="6")
def test_of_its_team_nobody_checks_it() -> None:
    """A roof's team has a checker: the other one is sent to check, the one of the team may not, nor be given it; when
    the other does not look within half an hour the supervisor has it."""
    city = town()
    city.report("T", "roof")
    named = next(one.person for one in city["T"].helpers if one.party == "checker")
    city.work("T")
    assert named is not None and city["T"].person != named
    assert city.ask("check", "T", f"checker:{named}", passed=True) == "checker_handled_it"
    assert city.ask("reassign", "T", "chief:chief-1", target=named, reason="nearer") == "checker_handled_it"
    city.at("08:31")
    assert (city["T"].duty, city["T"].person) == ("supervisor", "supervisor-1")


@pytest.mark.meets("whistle", "check", law="6, 7")
def test_who_signed_in_for_a_department_checks_nothing_of_it() -> None:
    """Signed in, then released: it was at it. Somebody of two posts is no other hand."""
    bundle = meetings.bundle()
    both = [replace(one, role="checker", org=None) for one in bundle.roster if one.person == "urban-1"]
    city = town(roster=(*bundle.roster, *both))
    meetings.STATES["whistle"][1](city)
    assert city.ask("report_in", "T", "department:urban", child="urban/1") == DONE
    assert city.ask("release", "T", "street:north-street", child="urban/1", reason="out") == DONE
    assert city.ask("finish", "T", "street:north-street", text="done") == DONE
    assert city.ask("check", "T", "checker:urban-1", passed=True) == "checker_handled_it"


# -- merges and floods -------------------------------------------------------------------------------------------------


@pytest.mark.meets("supervision", "unmerge", law="5, 6")
@pytest.mark.parametrize("by_hand", [False, True])
def test_an_order_goes_with_the_limit_it_was_given_for(by_hand: bool) -> None:
    """A leak merged into bins broke its limit by half at 14:00: supervision. Taken out again, the bins are under no
    order, since theirs ends at 18:00; an order by hand stays until its issuer lifts it."""
    city = town()
    city.report("L", "leak")
    city.report("T", "bins")
    city.work("T", until="start")
    assert city.ask("duplicate_of", "L", "desk:desk-1", target=city["T"].id) == DONE
    if by_hand:
        assert city.ask("supervise", "T", "chief:chief-1", reason="look") == DONE
    city.at("15:00")
    assert city["T"].supervised_by == ("chief-1" if by_hand else "supervisor-1")
    assert city.ask("unmerge", "L", "desk:desk-1", reason="another") == DONE
    assert city["T"].supervised_by == ("chief-1" if by_hand else None)
    assert len(city.events("SupervisionLifted")) == (not by_hand)
    city.at("15:01")
    assert city["L"].supervised_by == "supervisor-1", "it was its own"


@pytest.mark.meets("flood", "the worked one recategorised", law="5")
@pytest.mark.parametrize("opened_anew", [False, True])
def test_the_worked_one_is_of_another_kind_and_the_others_stand_for_themselves(opened_anew: bool) -> None:
    """A of three leaks is full bins since 09:00: C stands alone from then on, is late by itself at 12:00, and nothing
    that ends A closes it; a worker that reads its state anew knows it, too."""
    city = town(storm=Storm(2, 60))
    for name in "ABC":
        city.report(name, "leak")
    assert city["C"].folded_into == city["A"].id
    assert city.at("09:00").ask("recategorise", "A", "chief:chief-1", category="bins", reason="so it is") == DONE
    if opened_anew:
        _open_anew(city)
    city.at("09:00")
    assert city["C"].folded_into is None and city.expect("TicketUnfolded").facts["out_of"] == city["A"].id
    assert city.ask("close_by_source", "A", "source:app", reason="closed") == DONE
    city.at("12:00")
    assert (city["C"].status, city["C"].is_overdue) == (Status.OFFERED, True)


def _open_anew(city: City) -> None:
    """Another worker takes the partition over."""
    records = list(city.book.records())
    city.book = type(city.book)(city.laws)
    for key, value in records:
        city.book.load(key, value)
    city.book.opened("toytown@1", city.now)


@pytest.mark.meets("flood", "the worked one recategorised", law="5")
def test_what_is_folded_later_stays_so_whatever_changes_on_the_worked_one() -> None:
    """An accept, a note, a finish of A tell the others nothing: only another kind, or an end, does."""
    city = town(storm=Storm(2, 60))
    for name in "ABC":
        city.report(name, "leak")
    city.work("A")
    city.at("08:10")
    assert city["C"].folded_into == city["A"].id and city.events("TicketUnfolded") == []


# -- parking, wishes, committees ------------------------------------------------------------------------------------


@pytest.mark.meets("park", "night", law="4, 5")
@pytest.mark.parametrize("category", ["leak", "bins"])
def test_of_a_parked_ticket_nobody_is_reminded_at_night(category: str) -> None:
    """Parked at 09:00 to a date 60 days and 18 hours ahead: thirty days before it is 03:00 of a Thursday, so the
    reminder comes at 08:00; the date itself waits for nobody."""
    day = [replace(one, on_duty="work") for one in meetings.bundle().roster]
    city = town(roster=tuple(day))
    city.report("T", category)
    city.work("T", until="start")
    city.at("09:00")
    assert meetings._granted(city, "park", until=at("03:00", 61)) == DONE
    assert city["T"].next_due_at == at("08:00", 31)
    city.at("08:00", 31)
    said = [event for event in city.events("ClockAtRisk") if event.facts["clock"] == "park"]
    assert [event.facts["due_at"] for event in said] == [at("08:00", 31)]
    city.at("03:00", 61)
    assert city["T"].status is Status.HANDLING


@pytest.mark.meets("wish", "whistle", law="4, 7")
def test_a_department_called_for_a_wish_ages_with_it() -> None:
    """A wish has no limit: its child has none, though signing in has; made a leak at 11:00 the child has the leak's
    remainder, due at 12:00; a wish again it has none."""
    city = town()
    city.report("T", "wish")
    city.work("T", until="start")
    assert city.ask("whistle", "T", "principal:north-principal", departments=("urban",), case="emergency") == DONE
    assert city["T"].children[0].deadline_at is None and not clocks(city, "T", ClockKind.CHILD)
    assert clocks(city, "T", ClockKind.REPORT_IN)
    assert city.at("11:00").ask("recategorise", "T", "chief:chief-1", category="leak", reason="drips") == DONE
    assert city["T"].children[0].deadline_at == at("12:00")
    city.ask("recategorise", "T", "chief:chief-1", category="wish", reason="no")
    assert city["T"].children[0].deadline_at is None and not clocks(city, "T", ClockKind.CHILD)
    city.at("08:00", 9)
    assert "child" not in {event.facts["clock"] for event in city.events("ClockBreached")}


@pytest.mark.meets("recategorise", "committee", law="6")
def test_made_something_that_needs_consent_inside_the_walls_the_committees_are_asked() -> None:
    """A leak of east2 is stairs: no start before three committees agree. Begun already, or moved up, nobody is asked;
    outside the walls neither."""
    for leaf, until, asked in (("east2", "accept", True), ("east2", "start", False), ("east1", "accept", False)):
        city = town()
        city.report("T", "leak", leaf=leaf)
        city.work("T", until=until)
        assert city.ask("recategorise", "T", "chief:chief-1", category="stairs", reason="so it is") == DONE
        assert (city["T"].consent == "sequential") is asked, (leaf, until)
        assert until == "start" or (city.ask("start", "T", city.holder("T")) == "consent_missing") is asked
    city = town()
    city.report("T", "leak", leaf="east2")
    assert city.ask("escalate", "T", "chief:chief-1", reason="now") == DONE
    city.ask("recategorise", "T", "chief:chief-1", category="stairs", reason="so it is")
    assert city["T"].consent is None


@pytest.mark.meets("place", "committee", law="6")
def test_placed_inside_the_walls_the_committees_are_asked_and_outside_not_any_more() -> None:
    """Stairs of east1 lie in east2: the committees are asked; back in east1 not; what one agreed to is void."""
    city = town()
    city.report("T", "stairs")
    city.work("T", until="accept")
    for grid, asked in (("east2", "sequential"), ("east1", None), ("east2", "sequential")):
        assert city.ask("place", "T", "chief:chief-1", grid=grid, reason="over there") == DONE
        assert (city["T"].consent, city["T"].consents) == (asked, ()), grid
        if asked:
            assert city.ask("consent", "T", "residents_committee:residents_committee-1", passed=True) == DONE
