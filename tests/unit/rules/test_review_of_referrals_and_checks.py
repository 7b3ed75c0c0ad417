"""What a stranger found who read the law against the code: referrals, generations, checks, and nobody anywhere."""

from typing import Any

import pytest
from msgspec.structs import replace

from rules.history.chronic_points import case_plans
from tests.support import meetings
from tests.support.city import City, at
from tests.unit.rules.test_review_of_the_law import DONE, clock, surveyed, town
from topics.pack import Chronic, Limit, RosterEntry
from topics.vocabulary import ClockKind

# -- referral, generations, wishes ---------------------------------------------------------------------------------


@pytest.mark.meets("refer, place", "unplaced", law="2")
@pytest.mark.parametrize(("kind", "to"), [("refer", {"home": "unplaced"}), ("place", {"grid": "unplaced"})])
def test_nothing_that_has_a_home_is_sent_to_the_unplaced(kind: str, to: dict[str, Any]) -> None:
    """Filed from there it would have a fresh limit; it stays where it is, with the one it has."""
    city = town()
    city.report("T", "leak")
    city.work("T", until="accept")
    assert city.at("11:00").ask(kind, "T", "chief:chief-1", reason="whose?", **to) == "home_unknown"
    assert (city["T"].status, city["T"].deadline_at, city.referrals) == ("accepted", at("12:00"), [])


@pytest.mark.meets("whistle", "reopen", law="7")
def test_a_reply_to_a_call_of_the_generation_before_is_no_reply_to_this_one() -> None:
    """The department's late word to ``urban/1`` does not end the call of today, which has a number of its own."""
    city = town()
    city.report("T", "road")
    for n in (1, 101):
        city.work("T", until="start")
        assert city.ask("whistle", "T", "principal:north-principal", departments=("urban",), case="emergency") == DONE
        assert [(child.code, child.n) for child in city["T"].children] == [("urban", n)]
        if n == 1:
            assert city.ask("release", "T", "street:north-street", child="urban/1", reason="no need") == DONE
            assert city.ask("finish", "T", "street:north-street", text="done") == DONE
            assert (
                city.ask("check", "T", "checker:checker-1", passed=True)
                == city.ask("reopen", "T", "reporter:r", reason="again")
                == DONE
            )
    assert city.ask("finish", "T", "department:urban", child="urban/1", text="late") == "no_such_child"
    assert city["T"].status == "whistled" and city["T"].children[0].status == "called"


@pytest.mark.meets("wish", "late", law="4")
def test_a_wish_is_never_late() -> None:
    """Days after its far end it may be extended and parked, and is finished in time."""
    city = town()
    city.report("T", "wish")
    city.work("T", until="accept")
    city.at("09:00", 4)
    assert city.ask("extend", "T", city.holder("T"), reason="so") == DONE
    assert city.ask("finish", "T", city.holder("T"), text="done") == DONE
    city.expect("TicketFinished", overdue=False)


@pytest.mark.meets("unhappy", "handler", law="6")
def test_a_reopening_is_refused_by_those_who_may_and_did_not_handle_it() -> None:
    """Neither by the street that did it, nor by a supervisor; the desk may."""
    city = town()
    city.report("T", "road")
    surveyed(city)
    assert city.ask("answer", "T", "reporter:r", satisfied=False, text="bad") == DONE
    assert city.ask("deny", "T", "street:north-street", reason="it is fine") == "role_not_allowed"
    assert city.ask("deny", "T", "supervisor:supervisor-1", reason="it is fine") == "role_not_allowed"
    assert city["T"].status == "surveyed" and city["T"].asked is not None
    assert city.ask("deny", "T", "desk:desk-1", reason="it is fine") == DONE
    assert (city["T"].status, city["T"].close_reason) == ("closed", "unhappy")


@pytest.mark.meets("rebase", "reopen", law="6")
def test_put_under_a_new_pack_a_reopened_ticket_has_its_part_still() -> None:
    """One hour, half of it at least an hour; four hours by the new pack: two of them."""
    bundle = meetings.bundle()

    def leak(hours: int) -> Any:
        return replace(
            bundle,
            categories=tuple(
                replace(one, limit=Limit(hours, "urgent_hour")) if one.code == "leak" else one
                for one in bundle.categories
            ),
        )

    city = City(bundle=leak(1))
    city.report("T", "leak")
    surveyed(city)
    assert city.ask("reopen", "T", "reporter:r", reason="wet") == DONE
    assert city["T"].deadline_at == at("09:00")
    city.adopt("toytown@2", leak(4))
    assert city.ask("rebase", "T", "chief:chief-1", reason="new law") == DONE
    assert city["T"].deadline_at == at("10:00")


# -- spot fix, check, case plans -----------------------------------------------------------------------------------


@pytest.mark.meets("spot fix", "reopen", law="6")
def test_put_right_on_the_spot_and_reopened_it_goes_to_who_did_it() -> None:
    """Offered to one party, put right by residents: residents are asked again."""
    city = town()
    city.report("T", "leak")
    assert city["T"].party != "residents"
    assert city.ask("spot_fix", "T", "residents:residents-1", proof=("a", "b")) == DONE
    assert city["T"].status == "closed"
    assert city.ask("reopen", "T", "reporter:r", reason="wet") == DONE
    assert (city["T"].tier, city["T"].party) == ("grid", "residents")


