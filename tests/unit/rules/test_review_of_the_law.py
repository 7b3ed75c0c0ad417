"""What a stranger found who read the law against the engine: each told as a story with the moment, tier or refusal that
the law asks for."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support import meetings
from tests.support.city import HOUR, PARTIES, City, at
from topics.pack import Alike, PartyShare, Storm
from topics.ticket import Clock
from topics.vocabulary import ClockKind

DONE = "done_as_asked"


def town(**changes: Any) -> City:
    """The town of the table of meetings."""
    return City(bundle=replace(meetings.bundle(), **changes))


def clock(city: City, name: str, kind: ClockKind) -> Clock | None:
    """The ticket's clock of a kind, if it has one."""
    return next((one for one in city[name].clocks if one.kind == kind), None)


def appealed(city: City) -> None:
    """A leak, dismissed; its reporter does not put up with it."""
    city.report("T", "leak")
    assert city.ask("dismiss", "T", "desk:desk-1", reason="not_ours", text="no") == DONE
    assert city.ask("appeal", "T", "reporter:r", reason="it is") == DONE


def surveyed(city: City, name: str = "T") -> None:
    """Worked off and checked."""
    city.work(name)
    assert city.ask("check", name, "checker:checker-1", passed=True) == DONE


# -- appeal --------------------------------------------------------------------------------------------------------


@pytest.mark.meets("appeal", "recategorise", law="2")
@pytest.mark.parametrize("code", ["fire", "pipe"])
def test_appealed_and_made_another_category_it_waits_for_the_desk(code: str) -> None:
    """It was filed once and is not now: the desk has it under the triage clock, and files it."""
    city = town()
    appealed(city)
    assert city.ask("recategorise", "T", "chief:chief-1", category=code, reason="so it is") == DONE
    assert (city["T"].status, city["T"].duty, city["T"].category, city["T"].deadline_at) == (
        "received",
        "desk",
        code,
        at({"fire": "08:05", "pipe": "08:15"}[code]),
    )
    assert city.ask("file", "T", "desk:desk-1", category=code) == DONE
    assert city["T"].deadline_at == {"fire": at("10:00"), "pipe": at("08:00", 1)}[code]


@pytest.mark.meets("appeal", "spot fix", law="6")
def test_appealed_and_put_right_on_the_spot_not_well_the_desk_has_it_again() -> None:
    """No limit is running that a failed check could let run on."""
    city = town(spot_check_percent=100)
    appealed(city)
    assert city.ask("spot_fix", "T", "residents:residents-1", proof=("a", "b")) == DONE
    assert city.ask("check", "T", "checker:checker-1", passed=False, reason="wet") == DONE
    assert (city["T"].status, city["T"].duty, city["T"].deadline_at) == ("received", "desk", at("08:15"))


@pytest.mark.meets("appeal", "reopen", law="6")
def test_an_appeal_is_no_reopening() -> None:
    """The first reopening goes to the party that finished, the second one tier above, whether it was appealed or
    not."""
    city = town()
    appealed(city)
    assert city.ask("file", "T", "desk:desk-1", category="leak") == DONE
    surveyed(city)
    former = city["T"].party
    assert city.ask("reopen", "T", "reporter:r", reason="wet") == DONE
    assert (city["T"].tier, city["T"].party) == ("grid", former)
    surveyed(city)
    assert city.ask("reopen", "T", "reporter:r", reason="wet") == DONE
    assert city["T"].tier == "community"


# -- corrected, reassigned, given on -------------------------------------------------------------------------------


@pytest.mark.meets("recategorise", "wait", law="5")
def test_corrected_to_u1_it_waits_for_nobody() -> None:
    """The street that has it keeps it: the wait for the reporter ends all the same, and its hour is counted."""
    city = town()
    city.report("T", "road", can_reach_reporter=True)
    city.work("T", until="start")
    assert city.ask("wait_reporter", "T", "desk:desk-1", reason="which door?") == DONE
    assert city.at("09:00").ask("recategorise", "T", "chief:chief-1", category="fire", reason="smoke") == DONE
    assert (city["T"].tier, city["T"].waited_ms, city["T"].deadline_at) == ("street", HOUR, at("11:00"))
    assert clock(city, "T", ClockKind.PARK) is None and all(one.running_since is not None for one in city["T"].clocks)


