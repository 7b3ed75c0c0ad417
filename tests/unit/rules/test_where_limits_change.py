"""Where a limit or an urgency changes, or a person ends something, while others are at it (LAW 4-7)."""

from collections import Counter

import pytest

from tests.support import meetings
from tests.support.city import City, at
from topics.ticket import Clock, Ticket
from topics.vocabulary import ClockKind, Status

DONE = "done_as_asked"


def town() -> City:
    """The town of the table of meetings."""
    return City(bundle=meetings.bundle())


def whistled(category: str = "road", department: str = "urban") -> City:
    """At 08:00 the street, or its principal, calls one department, which has not signed in yet."""
    city = town()
    city.report("T", category)
    city.work("T", until="start")
    assert city.ask("whistle", "T", "principal:north-principal", departments=(department,), case="emergency") == DONE
    return city


def recategorised(city: City, code: str) -> Ticket:
    """Another category by the chief."""
    assert city.ask("recategorise", "T", "chief:chief-1", category=code, reason="so it is") == DONE
    return city["T"]


def clock(ticket: Ticket, kind: ClockKind, number: str | None = None) -> Clock:
    """The one clock of a kind."""
    return next(one for one in ticket.clocks if one.kind == kind and number in (None, one.number))


# -- departments that are at it ------------------------------------------------------------------------------------


@pytest.mark.meets("whistle", "recategorise", law="4, 7")
def test_a_department_has_what_its_parent_has_left_when_that_gets_another_limit() -> None:
    """Called at 08:00 for a road of two days; at 09:00 it is a leak of four hours, due at 12:00: so is the department,
    and it hears of it. A fire it is due with the others it is called beside."""
    city = whistled()
    assert city["T"].children[0].deadline_at == at("18:00", 1)
    ticket = recategorised(city.at("09:00"), "leak")
    assert (ticket.deadline_at, ticket.children[0].deadline_at) == (at("12:00"), at("12:00"))
    told = city.expect("TaskDispatched", event="updated", reason="limit_changed")
    assert told.facts["deadline"] == "2026-03-02T04:00:00.000Z"
    city.at("12:00")
    assert city.expect("ClockBreached", clock="child", rung=100).facts["due_at"] == at("12:00")
    city = whistled()
    ticket = recategorised(city.at("09:00"), "fire")
    assert {child.deadline_at for child in ticket.children} == {at("11:00")} and len(ticket.children) == 3


@pytest.mark.meets("whistle", "extend", law="4, 6, 7")
def test_more_time_for_the_street_is_more_time_for_its_department() -> None:
    """Two days, and two more: until Thursday 18:00. Twice that for the 200 %."""
    city = whistled()
    city.at("09:00").ask("extend", "T", "street:north-street", reason="rain")
    assert city.ask("approve", "T", "chief:chief-1") == DONE
    ticket = city["T"]
    assert (ticket.deadline_at, ticket.children[0].deadline_at) == (at("18:00", 3), at("18:00", 3))
    assert clock(ticket, ClockKind.CHILD).limit_ms == clock(ticket, ClockKind.RESOLVE).limit_ms


@pytest.mark.meets("whistle", "rebase", law="4, 7")
def test_under_the_new_pack_a_department_has_what_its_parent_has() -> None:
    """A leak of four hours has three by the next pack: 11:00 for both."""
    city = whistled("leak", "water")
    city.adopt(meetings.AGAIN, meetings.bundle(3))
    assert city.at("09:00").ask("rebase", "T", "chief:chief-1", reason="new law") == DONE
    assert (clock(city["T"], ClockKind.CHILD).limit_ms, city["T"].children[0].deadline_at) == (
        3 * 3_600_000,
        at("11:00"),
    )


@pytest.mark.meets("whistle", "recategorise", law="4, 7")
def test_a_department_that_is_late_stays_late() -> None:
    """Late with the leak at 12:00, it is no less so when that is bins at 12:30: 200 % is at 16:00, and 100 % not told
    again."""
    city = whistled("leak", "water")
    recategorised(city.at("12:30"), "bins")
    city.at("20:00", 1)
    late = [
        (one.facts["rung"], one.facts["due_at"])
        for one in city.events("ClockBreached")
        if one.facts["number"] == "water/1" and one.facts["clock"] == "child"
    ]
    assert late == [(100, at("12:00")), (200, at("16:00"))]


