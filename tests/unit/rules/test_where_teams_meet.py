"""Where a team or a committee meets another feature: who is named stays named, and who was asked is waited for."""

import pytest

from tests.support.city import City
from tests.unit.rules.test_where_limits_change import DONE, recategorised, town


def team_of(city: City) -> list[str]:
    """Who is named."""
    return [one.party for one in city["T"].helpers if one.named]


@pytest.mark.meets("team", "reopen", law="6")
def test_reopened_it_has_a_team_again() -> None:
    """The roof's specialist may finish in the second generation, too."""
    city = town()
    city.report("T", "roof")
    before = team_of(city)
    city.work("T")
    outside = {"checker-1", "checker-2"} - {one.person for one in city["T"].helpers}
    assert city.ask("check", "T", f"checker:{outside.pop()}", passed=True) == DONE
    assert city.ask("reopen", "T", "reporter:r", reason="wet") == DONE
    assert team_of(city) == before == ["specialist", "checker"]
    named = next(one.person for one in city["T"].helpers if one.party == "specialist")
    assert city.ask("finish", "T", f"specialist:{named}", text="dry") == DONE


@pytest.mark.meets("team", "recategorise", law="6")
def test_another_category_has_another_team() -> None:
    """Bins made a roof get its two; a roof made bins has none; what is worked off keeps who was at it, so that they
    check nothing of it."""
    city = town()
    city.report("T", "bins")
    recategorised(city, "roof")
    assert team_of(city) == ["specialist", "checker"]
    recategorised(city, "leak")
    assert team_of(city) == []
    recategorised(city, "roof")
    city.work("T")
    recategorised(city, "leak")
    assert team_of(city) == ["specialist", "checker"]


@pytest.mark.meets("team", "escalate", law="5, 6")
def test_moved_up_it_keeps_its_team_although_the_former_holder_is_of_the_same_party() -> None:
    """The specialist named is still named, and checks nothing; the party that had it helps."""
    city = town()
    city.report("T", "roof")
    city.ask("reassign", "T", "chief:chief-1", target="specialist-1", party="specialist", reason="nearer")
    assert city.ask("escalate", "T", "chief:chief-1", reason="now") == DONE
    helpers = [(one.party, one.named) for one in city["T"].helpers]
    assert helpers == [("specialist", True), ("checker", True), ("specialist", False)]


@pytest.mark.meets("committee", "spot fix", law="6")
def test_inside_the_walls_nothing_is_put_right_that_the_committees_were_asked_about() -> None:
    """Work begins when they agree, on the spot or not."""
    city = town()
    city.report("T", "stairs", leaf="east2")
    assert city.ask("spot_fix", "T", "residents:residents-1", proof=("a", "b")) == "consent_missing"
