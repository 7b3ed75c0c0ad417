"""LAW 3, 5: rosters change without a pack: duty, stand-ins, swaps, people who come and go; decided, replayed and kept
like all else."""

import pytest

from tests.support.city import City, at, replay


def test_who_goes_off_duty_is_not_offered_anything_and_may_not_accept() -> None:
    """Red property has two: one off, the other has it; both off: the supervisor has it meanwhile."""
    city = City()
    assert city.duty("red_property-1", "red_property", "off", since=at("09:00"), until=at("12:00")) == "duty_set"
    city.at("09:30")
    people = {city.report(f"T{n}", "bins").person for n in range(12)}
    assert "red_property-2" in people and "red_property-1" not in people
    mine = next(t for t in city.book.tickets.values() if t.party == "red_property")
    assert city.ask("accept", mine.id, "red_property:red_property-1") == "not_on_duty"
    assert city.duty("red_property-2", "red_property", "off") == "duty_set"
    waiting = [city.report(f"U{n}", "bins") for n in range(10)]
    assert {t.person for t in waiting if t.party == "red_property"} == {"supervisor-1"}
    city.at("12:30")
    assert {t.person for n in range(10) if (t := city.report(f"V{n}", "bins")).party == "red_property"} == {
        "red_property-1"
    }


def test_a_stand_in_has_the_places_and_skills_of_whom_they_replace_for_that_long() -> None:
    """Somebody from elsewhere stands in for the only one who knows lifts; on the day after the window they are gone."""
    city = City()
    assert city.report("T", "lift").party == "backstop"  # nobody knows lifts
    assert city.duty("anna", "specialist", "add", skills=("lifts",), nodes=("east",), until=at("20:00")) == "duty_set"
    assert (city.report("U", "lift").party, city["U"].person) == ("specialist", "anna")
    assert city.ask("accept", "U", "specialist:anna") == "done_as_asked"
    assert city.duty("bert", "specialist", "add", instead_of="specialist-1", name="Bert") == "duty_set"
    city.at("21:00")
    assert city.report("V", "lift").party == "backstop"
    assert city.ask("note", "U", "specialist:anna", text="bye") == "not_on_roster"
    assert "bert" in {city.report(f"W{n}", "bins").person for n in range(12)}


def test_a_roster_edit_moves_the_split_and_starts_no_new_window() -> None:
    """Without residents nobody of them is eligible; the window's books go on."""
    city = City()
    city.report("T", "bins")
    window = city.book.quotas["east"].window
    for n in (1, 2):
        assert city.duty(f"residents-{n}", "residents", "remove") == "duty_set"
    city.report("U", "bins")
    assert city.book.quotas["east"].window == window and city.book.quotas["east"].fully_eligible == 1
    filed = city.events("TicketFiled")[-1]
    assert list(filed.facts["eligible"]) == ["specialist", "red_property", "backstop"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    {
        "nobody": ({"person": "nobody", "role": "specialist", "change": "off"}, "person_unknown"),
        "for nobody": (
            {"person": "x", "role": "specialist", "change": "add", "instead_of": "nobody"},
            "person_unknown",
        ),
        "backwards": (
            {"person": "specialist-1", "role": "specialist", "change": "off", "since": 9, "until": 9},
            "duty_unfit",
        ),
        "nowhere": ({"person": "x", "role": "specialist", "change": "add", "nodes": ("moon",)}, "grid_unknown"),
        "no hours": ({"person": "x", "role": "specialist", "change": "add", "on_duty": "sometimes"}, "duty_unfit"),
        "no department": ({"person": "x", "role": "department", "change": "add", "org": "moon"}, "department_unknown"),
        "by the reporter": (
            {"person": "specialist-1", "role": "specialist", "change": "off", "who": "reporter:r"},
            "role_not_allowed",
        ),
        "by a stranger": (
            {"person": "specialist-1", "role": "specialist", "change": "off", "who": "chief:x"},
            "not_on_roster",
        ),
    }.values(),
)
def test_what_does_not_fit_is_refused_and_changes_nothing(fields: dict[str, object], reason: str) -> None:
    """Each with its reason."""
    city = City()
    assert city.duty(**fields) == reason  # type: ignore[arg-type]
    assert not city.book.rosters.duties


def test_changes_are_decided_again_to_the_byte_and_kept_across_openings() -> None:
    """The log and the state topic have all that is needed; what has ended is forgotten at the next change."""
    city = City()
    city.duty("red_property-1", "red_property", "off", since=at("09:00"), until=at("12:00"))
    city.duty("residents-1", "residents", "off", until=at("10:00"))
    for hour in range(9, 14):
        city.at(f"{hour:02d}:10")
        for n in range(6):
            city.report(f"{hour}-{n}", "bins")
    city.duty("red_property-1", "red_property", "off", since=at("08:00", 3))
    changes = city.book.rosters.duties["red_property:red_property-1"].changes
    # a command of the morning may still be on its way
    assert [one.since for one in changes] == [at("09:00"), at("08:00", 3)]
    city.at("12:01", 1)
    city.duty("red_property-1", "red_property", "on", since=at("08:00", 4))
    assert [one.since for one in city.book.rosters.duties["red_property:red_property-1"].changes] == [
        at("08:00", 3),
        at("08:00", 4),
    ]
    assert replay(city.laws, city.causes, reopen_every=5) == city.log()


def test_two_swap_their_shifts() -> None:
    """Each has the other's places for that time."""
    city = City()
    assert city.duty("specialist-1", "specialist", "add", instead_of="specialist-2", until=at("18:00")) == "duty_set"
    assert city.duty("specialist-2", "specialist", "add", instead_of="specialist-1", until=at("18:00")) == "duty_set"
    law = city.book.rosters.law(next(iter(city.laws.values())), city.now)
    assert sorted((e.person, e.on_duty) for e in law.roster("specialist", "east1")) == [
        ("specialist-1", "always"), ("specialist-1", "never"), ("specialist-2", "always"), ("specialist-2", "never"),
    ]  # fmt: skip


def test_the_roster_of_then_and_of_now_are_both_kept() -> None:
    """Asked by turns, each is made once."""
    city = City()
    city.duty("residents-1", "residents", "off", since=at("10:00"), until=at("12:00"))
    law = next(iter(city.laws.values()))
    then, now = city.book.rosters.law(law, at("09:00")), city.book.rosters.law(law, at("11:00"))
    assert then is law and now is not law
    assert city.book.rosters.law(law, at("11:59")) is now is city.book.rosters.law(law, at("10:00"))
    assert city.book.rosters.law(law, at("09:59")) is then is city.book.rosters.law(law, at("12:00"))