@pytest.mark.meets("wish", "whistle", law="4, 7")
def test_what_a_department_was_told_before_it_was_a_wish_is_not_told_again() -> None:
    """Late with a leak, then with nothing, then with a leak again: each key fires once; from 13:00 on it has an hour,
    and at 200 % of that the centre hears of it."""
    city = whistled("leak", "water")
    city.at("12:30")
    assert recategorised(city, "wish").children[0].deadline_at is None
    assert recategorised(city.at("13:00"), "leak").children[0].deadline_at == at("14:00")
    city.at("12:00", 3)
    ids = Counter(decision.id for decision in city.decisions)
    assert max(ids.values()) == 1
    late = [
        (one.facts["rung"], one.facts["due_at"])
        for one in city.events("ClockBreached")
        if (one.facts["clock"], one.facts["number"]) == ("child", "water/1")
    ]
    assert late == [(100, at("12:00")), (200, at("15:00"))]


@pytest.mark.meets("park", "whistle", law="4")
def test_laid_aside_and_made_something_else_nothing_of_it_runs() -> None:
    """Parked at 08:00 with a department at it, made a leak at 09:00: both stand, and at 08:00 on the ninth day both
    have four hours."""
    city = whistled()
    assert meetings._granted(city, "park", until=at("08:00", 9)) == DONE
    ticket = recategorised(city.at("09:00"), "leak")
    assert all(one.running_since is None for one in ticket.clocks if one.kind != ClockKind.PARK)
    city.at("08:00", 9)
    assert (city["T"].deadline_at, city["T"].children[0].deadline_at) == (at("12:00", 9), at("12:00", 9))


@pytest.mark.meets("wish", "wait", law="4")
def test_a_wish_that_waits_and_becomes_something_else_has_a_leg_that_stands() -> None:
    """Moved up by hand and waiting for its reporter since 09:00, it is a leak at 10:00: limit and leg stand, and run on
    together at 11:00, the leg with its whole hour."""
    city = town()
    city.report("T", "wish")
    assert city.ask("escalate", "T", "chief:chief-1", reason="now") == DONE
    city.work("T", until="accept")
    assert city.at("09:00").ask("wait_reporter", "T", "desk:desk-1", reason="which door?") == DONE
    ticket = recategorised(city.at("10:00"), "leak")
    assert [clock(ticket, kind).running_since for kind in (ClockKind.RESOLVE, ClockKind.LEG)] == [None, None]
    assert city.at("11:00").ask("resume", "T", "desk:desk-1") == DONE
    assert city.at("11:59")["T"].tier == "community"
    assert city.at("12:00")["T"].tier == "street"


# -- whoever is asked ------------------------------------------------------------------------------------------------


@pytest.mark.meets("offer", "recategorise", law="4")
def test_of_another_urgency_whoever_is_asked_has_another_time() -> None:
    """Bins of 08:00 are a leak at 08:10: fifteen minutes to accept, of which ten are used; at 08:15 the next party has
    it. A leak made bins: two working hours."""
    city = town()
    city.report("T", "bins")
    first = city["T"].party
    recategorised(city.at("08:10"), "leak")
    city.at("08:14")
    assert city["T"].party == first
    city.at("08:15")
    assert city["T"].party != first and city["T"].tier == "grid"
    city = town()
    city.report("T", "leak")
    assert city.at("08:10")["T"].next_due_at == at("08:15")
    recategorised(city, "bins")
    assert city["T"].next_due_at == at("10:00")


@pytest.mark.meets("contact", "recategorise", law="4")
def test_of_another_urgency_the_reporter_hears_sooner() -> None:
    """Bins accepted at 08:00 leave a work day to call; a leak since 09:00 two hours, one of which is gone."""
    city = town()
    city.report("T", "bins", can_reach_reporter=True)
    city.work("T", until="accept")
    recategorised(city.at("09:00"), "leak")
    city.at("10:00")
    assert city.expect("ClockBreached", clock="contact").facts["due_at"] == at("10:00")


