"""Look-ups in a pack made ready: rosters, duty, days, and the exceptions to the catalogue."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules.law.compiled import Law
from rules.law.conditions import Conditions, attributes_read, categories_of
from rules.law.patterns import compiled, compiled_within_bounds
from rules.law.shares import share_unit
from topics.pack import Limit, RosterEntry, Rule

SHANGHAI, PACIFIC = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Los_Angeles")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    """A local time as an instant."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1000


def test_the_nearest_node_with_people_answers(guancheng: Law) -> None:
    """A specialist of the micro-grid, residents of the grid above it, the community's backstop, the street, and
    everywhere."""
    leaf = "tawan-g1-m2"
    assert [e.person for e in guancheng.roster("specialist", leaf)] == ["specialist-tawan-12"]
    assert {e.nodes for e in guancheng.roster("residents", leaf)} == {("tawan-g1",)}
    assert {e.nodes for e in guancheng.roster("backstop", leaf)} == {("tawan",)}
    assert {e.nodes for e in guancheng.roster("street", leaf)} == {("longhaimalu",)}
    assert {e.nodes for e in guancheng.roster("centre", leaf)} == {()}
    assert {e.org for e in guancheng.roster("department", leaf, org="ranqi")} == {"ranqi"}
    assert all("lift" in e.skills for e in guancheng.roster("red_property", leaf, "lift"))


def test_for_parties_the_way_up_ends_at_the_home(guancheng: Law) -> None:
    """Residents of a whole street are not on the roster of its communities' grids; the street's own people are."""
    high = RosterEntry("r", "r", "residents", nodes=("longhaimalu",))
    law = Law("t", replace(guancheng.bundle, roster=(high, RosterEntry("s", "s", "street", nodes=("longhaimalu",)))))
    assert law.roster("residents", "tawan-g1-m2") == ()
    assert [e.person for e in law.roster("street", "tawan-g1-m2")] == ["s"]
    everywhere = Law("t", replace(guancheng.bundle, roster=(high, replace(high, person="e", nodes=()))))
    assert [e.person for e in everywhere.roster("residents", "tawan-g1-m2")] == ["e"]


@pytest.mark.parametrize(
    ("on_duty", "when", "expected"),
    [
        ("always", "2026-03-08T03:00:00", True),
        ("work", "2026-03-06T11:59:59", True),
        ("work", "2026-03-06T12:00:00", False),
        ("work", "2026-03-08T10:00:00", False),
        ("07:30-20:30", "2026-03-06T07:29:59", False),
        ("07:30-20:30", "2026-03-06T07:30:00", True),
        ("07:30-20:30", "2026-03-06T20:29:59", True),
        ("07:30-20:30", "2026-03-06T20:30:00", False),
        ("22:00-06:00", "2026-03-06T23:59:59", True),
        ("22:00-06:00", "2026-03-07T00:00:00", True),
        ("22:00-06:00", "2026-03-07T06:00:00", False),
        ("22:00-06:00", "2026-03-06T21:59:59", False),
        ("18:00-24:00", "2026-03-06T23:59:59", True),
    ],
)
def test_duty_is_always_in_working_time_or_between_two_times(
    guancheng: Law, on_duty: str, when: str, expected: bool
) -> None:
    """From the first minute up to, not including, the last; over midnight as well."""
    assert guancheng.on_duty(RosterEntry("p", "p", "desk", on_duty=on_duty), at(when)) is expected


def test_duty_and_days_go_by_the_wall_clock_when_it_changes(los_angeles: Law) -> None:
    """On the day the clock is put forward eight is eight; days and months are local ones."""
    early = RosterEntry("p", "p", "desk", on_duty="08:00-09:00")
    for day in ("2018-03-10", "2018-03-11", "2018-11-04", "2018-11-05"):
        assert los_angeles.on_duty(early, at(f"{day}T08:00:00", PACIFIC))
        assert not los_angeles.on_duty(early, at(f"{day}T07:59:59", PACIFIC))
        assert not los_angeles.on_duty(early, at(f"{day}T09:00:00", PACIFIC))
        assert los_angeles.local_day(at(f"{day}T00:00:00", PACIFIC)) == day.replace("-", "")
        assert los_angeles.local_day(at(f"{day}T00:00:00", PACIFIC) - 1) < day.replace("-", "")
    assert los_angeles.local_month(at("2018-02-01T00:00:00", PACIFIC) - 1) == "2018-01"


