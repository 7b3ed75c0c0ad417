"""The law to the letter: small conditions that no other story comes by, each with what must follow (LAW 2-7)."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support import meetings
from tests.support.city import HOUR, MINUTE, City, at
from topics.pack import Alike, Limit, Storm
from topics.vocabulary import ClockKind, Status

DONE = "done_as_asked"


def town(**changes: Any) -> City:
    """The town of the table of meetings."""
    return City(bundle=replace(meetings.bundle(), **changes))


def limited(code: str, **changes: Any) -> City:
    """The same with another category of this code."""
    bundle = meetings.bundle()
    return town(
        categories=tuple(replace(one, **changes) if one.code == code else one for one in bundle.categories),
        ladders={**bundle.ladders, "short": (bundle.ladders["default"][2], bundle.ladders["default"][4])},
    )


# -- who may -------------------------------------------------------------------------------------------------


def test_who_is_on_the_roster_in_one_role_is_nobody_in_another() -> None:
    """The desk's person says to be of a party."""
    city = town()
    city.report("T", "leak")
    assert city.ask("accept", "T", f"{city['T'].party}:desk-1") == "not_on_roster"


def test_of_what_the_centre_has_the_centre_alone_whistles() -> None:
    """Moved to the district by hand: a street's principal may not call departments for it, the centre may."""
    city = town()
    city.report("T", "bins")
    assert city.ask("escalate", "T", "chief:chief-1", target="district", reason="now") == DONE
    fields: dict[str, Any] = {"departments": ("urban",), "case": "emergency"}
    assert city.ask("whistle", "T", "principal:north-principal", **fields) == "not_your_ticket"
    assert city.ask("whistle", "T", "centre:centre-1", **fields) == DONE


def test_only_who_is_a_collector_is_sent_to_look() -> None:
    """Whatever the name sorts before or after; the last of them may be."""
    city = town()
    city.report("T", None)
    for stranger in ("aaa", "zzz"):
        assert city.ask("send_verify", "T", "desk:desk-1", target=stranger) == "person_unknown"
    assert city.ask("send_verify", "T", "desk:desk-1", target="checker-2") == DONE
    assert city["T"].person == "checker-2"


def test_only_a_source_tells_late_what_it_closed() -> None:
    """A source's closing may be history; a chief's cancelling, and a source's other commands, are believed a quarter of
    an hour."""
    for kind, who, fields, since in (
        ("cancel", "chief:chief-1", {"reason": "no"}, at("07:45")),
        ("attach", "source:app", {"proof": ("photo:a",)}, at("07:45")),
        ("close_by_source", "source:app", {"reason": "closed"}, at("05:00")),
    ):
        city = town()
        city.report("T", "leak")
        assert city.ask(kind, "T", who, accepted=at("05:00"), **fields) == DONE  # type: ignore[arg-type]
        assert city.decisions[-1].why.facts["effective_at"] == since, kind


# -- when ----------------------------------------------------------------------------------------------------


def test_finished_at_the_very_moment_is_in_time_and_after_the_last_rung_is_late() -> None:
    """Due at 12:00 and finished at 12:00: not overdue. At 20:00 every rung of four hours has fired: overdue all the
    same."""
    city = town()
    city.report("T", "leak")
    city.work("T", until="start")
    city.at("11:59").now = at("12:00")
    assert city.ask("finish", "T", city.holder("T"), text="done") == DONE
    assert city.expect("TicketFinished").facts["overdue"] is False
    city = town()
    city.report("T", "leak")
    city.work("T", until="start")
    grid = city.holder("T")
    city.at("20:30")
    assert city["T"].clocks[0].kind != ClockKind.RESOLVE or city["T"].clocks[0].rungs == ()
    for code in ("urban", "water"):
        city.ask("release", "T", "centre:centre-1", child=f"{code}/1", reason="out")
    assert city.ask("finish", "T", grid, text="done") == DONE
    assert city.expect("TicketFinished").facts["overdue"] is True


def test_a_patient_ticket_moves_at_night_when_its_limit_is_broken() -> None:
    """Nineteen hours from 08:00 end at 03:00: moved then, though whoever has it sleeps."""
    city = limited("bins", limit=Limit(19, "urgent_hour"))
    city.report("T", "bins")
    city.work("T", until="start")
    city.at("02:59", 1)
    assert city["T"].tier == "grid"
    city.at("03:00", 1)
    assert city["T"].tier == "community"


def test_a_department_that_signs_in_in_time_is_not_late_by_anything() -> None:
    """Called at 08:00, there at 08:10 of half an hour; and at 08:40 ten minutes late."""
    for clock, late in (("08:10", 0), ("08:40", 10 * MINUTE)):
        city = town()
        city.report("T", "fire")
        assert city.at(clock).ask("report_in", "T", "department:fire", child="fire/1") == DONE
        assert city.expect("DepartmentReportedIn").facts["late_by_ms"] == late