@pytest.mark.meets("whistle", "recategorise", law="4, 7")
def test_of_another_urgency_a_department_signs_in_sooner() -> None:
    """Called for a road it has two working hours; a leak since 08:30 one hour, until 09:00. Who is late stays so."""
    city = whistled()
    recategorised(city.at("08:30"), "leak")
    city.at("09:00")
    assert city.expect("ClockBreached", clock="report_in").facts["due_at"] == at("09:00")
    recategorised(city, "bins")
    city.at("10:00")
    assert [one.facts["rung"] for one in city.events("ClockBreached") if one.facts["clock"] == "report_in"] == [
        100,
        200,
    ]


# -- what goes along, and what is left behind --------------------------------------------------------------------------


@pytest.mark.meets("referral", "supervision", law="5, 6")
def test_an_order_and_whoever_follows_go_along_to_the_other_home() -> None:
    """The chief's order is lifted by nobody but the chief, the reporter's follower still hears; an order that a clock
    gave comes again by the limit."""
    city = town()
    city.report("T", "leak")
    city.work("T", until="accept")
    assert city.ask("supervise", "T", "chief:chief-1", reason="look") == DONE
    assert city.ask("follow", "T", "desk:desk-2") == DONE
    assert city.ask("refer", "T", "desk:desk-1", home="hill", reason="theirs") == DONE
    ticket = city.refer_in("T")
    assert (ticket.supervised_by, ticket.followers) == ("chief-1", ("desk:desk-2",))
    assert city.ask("lift", "T", "chief:chief-2") == "not_its_issuer"
    assert city.ask("lift", "T", "chief:chief-1") == DONE
    city = town()
    city.report("T", "leak")
    city.at("14:00")
    assert city["T"].supervised_by is not None
    city.ask("refer", "T", "desk:desk-1", home="hill", reason="theirs")
    assert city.refer_in("T").supervised_by is None
    assert city.at("14:01")["T"].supervised_by is not None


@pytest.mark.meets("merge", "cancel", law="6")
@pytest.mark.parametrize(("who", "stands"), [("reporter:r", True), ("chief:chief-1", False)])
def test_a_reporter_takes_back_no_more_than_their_own_report(who: str, stands: bool) -> None:
    """What others said of it stands for itself again, with its own clocks; a chief ends the whole matter."""
    city = town()
    city.report("X", "bins")
    city.report("A", "leak")
    city.report("B", "leak")
    for name, into in (("B", "A"), ("A", "X")):
        assert city.ask("duplicate_of", name, "desk:desk-1", target=city[into].id) == DONE
    assert city.ask("cancel", "X", who, reason="never mind") == DONE
    assert city["X"].status is Status.CANCELLED and city["B"].status is Status.MERGED
    assert city["A"].status is (Status.OFFERED if stands else Status.MERGED)
    if stands:
        assert (city["A"].deadline_at, city["A"].merged_here) == (at("12:00"), (city["B"].id,))
        city.at("12:00")
        assert city["A"].is_overdue
        assert city.ask("unmerge", "B", "desk:desk-1", reason="another") == DONE


@pytest.mark.meets("merge", "dismiss", law="6")
@pytest.mark.parametrize("says", ["appeal", "reopen"])
def test_whose_report_was_merged_into_what_is_dismissed_may_appeal(says: str) -> None:
    """Both reporters stay: either is heard, once."""
    city = town()
    city.report("X", "leak")
    city.report("A", "leak")
    city.ask("duplicate_of", "A", "desk:desk-1", target=city["X"].id)
    assert city.ask("dismiss", "X", "desk:desk-1", reason="not_ours", text="no") == DONE
    assert city.ask(says, "A", "reporter:q", reason="it is") == DONE
    assert city["X"].status is Status.RECEIVED
    city.ask("dismiss", "X", "desk:desk-1", reason="not_ours", text="no")
    assert city.ask("appeal", "X", "reporter:r", reason="it is") == "appealed_before"


# -- teams, committees -------------------------------------------------------------------------------------------------