def test_paths_and_homes(guancheng: Law) -> None:
    """Leaf to root; a street has no home, an unknown code no path."""
    assert guancheng.path("tawan-g1-m2") == ("tawan-g1-m2", "tawan-g1", "tawan", "longhaimalu", "guancheng")
    assert guancheng.home_of("tawan-g1-m2") == guancheng.home_of("tawan") == "tawan"
    assert guancheng.home_of("longhaimalu") is None
    assert guancheng.home_of("unplaced") == "unplaced"
    assert guancheng.path("nowhere") == ()
    assert guancheng.street_of("tawan") == "longhaimalu"


def test_amounts_in_their_own_units(guancheng: Law) -> None:
    """A work day is the calendar's eight hours, an urgent day all of it."""
    assert guancheng.limit_ms(Limit(2, "work_day")) == 16 * 3_600_000
    assert guancheng.limit_ms(Limit(2, "urgent_day")) == 48 * 3_600_000
    assert guancheng.limit_ms(Limit(5, "minute")) == 300_000
    assert [guancheng.in_work_time(u) for u in ("minute", "urgent_hour", "urgent_day", "work_hour", "work_day")] == [
        False,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("shares", "unit"),
    [([10, 20, 30, 40], 2520), ([100], 1), ([50, 50], 2), ([25, 75], 12), ([40, 30, 20, 10], 2520), ([], 1)],
)
def test_the_units_of_the_split(shares: list[int], unit: int) -> None:
    """The least common multiple of the sums of all subsets."""
    assert share_unit(shares) == unit


def test_a_category_is_known_by_code_label_and_alias(guancheng: Law) -> None:
    """In either language; anything else is unknown."""
    assert {guancheng.category_code(word) for word in ("gas_leak", "Gas leak", "燃气泄漏", "煤气味")} == {"gas_leak"}
    assert guancheng.category_code("gas") is None


FACTS = {
    "category": "noise",
    "channel": "app",
    "signal": None,
    "leaf": "x",
    "home": "y",
    "street": "z",
    "hour": 23,
    "in_work_time": False,
    "exercise": False,
}


def rule(name: str, when: str, *reads: str) -> Rule:
    """An exception."""
    return Rule(name, when, {"urgency": "U2"}, reads)


def test_the_shipped_exceptions(guancheng: Law) -> None:
    """A blocked fire lane at the school is urgent; noise at night goes to the street, by day not."""
    attributes: dict[str, str] = {}
    school = FACTS | {"category": "fire_lane_blocked", "leaf": "dongguannanli-school", "attributes": attributes}
    assert guancheng.overrides(school)[0] == "school_fire_lane"
    assert guancheng.overrides(school)[1]["urgency"] == "U2"
    assert guancheng.overrides(school | {"leaf": "tawan-g1-m1"}) == (None, {})
    assert guancheng.overrides(FACTS | {"attributes": attributes}) == ("night_noise", {"starts_at": "street"})
    assert guancheng.overrides(FACTS | {"attributes": attributes, "hour": 12}) == (None, {})


@pytest.mark.parametrize(
    "when", ["attributes.floor == 3", "1 / (hour - 23) == 1", "category > hour", "category.rhymes()"]
)
def test_an_exception_that_fails_is_named_and_sets_nothing(when: str) -> None:
    """Whatever it raises, the catalogue stands: a partition never stops on a rule."""
    conditions = Conditions((rule("bad", when, "attributes", "hour", "category"),))
    assert conditions.first(FACTS | {"attributes": {}}) == ("rule_error:bad", {})


@pytest.mark.parametrize(
    "when", [r'category.matches("\\w{100}")', r"category.matches('\\pL{99}z') || hour == 23", "leaf.matches(category)"]
)
def test_a_pack_of_before_whose_patterns_cost_much_is_in_force_and_costs_nothing(when: str) -> None:
    """It was published, so it loads; its rule fails as one that raises, at once and for every report, however much the
    reports differ: ``pack check`` refuses the next one."""
    conditions, began = Conditions((rule("old", when, "category", "leaf", "hour"),)), time.process_time()
    found = [conditions.first(FACTS | {"category": f"noise{n}", "attributes": {}})[0] for n in range(500)]
    assert set(found) == {"rule_error:old"} and time.process_time() - began < 1.0
    with pytest.raises(ValueError, match="pattern"):
        compiled_within_bounds(when)


def test_the_first_exception_that_holds_wins() -> None:
    """Order in the pack decides."""
    conditions = Conditions(
        (rule("no", "hour < 3", "hour"), rule("one", "hour > 20", "hour"), rule("two", "hour > 22", "hour"))
    )
    assert conditions.first(FACTS)[0] == "one"