@pytest.mark.meets("recategorise", "park", law="5")
def test_corrected_to_u1_nothing_stays_asked() -> None:
    """A month's parking that one level had granted is off."""
    city = town()
    city.report("T", "road")
    city.work("T", until="start")
    assert city.ask("park", "T", "street:north-street", reason="frost", until=at("08:00", 30)) == DONE
    assert city.ask("approve", "T", "chief:chief-1") == DONE
    assert city.ask("recategorise", "T", "chief:chief-1", category="fire", reason="smoke") == DONE
    assert city.ask("approve", "T", "supervisor:supervisor-1") == "nothing_asked"
    assert city["T"].status == "whistled"


@pytest.mark.meets("committee", "recategorise", law="6")
def test_a_category_that_needs_no_consent_ends_it() -> None:
    """Stairs asked the committees; a leak asks nobody."""
    city = town()
    city.report("T", "stairs", leaf="east2")
    city.work("T", until="accept")
    assert city["T"].consent is not None
    assert city.ask("recategorise", "T", "chief:chief-1", category="leak", reason="it drips") == DONE
    assert city["T"].consent is None and not city["T"].consents
    assert city.ask("start", "T", city.holder("T")) == DONE


@pytest.mark.meets("reassign", "contact", law="4")
def test_given_to_another_party_nobody_is_late_with_a_contact_of_the_former_one() -> None:
    """Accepted at 08:00, given on at 08:30, accepted at 08:40: contact by 10:40, and nothing at 10:00."""
    city = town()
    city.report("T", "leak", can_reach_reporter=True)
    city.work("T", until="accept")
    other = "residents" if city["T"].party != "residents" else "specialist"
    assert (
        city.at("08:30").ask("reassign", "T", "chief:chief-1", target=f"{other}-1", party=other, reason="nearer")
        == DONE
    )
    assert clock(city, "T", ClockKind.CONTACT) is None
    assert city.at("08:40").ask("accept", "T", f"{other}:{other}-1") == DONE
    city.at("10:39")
    assert city.events("ClockBreached") == []
    city.at("10:40")
    city.expect("ClockBreached", clock="contact", number="2")


@pytest.mark.meets("reassign", "shares", law="3")
def test_a_ticket_of_an_older_pack_given_on_counts_in_the_window_that_is_open() -> None:
    """New shares opened the second window; an old ticket given to another party by hand opens no third, and the next
    report no fourth."""
    city = town()
    city.report("T", "leak")
    city.adopt(
        "toytown@9", replace(meetings.bundle(), shares=tuple(PartyShare(party, 25, party, party) for party in PARTIES))
    )
    city.report("N", "leak")
    before = city.book.quotas["east"]
    other = "residents" if city["T"].party != "residents" else "specialist"
    assert city.ask("reassign", "T", "chief:chief-1", target=f"{other}-1", party=other, reason="nearer") == DONE
    assert city.book.quotas["east"] == replace(before, manual=1)
    city.report("M", "leak")
    assert (city.book.quotas["east"].window, city.book.quotas["east"].split) == ("2026-03/25-25-25-25#2", 2)


# -- floods and merges ---------------------------------------------------------------------------------------------


@pytest.mark.meets("flood", "survey", law="5")
def test_a_flood_takes_nothing_along_with_what_is_worked_off() -> None:
    """The first leak is surveyed and would end as if its window's end had been the work: the third is folded into the
    second, which is worked."""
    city = town(storm=Storm(2, 60))
    city.report("A", "leak")
    city.report("B", "leak")
    surveyed(city, "A")
    city.report("T", "leak")
    assert city["T"].folded_into == city["B"].id
    surveyed(city, "B")
    city.report("U", "leak")
    assert city["U"].folded_into is None


@pytest.mark.meets("flood", "park", law="5")
def test_a_flood_takes_nothing_along_with_what_is_parked() -> None:
    """Both leaks are parked for months: the third stands for itself, with its limit."""
    city = town(storm=Storm(2, 60))
    for name in "AB":
        city.report(name, "leak")
        city.work(name, until="accept")
        assert city.ask("park", name, city.holder(name), reason="frost", until=at("08:00", 200)) == DONE
        assert (
            city.ask("approve", name, "chief:chief-1") == city.ask("approve", name, "supervisor:supervisor-1") == DONE
        )
    city.report("T", "leak")
    assert (city["T"].folded_into, city["T"].deadline_at) == (None, at("12:00"))
    city.at("12:00")
    assert city["T"].is_overdue


@pytest.mark.meets("alike", "survey", law="6")
def test_a_rule_merges_nothing_into_what_is_worked_off() -> None:
    """The same words two hours after: proposed, and left to a person."""
    city = town(alike=(Alike("words", minutes=600, metres=100, score=90, merges=True),))
    city.report("A", "leak", text="water in hall")
    surveyed(city, "A")
    city.at("10:00").report("T", "leak", text="water in hall")
    city.expect("DuplicateProposed", of=city["A"].id)
    assert (city["T"].status, city["T"].deadline_at) == ("offered", at("14:00"))