@pytest.mark.meets("check", "next checker", law="4")
def test_the_check_goes_round_all_checkers() -> None:
    """The third is on duty and has it first, then the first and the second, each half an hour, at last the
    supervisor."""
    bundle = meetings.bundle()
    others = tuple(one for one in bundle.roster if one.role != "checker")
    three = tuple(RosterEntry(f"k{n}", f"k{n}", "checker", on_duty="always" if n == 3 else "never") for n in (1, 2, 3))
    city = town(roster=(*others, *three))
    city.report("T", "leak")
    city.work("T")
    had = [city["T"].person]
    for clock_ in ("08:30", "09:00", "09:30"):
        city.at(clock_)
        had.append(city["T"].person)
    assert had == ["k3", "k1", "k2", "supervisor-1"]


@pytest.mark.meets("exercise", "case plan", law="3")
def test_exercises_make_no_case_plan() -> None:
    """Three real leaks at a place are a chronic point; three played ones are none."""
    plans = []
    for exercise in (False, True):
        city = town()
        for n in range(3):
            city.report(f"T{n}", "leak", exercise=exercise)
        plans.append(len(case_plans([city[f"T{n}"] for n in range(3)], Chronic(3, 90, 50, 30), city.now)))
    assert plans == [1, 0]


@pytest.mark.meets("team", "finish", law="6")
def test_of_a_team_the_person_named_may_finish_and_no_other_of_that_role() -> None:
    """A roof names a specialist; another specialist, of a party that does not hold it, may not."""
    city = town()
    city.report("T", "roof")
    assert city["T"].party != "specialist"
    city.work("T", until="start")
    named = next(one.person for one in city["T"].helpers if one.party == "specialist")
    other = next(person for person in ("specialist-1", "specialist-2") if person != named)
    assert city.ask("finish", "T", f"specialist:{other}", text="done") == "not_your_ticket"
    assert city.ask("finish", "T", f"specialist:{named}", text="done") == DONE


# -- nobody anywhere -----------------------------------------------------------------------------------------------


def nobody_at_night(*roles: str) -> City:
    """Tiers of what departments own are skipped where nobody is on duty, and these roles work by day."""
    bundle = meetings.bundle()
    tiers = tuple(replace(tier, nobody_on_duty="skip") for tier in bundle.ladders["owned"])
    roster = tuple(replace(entry, on_duty="work") if entry.role in roles else entry for entry in bundle.roster)
    return town(roster=roster, ladders={**bundle.ladders, "owned": tiers})


@pytest.mark.meets("reopen", "nobody on duty", law="2")
def test_reopened_at_night_with_nobody_anywhere_the_supervisor_has_it() -> None:
    """It is offered, its limit runs, a leg reminds of it at 23:00, and the centre may accept it in the morning."""
    city = nobody_at_night("centre", "department")
    city.report("T", "pipe")
    surveyed(city)
    assert city.at("20:00").ask("reopen", "T", "reporter:r", reason="wet") == DONE
    assert (city["T"].status, city["T"].tier, city["T"].duty, city["T"].person) == (
        "offered",
        "district",
        "supervisor",
        "supervisor-1",
    )
    resolve = clock(city, "T", ClockKind.RESOLVE)
    assert resolve is not None and resolve.running_since == at("20:00") and city["T"].deadline_at == at("23:00")
    assert city.at("08:00", 1).ask("accept", "T", "centre:centre-1") == DONE


@pytest.mark.meets("park", "nobody on duty", law="2")
def test_parked_and_escalated_at_night_with_nobody_above_the_supervisor_has_it() -> None:
    """Who had laid it aside has it no more; its clocks run on."""
    city = nobody_at_night("centre")
    city.report("T", "pipe")
    city.work("T", until="accept")
    assert city.ask("park", "T", city.holder("T"), reason="frost", until=at("08:00", 9)) == DONE
    assert city.ask("approve", "T", "chief:chief-1") == city.ask("approve", "T", "supervisor:supervisor-1") == DONE
    assert city.at("20:00").ask("escalate", "T", "chief:chief-1", reason="now") == DONE
    assert (city["T"].status, city["T"].duty, city["T"].person) == ("offered", "supervisor", "supervisor-1")
    assert all(one.running_since == at("20:00") for one in city["T"].clocks) and city["T"].deadline_at == at("02:00", 1)


@pytest.mark.meets("send back", "nobody on duty", law="6")
def test_sent_back_at_night_with_nobody_above_it_is_not_again_with_who_bounced_it() -> None:
    """The department gave it back, two hands agreed, the centre sleeps: its supervisor has it."""
    city = nobody_at_night("centre")
    city.report("T", "pipe")
    city.work("T", until="accept")
    assert city.at("20:00").ask("send_back", "T", city.holder("T"), reason="not ours") == DONE
    assert city.ask("approve", "T", "chief:chief-1") == DONE
    assert (city["T"].status, city["T"].party, city["T"].person) == ("offered", "centre", "supervisor-1")