def test_what_is_remembered_depends_on_the_facts_alone() -> None:
    """``true`` and ``1`` are two attributes, whichever comes first: else replay would depend on history."""
    yes, one = FACTS | {"attributes": {"n": True}}, FACTS | {"attributes": {"n": 1}}
    for order in ((yes, one), (one, yes)):
        conditions = Conditions((rule("flag", "attributes.n == true", "attributes"),))
        answers = {str(facts["attributes"]): conditions.first(facts)[0] for facts in order}
        assert answers["{'n': True}"] == "flag"
        assert answers["{'n': 1}"] != "flag"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The conditions that were evaluated, each time."""
    found = list[str]()

    class Watched:
        def __init__(self, when: str) -> None:
            self._when, self._compiled = when, compiled(when)

        def execute(self, context: object) -> object:
            found.append(self._when)
            return self._compiled.execute(context)

    monkeypatch.setattr("rules.law.conditions.compiled_within_bounds", Watched)
    return found


def test_a_condition_is_evaluated_once_for_what_it_reads_itself(asked: list[str]) -> None:
    """Attributes are each report's own: a rule that reads one of them costs the other rules nothing."""
    rules = [rule(f"c{n}", f"category.endsWith('-{n}')", "category") for n in range(100)]
    floors = rule("floors", "attributes.floors == 7 && hour > 20", "attributes", "hour")
    conditions = Conditions((*rules, floors, rule("many", "attributes.size() > 5", "attributes")))
    for n in range(300):
        facts = FACTS | {"attributes": {"floors": n % 10, "note": f"report {n}"}}
        assert conditions.first(facts)[0] == ("floors" if n % 10 == 7 else None)
    told = {when: asked.count(when) for when in set(asked)}
    assert len(told) == 102
    assert told.pop("attributes.size() > 5") == 270  # it looks at all of them, and is asked where none before it holds
    assert told.pop("attributes.floors == 7 && hour > 20") == 10
    assert set(told.values()) == {1}


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("attributes.floors == 7", {"floors"}),
        ("attributes.a == attributes['b c'] || has(attributes.d)", {"a", "b c", "d"}),
        ('attributes["x"].startsWith("y")', {"x"}),
        ("category == 'attributes'", None),
        ("attributes.size() > 2", None),
        ("'floors' in attributes && attributes.floors == 7", None),
        ("attributes[category] == 1", None),
        ("attributes.exists(name, name == 'x')", None),
        ("attributes . floors == 7", None),
        ("hour > 3", set()),
    ],
)
def test_which_attributes_a_condition_reads(condition: str, names: set[str] | None) -> None:
    """Where it does not name each, it reads all."""
    assert attributes_read(condition) == names


@pytest.mark.parametrize(
    ("condition", "categories"),
    [
        ('category == "noise"', {"noise"}),
        ("category == 'noise' && (hour >= 22 || hour < 6)", {"noise"}),
        ("wall == 'inside' && category in ['a', \"b\"] && attributes.x == 1", {"a", "b"}),
        ("category == 'a' || hour > 3", None),
        ("category == 'a' && hour > 3 || hour < 2", None),
        ("category == 'a' ? hour > 3 : hour < 2", None),
        ("(category == 'a')", None),
        ("!(category == 'a') && hour > 3", None),
        ("category != 'a'", None),
        ("1 / hour == 1 && category == 'a'", None),  # it fails first
        ("attributes.x == 1 && category == 'a'", None),
        ("category == 'a' == true", None),
        ("category == 'a\\'' || hour > 3 || category == '\\''", None),
        ("category == 'a' && attributes.x == '(' || hour > 3 || attributes.x == ')'", None),
        ("category == 'a' // &&\n || hour > 3", None),
        ("category == ''", None),
        ("category == signal", None),
    ],
)
def test_of_which_categories_a_condition_speaks(condition: str, categories: set[str] | None) -> None:
    """Where it is not plain that it holds for no other, it is asked for each."""
    assert categories_of(condition) == categories


def test_most_categories_have_no_exception(asked: list[str]) -> None:
    """A thousand rules of other categories cost a report nothing, and the order of the pack decides among the rest."""
    rules = [rule(f"r{n}", f"category == 'c{n % 500}' && hour > {n % 7}", "category", "hour") for n in range(1000)]
    conditions = Conditions((*rules, rule("any", "hour == 23", "hour")))
    assert not Conditions(tuple(rules)).may_hold("noise")
    assert conditions.first(FACTS)[0] == "any" and asked == ["hour == 23"]
    assert conditions.first(FACTS | {"category": "c3"})[0] == "r3"
    assert conditions.first(FACTS | {"category": "c3", "hour": 3})[0] is None
    assert len(asked) == 1 + 1 + 3
