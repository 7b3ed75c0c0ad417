"""LAW 6, 7: a street whistles with its principal's consent, departments answer, and when it is over each appraises the
other."""

from typing import Any

from tests.support.city import City
from topics.vocabulary import Status

CALL: dict[str, Any] = {"departments": ("urban", "fire"), "case": "street_cannot", "reason": "too big for us"}


def at_street() -> City:
    """A city whose ticket T is with the street, being handled."""
    city = City()
    city.report("T", "road")
    city.work("T", until="start")
    return city


def test_the_principal_must_agree_to_a_whistle_of_the_street() -> None:
    """The street asks; a supervisor's word does not do; the principal's does."""
    city = at_street()
    assert city.ask("whistle", "T", "street:north-street", **CALL) == "done_as_asked"
    assert (city["T"].status, city["T"].children) == (Status.HANDLING, ())
    assert city.ask("whistle", "T", "street:north-street", **CALL) == "asked_already"
    assert city.ask("approve", "T", "supervisor:supervisor-1") == "role_not_allowed"
    assert city.ask("approve", "T", "principal:south-principal") == "not_on_roster"
    assert city.ask("approve", "T", "principal:north-principal") == "done_as_asked"
    assert city["T"].status is Status.WHISTLED and [child.code for child in city["T"].children] == ["urban", "fire"]
    assert city["T"].asked is None and city["T"].person == "north-street"


def test_a_whistle_may_be_denied_and_asked_for_again() -> None:
    """It stays as it was."""
    city = at_street()
    city.ask("whistle", "T", "street:north-street", **CALL)
    assert city.ask("deny", "T", "principal:north-principal", reason="you can") == "done_as_asked"
    assert city["T"].status is Status.HANDLING and not city["T"].children
    assert city.ask("whistle", "T", "street:north-street", **CALL) == "done_as_asked"


def test_principal_and_centre_whistle_at_once_and_so_does_anybody_where_life_is_at_stake() -> None:
    """No second hand for those who may agree; none where there is no time for it."""
    for who in ("principal:north-principal", "centre:centre-1"):
        city = at_street()
        assert city.ask("whistle", "T", who, **CALL) == "done_as_asked"
        assert city["T"].status is Status.WHISTLED
    city = City()
    city.report("F", "fire")
    assert city.ask("whistle", "F", "street:north-street", departments=("urban",), case="emergency") == "done_as_asked"
    assert [child.code for child in city["F"].children] == ["fire", "water", "urban"]


def closed_after_whistle() -> City:
    """A city whose ticket T had urban and fire called, and is closed."""
    city = at_street()
    city.ask("whistle", "T", "principal:north-principal", **CALL)
    for code in ("urban", "fire"):
        assert (
            city.ask("finish", "T", f"department:{code}", child=f"{code}/1", text="done", proof=("p",))
            == "done_as_asked"
        )
    assert city.ask("appraise", "T", "department:urban", score=4) == "not_in_this_status"
    assert city.ask("finish", "T", "street:north-street", text="done", proof=("p",)) == "done_as_asked"
    assert city.ask("check", "T", "checker:checker-1", passed=True) == "done_as_asked"
    assert city.ask("answer", "T", "reporter:r", satisfied=True) == "done_as_asked"
    return city


def test_street_and_departments_appraise_each_other_once() -> None:
    """After closing; only who was called, each once, with a score."""
    city = closed_after_whistle()
    assert city.ask("appraise", "T", "department:urban", score=4, text="well prepared") == "done_as_asked"
    assert city.ask("appraise", "T", "department:urban", score=1) == "appraised_before"
    assert city.ask("appraise", "T", "department:water", score=1) == "no_such_child"
    assert city.ask("appraise", "T", "street:north-street", target="fire") == "score_missing"
    assert city.ask("appraise", "T", "street:north-street", target="fire", score=5) == "done_as_asked"
    assert city.ask("appraise", "T", "street:north-street", score=5) == "no_such_child"
    assert [(one.by, one.of, one.score) for one in city["T"].appraisals] == [
        ("urban", "street", 4),
        ("street", "fire", 5),
    ]
