"""What a slip of the hand in the law would change and no story told: a constant, a comparison, a condition turned.

Each was found by a mutation run (``python -m tests.mutants``).
"""

from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules.law.compiled import Law
from rules.law.moments import short
from rules.masking.own_values import found_in
from rules.masking.plain_form import PLAIN, letters_of
from rules.state.duty_roster import Rosters
from rules.ticket import ladder
from tests.support.city import REF, TIERS, City, at, city_bundle
from topics import bounds
from topics.command import Duty
from topics.pack import Node, Tier
from topics.ticket import Duties
from topics.vocabulary import ClockKind, Role, Status

DONE = "done_as_asked"


def test_why_it_waits_at_the_desk_is_said_as_it_is() -> None:
    """Of no known category, or of no known place."""
    city = City()
    city.report("A", None)
    city.report("B", "leak", home="unplaced", leaf=None)
    assert [decision.reason for decision in city.decisions] == ["unknown_category", "no_place"]


def test_what_was_moved_says_that_it_was() -> None:
    """By hand or by a clock; what stays where it is does not."""
    city = City()
    for name in ("T", "U"):
        city.report(name, "leak")
        city.work(name, until="accept")
    city.ask("escalate", "T", "chief:chief-1", reason="now")
    assert (city["T"].is_escalated, city["U"].is_escalated) == (True, False)
    assert city.at("12:00")["U"].is_escalated


def test_so_many_changes_of_the_roster_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are allowed: with one there is room, with two there is none, and a day after its end one is gone."""
    monkeypatch.setattr(bounds, "DUTIES", 2)
    rosters = Rosters()
    until = at("12:00")
    for n, expected in ((1, False), (2, True)):
        rosters.put(f"desk:{n}", Duties((Duty(f"desk-{n}", Role.DESK, "off", until=until + n),)))
        assert rosters.is_full(at("09:00")) is expected
    assert rosters.is_full(until + 86_400_000)
    assert not rosters.is_full(until + 86_400_001)


def test_of_two_tiers_of_parties_the_first_is_the_first_whatever_stands_below() -> None:
    """A department that owns may stand below a grid: the grid is still the lowest of the parties."""
    owner, grid = Tier("dept", "owner", "Dept", "部门"), Tier("grid", "parties", "Grid", "网格", ("residents",))
    other = (Tier("a", "parties", "A", "甲"), Tier("b", "parties", "B", "乙"))
    assert [step.name for step in ladder.not_below(grid, (owner, grid), other)] == ["a", "b"]
    assert [step.name for step in ladder.not_below(TIERS[1], TIERS, other)] == ["b"]


def test_for_a_table_a_moment_is_short_and_none_is_a_dash() -> None:
    """In the city's own time."""
    zone = ZoneInfo("Asia/Shanghai")
    assert (short(at("15:00"), zone), short(None, zone)) == ("03-02 15:00", "-")


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [("陈Annu", "陈Ann", False), ("陈Ann", "陈Ann", True), ("12号院ab", "12号院", True), ("x陈Ann", "陈Ann", True)],
)
def test_a_value_ends_where_its_word_does(text: str, value: str, found: bool) -> None:
    """A Latin letter behind a Latin one is the same word; behind a Chinese one it is another."""
    form, places = letters_of(text)
    assert bool(list(found_in(text, form, places, value))) is found


def test_wide_signs_are_narrow_ones_from_the_first_to_the_last() -> None:
    """From ！ to ～; what stands before and behind them is no wide sign."""
    assert [PLAIN[ord(sign)] for sign in "！～Ａｦ\uff00"] == ["!", "~", "A", "ｦ", "\uff00"]


def test_what_is_not_filed_may_lie_in_a_grid_that_only_the_newer_pack_knows() -> None:
    """Filed by an older one it must be put under the newer first."""
    city = City()
    city.report("R", None)
    city.report("T", "leak")
    bundle = city_bundle()
    city.adopt("toytown@2", replace(bundle, nodes=(*bundle.nodes, Node("east3", "grid", "east", "East 3"))))
    assert city.ask("place", "R", "chief:chief-1", grid="east3", reason="there") == DONE
    assert city.ask("place", "T", "chief:chief-1", grid="east3", reason="there") == "grid_unknown"
    assert city.ask("rebase", "T", "chief:chief-1", reason="new grid") == DONE
    assert city.ask("place", "T", "chief:chief-1", grid="east3", reason="there") == DONE


@pytest.mark.parametrize("until", ["start", "finish"])
def test_corrected_to_life_and_property_its_limit_stands_only_where_the_work_is_over(until: str) -> None:
    """Worked on it runs and has stopped at no moment; worked off it stands, since the moment of the correction."""
    city = City()
    city.report("T", "road")
    city.work("T", until=until)
    assert city.at("08:20").ask("recategorise", "T", "chief:chief-1", category="fire", reason="it burns") == DONE
    resolve = next(one for one in city["T"].clocks if one.kind == ClockKind.RESOLVE)
    is_over = city["T"].status is Status.DONE
    assert (resolve.running_since, resolve.stopped_at) == ((None, at("08:20")) if is_over else (at("08:20"), None))


def test_law_of_the_day_is_the_packs_own_while_nothing_is_changed() -> None:
    """No copy is made of it."""
    law = Law(REF, city_bundle())
    assert Rosters().law(law, at("09:00")) is law
