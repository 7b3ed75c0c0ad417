"""Where features meet that change who is told, who may, and what is counted."""

import pytest
from msgspec.structs import replace

from tests.support.city import HOUR, City, at, city_bundle
from topics.pack import Category, Limit, RosterEntry

# -- people --------------------------------------------------------------------------------------------------------


@pytest.mark.meets("duty", "duty", law="6")
def test_who_was_added_and_then_removed_is_offered_nothing() -> None:
    """Added, removed: not on the roster; added, put off duty: offered nothing and may not accept."""
    for change, refusal in (("remove", "not_on_roster"), ("off", "not_on_duty")):
        bundle = city_bundle()
        city = City(replace(bundle, roster=tuple(entry for entry in bundle.roster if entry.role != "red_property")))
        city.duty("eve", "red_property", "add")
        city.at("08:05").duty("eve", "red_property", change)
        city.at("08:10")
        names = {city.report(f"T{n}", "bins").person for n in range(6)}
        assert "eve" not in names
        if change == "off":
            name = next(f"T{n}" for n in range(6) if city[f"T{n}"].party == "red_property")
            assert city.ask("accept", name, "red_property:eve") == refusal
        else:
            assert city.ask("note", "T0", "red_property:eve", text="x") == refusal


@pytest.mark.meets("reminder", "night", law="5")
def test_who_is_on_duty_at_night_is_reminded_at_night() -> None:
    """A day and night limit of U3, filed at 18:00: half of it is over at 22:00; day people hear of it at 08:00, night
    people at once."""
    night = Category("noise", "Noise", "噪声", "city", "U3", Limit(16, "urgent_hour"), parties=("backstop",))
    moments = {}
    for hours in ("work", "always", "20:00-06:00", "23:00-06:00"):
        bundle = city_bundle()
        roster = tuple(entry for entry in bundle.roster if entry.role != "backstop")
        city = City(
            replace(
                bundle,
                categories=(*bundle.categories, night),
                roster=(*roster, RosterEntry("bea", "Bea", "backstop", on_duty=hours)),
            )
        )
        city.at("18:00").report("T", "noise")
        city.ask("reassign", "T", "chief:chief-1", target="bea", reason="hers")
        city.at("18:00", 1)
        moments[hours] = next(
            event.facts["due_at"] for event in city.events("ClockAtRisk") if event.facts["rung"] == 50
        )
    night_at = at("18:00") + 8 * HOUR
    assert moments == {"work": at("08:00", 1), "always": night_at, "20:00-06:00": night_at, "23:00-06:00": night_at}


@pytest.mark.meets("reminder", "roster", law="5")
def test_a_reminder_goes_to_whoever_stands_for_a_holder_who_has_left() -> None:
    """red_property-1 holds it and leaves the roster: the other one of the party hears of 50 %."""
    city = City()
    city.report("T", "bins")
    city.work("T", until="accept")
    gone = city["T"].person
    city.duty(gone, "red_property", "remove")
    city.at("13:59").at("14:00")
    told = city.expect("ClockAtRisk", rung=50).facts["told"]
    assert told == ["red_property-2" if gone == "red_property-1" else "red_property-1"]


@pytest.mark.meets("department late", "200 %", law="4, 7")
def test_departments_supervisor_and_the_centre_hear_of_a_late_department() -> None:
    """At 100 % of report-in and of the child the head of its roster or the supervisor the pack names; at 200 % the
    centre too."""
    bundle = city_bundle()
    departments = tuple(replace(one, supervisor="boss") if one.code == "water" else one for one in bundle.departments)
    city = City(replace(bundle, departments=departments))
    city.report("T", "fire")
    city.at("14:00")
    said = {
        (event.facts["clock"], event.facts["number"], event.facts["rung"]): event.facts["told"]
        for event in city.events("ClockBreached") if event.facts["clock"] in ("report_in", "child")
    }  # fmt: skip
    assert "fire-1" in said["report_in", "fire/1", 100] and "boss" in said["report_in", "water/1", 100]
    assert "centre-1" in said["report_in", "fire/1", 200] and "centre-1" not in said["report_in", "fire/1", 100]
    assert "centre-1" in said["child", "fire/1", 200] and "boss" in said["child", "water/1", 200]


@pytest.mark.meets("follow", "anything", law="5")
def test_followers_are_told_what_the_holder_is() -> None:
    """Rungs, reminders, and what is done by command; never of their own doing."""
    city = City()
    city.report("T", "leak")
    city.ask("follow", "T", "desk:desk-1")
    assert not city.events("FollowersTold")
    city.work("T", until="accept")
    assert city.expect("FollowersTold").facts["told"] == ["desk-1"]
    city.at("10:00")
    assert "desk-1" in city.expect("ClockAtRisk", rung=50).facts["told"]


@pytest.mark.meets("wait", "seat that holds", law="4")
def test_who_handles_it_does_not_pause_it_alone() -> None:
    """The street holds it and is a seat: another seat must ask the reporter."""
    city = City()
    city.report("T", "road")
    city.work("T", until="accept")
    assert city.ask("wait_reporter", "T", "street:north-street", reason="which?") == "same_hands"
    assert city.ask("wait_reporter", "T", "desk:desk-1", reason="which?") == "done_as_asked"