@pytest.mark.meets("flood", "emergency", law="4")
def test_of_a_folded_u1_the_departments_hear_as_of_any() -> None:
    """Folding is of what moves a ticket; a department late with it is told, and at 200 % the centre."""
    city = town(storm=Storm(2, 60))
    for name in "ABT":
        city.report(name, "fire")
    assert city["T"].folded_into == city["A"].id
    city.at("09:00")
    told = [
        (one.facts["rung"], one.facts["told"])
        for one in city.events("ClockBreached")
        if one.ticket == city["T"].id and one.facts["number"] == "fire/1"
    ]
    assert told == [(100, ["north-street", "fire-1"]), (200, ["north-street", "fire-1", "centre-1"])]


@pytest.mark.meets("merge", "received", law="6")
def test_what_is_not_filed_yet_takes_the_earlier_deadline_when_it_is() -> None:
    """A leak due at 12:00 merged into a report without a category, filed as bins at 08:10: due at 12:00; taken out
    again each has its own."""
    city = town()
    city.report("T", "leak")
    city.work("T", until="accept")
    city.report("X", None)
    assert city.at("08:10").ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id) == DONE
    assert city.ask("file", "X", "desk:desk-1", category="bins") == DONE
    assert city["X"].deadline_at == at("12:00")
    assert city.at("09:00").ask("unmerge", "T", "desk:desk-1", reason="another") == DONE
    assert (city["X"].deadline_at, city["X"].ledgers, city["T"].deadline_at) == (at("08:10", 1), (), at("12:00"))


@pytest.mark.meets("merge", "received", law="6")
def test_what_is_not_filed_yet_takes_along_what_was_merged_into_it() -> None:
    """The leak into the report, the report into bins: due at 12:00 there; the report taken out again, bins have their
    own."""
    city = town()
    city.report("T", "leak")
    city.report("X", None)
    city.report("B", "bins")
    assert city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id) == DONE
    assert city.ask("duplicate_of", "X", "desk:desk-1", target=city["B"].id) == DONE
    assert city["B"].deadline_at == at("12:00")
    assert city.ask("unmerge", "X", "desk:desk-1", reason="another") == DONE
    assert (city["B"].deadline_at, city["B"].ledgers) == (at("18:00"), ())
    assert city.ask("file", "X", "desk:desk-1", category="bins") == DONE
    assert city["X"].deadline_at == at("12:00")


@pytest.mark.meets("unmerge", "reporter", law="6")
def test_the_reporter_of_a_chain_goes_with_it() -> None:
    """A, unfiled, can be asked; A into B, B into C: taken out again, C has nobody to ask."""
    city = town()
    city.report("A", None, can_reach_reporter=True)
    city.report("B", "leak")
    city.report("C", "bins")
    assert city.ask("duplicate_of", "A", "desk:desk-1", target=city["B"].id) == DONE
    assert city.ask("duplicate_of", "B", "desk:desk-1", target=city["C"].id) == DONE
    assert city["C"].reach_here == (city["A"].id,)
    assert city.ask("unmerge", "B", "desk:desk-1", reason="another") == DONE
    assert not city["C"].reach_here and not city["C"].can_reach_reporter


@pytest.mark.meets("follow", "flood", law="5")
def test_who_follows_one_of_a_flood_hears_of_its_end() -> None:
    """It is closed with the one that was worked."""
    city = town(storm=Storm(2, 60))
    for name in "ABT":
        city.report(name, "leak")
    assert city.ask("follow", "T", "chief:chief-2") == DONE
    surveyed(city, "A")
    assert city.ask("answer", "A", "reporter:r", satisfied=True) == DONE
    city.new()
    city.at("08:00")
    assert [(one.ticket, one.facts["told"]) for one in city.new("FollowersTold")] == [(city["T"].id, ["chief-2"])]


@pytest.mark.meets("follow", "merge", law="5")
def test_who_follows_hears_that_another_was_merged_into_it() -> None:
    """The command names the other ticket."""
    city = town()
    city.report("X", "leak")
    city.report("T", "leak")
    assert city.ask("follow", "X", "chief:chief-2") == DONE
    city.new()
    assert city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id) == DONE
    assert [(one.ticket, one.facts["told"]) for one in city.new("FollowersTold")] == [(city["X"].id, ["chief-2"])]
