"""Where features meet that end a ticket, open it again, or count it."""

from typing import Any

import pytest
from msgspec.structs import replace

from rules.history.tally import Account
from tests.support.city import DAY, MINUTE, City, at, city_bundle
from tests.unit.rules.test_where_features_meet import town
from topics.pack import Storm
from topics.vocabulary import ClockKind, Status

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
