"""Where a flood meets another feature: one that is folded stands for itself, or ends with the one that is worked."""

import pytest

from rules.state.partition_state import Book
from tests.support.city import MINUTE, REF, City, at
from tests.unit.rules.test_where_features_meet import town
from topics.pack import Storm
from topics.vocabulary import ClockKind, Status


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


def test_one_of_a_flood_whose_worked_one_nobody_knows_any_more_stands_for_itself() -> None:
    """Its state was dropped while that of the other was kept: taken up again, it is told at once that nothing is worked
    there."""
    city = folded(until="08:30")
    book = Book(city.laws)
    for key, value in city.book.flush():
        if value is not None and key != b"t:" + city["A"].id.encode():
            book.load(key, value)
    book.opened(REF, city.now)
    due = book.first_due(city.now)
    assert due is not None and (due.ticket, due.kind, due.due_at) == (city["C"].id, ClockKind.FLOOD, 0)
