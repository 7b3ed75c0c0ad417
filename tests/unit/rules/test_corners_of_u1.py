"""Corrected to life and property in odd moments: it is as if filed so then (LAW 5)."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support import meetings
from tests.support.city import MINUTE, City, at
from topics.vocabulary import ClockKind, Status

DONE = "done_as_asked"
BECAUSE: dict[str, Any] = {"reason": "so it is"}


def town(**changes: Any) -> City:
    """The town of the table of meetings."""
    return City(bundle=replace(meetings.bundle(), **changes))


def correct(city: City, code: str = "fire") -> None:
    """The chief says that it is something else."""
    assert city.ask("recategorise", "T", "chief:chief-1", category=code, **BECAUSE) == DONE


def fired(city: City, name: str, kind: str = "resolve") -> list[tuple[str, int, int]]:
    """Number, rung and minutes late of what fired."""
    return [
        (event.facts["number"], event.facts["rung"], event.facts["late_by_ms"] // MINUTE)
        for event in city.events("ClockAtRisk", "ClockBreached")
        if event.ticket == city[name].id and event.facts["clock"] == kind
    ]


def worked_off(city: City) -> None:
    """A leak, finished at 09:00 by a party of the grid, corrected to a fire at 09:10."""
    city.report("T", "leak")
    city.work("T", until="start")
    assert city.at("09:00").ask("finish", "T", city.holder("T"), text="done") == DONE
    correct(city.at("09:10"))


@pytest.mark.meets("check", "corrected to U1", law="5")
def test_corrected_while_it_is_checked_and_not_done_after_all_the_street_has_it() -> None:
    """Finished at 09:00, a fire since 09:10, the check fails at 09:20: the street has it, its departments are called
    and its two hours run from then; who had finished may finish again."""
    city = town()
    worked_off(city)
    did = city["T"].finished_by
    assert (city["T"].status, city["T"].tier, city["T"].is_overdue) == (Status.DONE, "street", False)
    assert city.events("WhistleRaised") == []
    assert city.at("09:20").ask("check", "T", "checker:checker-2", passed=False, reason="burns") == DONE
    ticket = city["T"]
    assert (ticket.status, ticket.tier, ticket.party) == (Status.WHISTLED, "street", "street")
    assert ticket.deadline_at == at("11:20")
    assert city.expect("WhistleRaised").facts["departments"] == ["fire", "water"]
    assert did is not None and [(one.tier, one.party) for one in ticket.helpers] == [("grid", did[1])]
    city.at("10:20")
    assert fired(city, "T") == [(f"U1@{4}", 50, 0)]


@pytest.mark.meets("check", "corrected to U1", law="5")
def test_corrected_while_it_is_checked_and_passed_nobody_is_called() -> None:
    """What was put right needs no departments."""
    city = town()
    worked_off(city)
    assert city.ask("check", "T", "checker:checker-2", passed=True) == DONE
    assert city["T"].status is Status.SURVEYED and city.events("WhistleRaised") == []


@pytest.mark.meets("survey", "corrected to U1", law="5")
def test_corrected_while_the_reporter_is_asked_and_reopened_the_street_has_it() -> None:
    """Half of a fire's two hours, the street, departments called; not the party of the grid that finished."""
    city = town()
    worked_off(city)
    assert city.ask("check", "T", "checker:checker-2", passed=True) == DONE
    assert city.ask("reopen", "T", "reporter:r", reason="burns") == DONE
    assert (city["T"].status, city["T"].tier, city["T"].deadline_at) == (Status.WHISTLED, "street", at("10:10"))


@pytest.mark.meets("check", "escalated down", law="5, 6")
def test_a_fire_that_the_chief_gave_to_the_grid_goes_back_to_the_grid() -> None:
    """It was no correction that brought it there: a check that fails gives it to who finished."""
    city = town()
    city.report("T", "fire")
    for code in ("fire/1", "water/1"):
        assert city.ask("release", "T", "street:north-street", child=code, reason="out") == DONE
    assert city.ask("escalate", "T", "chief:chief-1", target="grid", reason="a candle") == DONE
    city.work("T")
    assert city.ask("check", "T", "checker:checker-2", passed=False, reason="smells") == DONE
    assert (city["T"].status, city["T"].tier) == (Status.HANDLING, "grid")


@pytest.mark.meets("U1", "merged ledger", law="5, 6")
def test_corrected_with_something_merged_into_it_every_rung_is_told_anew() -> None:
    """A leak of 08:00, merged at 08:30; half of its limit was told at 10:00. A fire since 11:00: 50 % of the
    fire at 12:00 is told though 50 % had been told before; the merged limit of 12:00 still binds."""
    city = town()
    city.report("A", "leak")
    city.at("08:30").report("T", "leak")
    assert city.ask("duplicate_of", "A", "desk:desk-1", target=city["T"].id) == DONE
    city.work("T", until="start")
    city.at("10:10")
    assert [(rung, late) for _, rung, late in fired(city, "T")] == [(50, 0)]
    correct(city)
    city.at("11:10")
    told = fired(city, "T")[1:]
    assert [(rung, late) for _, rung, late in told] == [(50, 10)], "the earlier limit, to the street"
    city.at("12:00")
    assert [rung for _, rung, _ in fired(city, "T")] == [50, 50, 80, 100]
    keys = [decision.id for decision in city.decisions]
    assert len(keys) == len(set(keys))
    assert city.ask("unmerge", "A", "desk:desk-1", reason="another") == DONE
    own = next(clock for clock in city["T"].clocks if clock.kind == ClockKind.RESOLVE)
    assert own.number.startswith("U1@") and own.fired == () and own.rungs == (50, 80, 100, 150, 300)


@pytest.mark.meets("triage", "corrected to U1", law="4, 5")
def test_what_waits_at_the_desk_and_is_a_fire_has_five_minutes() -> None:
    """Of an unknown kind at 08:00, a fire since 08:02: due at 08:05; since 08:07: the chief hears of it at once,
    the centre at 08:10. Back to a leak it has its fifteen."""
    for clock, due in (("08:02", "08:05"), ("08:07", "08:07")):
        city = town()
        city.report("T", None)
        correct(city.at(clock))
        assert city["T"].deadline_at == at(due)
        city.at("08:09")
        assert [rung for _, rung, _ in fired(city, "T", "triage")] == [100]
        city.at("08:10")
        assert [(rung, late) for _, rung, late in fired(city, "T", "triage")] == [(100, 0), (200, 0)]
    city = town()
    city.report("T", None)
    correct(city)
    correct(city.at("08:04"), "leak")
    assert city["T"].deadline_at == at("08:15")


@pytest.mark.meets("reopening asked", "corrected to U1", law="4, 5")
def test_a_reopening_of_what_is_a_fire_is_decided_in_five_minutes() -> None:
    """Unhappy at 09:10, a fire since then."""
    city = town()
    worked_off(city)
    correct(city, "leak")
    assert city.ask("check", "T", "checker:checker-2", passed=True) == DONE
    assert city.ask("answer", "T", "reporter:r", satisfied=False, text="burns") == DONE
    correct(city)
    triage = next(clock for clock in city["T"].clocks if clock.kind == ClockKind.TRIAGE)
    assert (triage.limit_ms, triage.number) == (5 * MINUTE, "reopen") and city["T"].asked is not None