def test_an_appeal_has_the_desks_time_of_its_urgency() -> None:
    """A fire, dismissed before it was filed: five minutes."""
    city = town()
    city.report("T", None)
    assert city.ask("recategorise", "T", "chief:chief-1", category="fire", reason="smoke") == DONE
    assert city.ask("dismiss", "T", "desk:desk-1", reason="not_ours", text="no") == DONE
    assert city.at("08:30").ask("appeal", "T", "reporter:r", reason="it is") == DONE
    assert city["T"].deadline_at == at("08:35")


# -- where to ------------------------------------------------------------------------------------------------


def test_into_a_ladder_without_its_tier_the_street_is_not_below_the_community() -> None:
    """A leak at the community becomes something whose ladder is street and district: the street has it, not the
    district; one at the street whose ladder begins with neighbours goes on at the departments."""
    city = limited("bins", ladder="short", starts_at="street")
    city.report("T", "leak")
    assert city.ask("escalate", "T", "chief:chief-1", reason="now") == DONE
    assert city["T"].tier == "community"
    assert city.ask("recategorise", "T", "chief:chief-1", category="bins", reason="so it is") == DONE
    assert city["T"].tier == "street"


def test_corrected_to_u1_at_the_top_it_has_not_moved() -> None:
    """Offered at the district: it stays there and nobody is told of a move; no former holder helps."""
    city = town()
    city.report("T", "bins")
    assert city.ask("escalate", "T", "chief:chief-1", target="district", reason="now") == DONE
    moves, helpers = len(city.events("TicketMoved")), city["T"].helpers
    assert city.ask("recategorise", "T", "chief:chief-1", category="fire", reason="smoke") == DONE
    assert (city["T"].tier, len(city.events("TicketMoved")), city["T"].helpers) == ("district", moves, helpers)


def test_corrected_to_u1_the_street_that_has_it_is_not_asked_anew() -> None:
    """Accepted by the street at 08:00: it has one offer, and its time to speak to the reporter runs on."""
    city = town()
    city.report("T", "road", can_reach_reporter=True)
    city.work("T", until="accept")
    assert city.at("08:10").ask("recategorise", "T", "chief:chief-1", category="fire", reason="smoke") == DONE
    assert len(city["T"].offers) == 1 and any(one.kind == ClockKind.CONTACT for one in city["T"].clocks)


def test_referred_as_something_else_it_carries_no_limit_and_no_unit() -> None:
    """What the other home gets is that category's; of the same category both go along."""
    for code, limit, unit in (("bins", None, None), (None, 4 * HOUR, "urgent_hour")):
        city = town()
        city.report("T", "leak")
        assert city.ask("refer", "T", "chief:chief-1", home="west", reason="theirs", category=code) == DONE
        carried = city.referrals[-1][1].carried  # type: ignore[union-attr]
        assert carried is not None and (carried.limit_ms, carried.unit) == (limit, unit)


# -- who is told ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cancel", "close_by_source"])
def test_a_department_that_was_called_hears_that_it_is_over(kind: str) -> None:
    """Both of a fire's departments; one that had been released before is told nothing more."""
    city = town()
    city.report("T", "fire")
    assert city.ask("release", "T", "street:north-street", child="water/1", reason="out") == DONE
    who = "chief:chief-1" if kind == "cancel" else "source:app"
    city.new()
    assert city.ask(kind, "T", who, reason="no fire") == DONE
    told = [(event.facts["department"], event.facts["child"]) for event in city.new("TaskDispatched")]
    assert told == [("fire", city["T"].id + "/fire/1")]


def test_who_follows_hears_when_a_rule_merges_another_report_into_it() -> None:
    """The pack's rule merges a like report at its filing."""
    rule = Alike("same", 60, 100, 0, ("leak",), merges=True)
    city = town(alike=(rule,))
    city.report("A", "leak", text="water")
    assert city.ask("follow", "A", "chief:chief-1") == DONE
    city.new()
    city.report("B", "leak", text="water")
    assert city["B"].status is Status.MERGED
    assert [event.facts["told"] for event in city.new("FollowersTold")] == [["chief-1"]]


def test_one_of_a_flood_of_which_all_has_been_told_moves_when_the_worked_one_ends() -> None:
    """Every rung of C has informed A by the next evening, so nothing of C is due any more; A is cancelled: C stands for
    itself at once."""
    city = town(storm=Storm(2, 60))
    for name in "ABC":
        city.report(name, "leak")
    city.at("20:00", 3)
    assert city["C"].folded_into is not None and city["C"].next_due_at is None
    assert city.ask("cancel", "A", "chief:chief-1", reason="no flood") == DONE
    city.at("20:01", 3)
    assert city["C"].folded_into is None and city["C"].is_overdue
