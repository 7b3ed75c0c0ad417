"""What a slip of the hand in the law would change and no story told: a constant, a comparison, a condition turned.

Each was found by a mutation run (``python -m tests.mutants``).
"""

import copy
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules.history.explain_log import Retold
from rules.law.compiled import Law
from rules.law.moments import short
from rules.masking.own_values import found_in, number_in
from rules.masking.plain_form import PLAIN, letters_of
from rules.rulepack.compiler import compile_pack
from rules.rulepack.holidays import working_years
from rules.rulepack.model import PackSource
from rules.state.answers import refusal
from rules.state.causes import ClockCause, CommandCause
from rules.state.duty_roster import Rosters
from rules.state.held_causes import rearmed, set_aside
from rules.state.ticket_store import Shelf
from rules.ticket import ladder
from tests.support.city import REF, TIERS, City, at, city_bundle
from tests.unit.pack.sowing import WHOLE, found
from topics import bounds
from topics.command import Actor, Command, Duty
from topics.pack import Alike, Limit, Node, RosterEntry, Tier
from topics.ticket import Duties
from topics.vocabulary import ClockKind, CommandKind, Reason, Role, Status

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
        rosters.put(f"desk:{n}", Duties((Duty(person=f"desk-{n}", role=Role.DESK, change="off", until=until + n),)))
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


@pytest.mark.parametrize("counts", [True, False])
def test_a_promised_date_is_the_limit_where_the_category_says_so(counts: bool) -> None:
    """Promised by noon of the next day it has 28 hours; where a promise does not count, the category's eight working
    hours. Two hours are too few: four are given, and it is flagged."""
    bundle = city_bundle()
    bins = replace(bundle.categories[0], promise_counts=counts)
    city = City(replace(bundle, categories=(bins, *bundle.categories[1:])))
    city.report("T", "bins", promised_by=at("12:00", 1))
    city.report("U", "bins", promised_by=at("10:00"))
    assert city["T"].deadline_at == (at("12:00", 1) if counts else at("18:00"))
    assert (city["U"].deadline_at, city["U"].flags) == (
        (at("12:00"), ("promise_too_short",)) if counts else (at("18:00"), ())
    )


def test_a_rung_given_back_is_given_to_the_limit_it_was_of() -> None:
    """Bins, half of whose time is over at 12:00; then a leak is merged into them. That one's 80 % is told, its 100 %
    could not be: given back it is due again there, and the bins' own limit has what it had."""
    city = City()
    city.report("T", "bins")
    city.work("T", until="accept")
    city.at("12:00").report("A", "leak")
    assert city.ask("duplicate_of", "A", "desk:desk-1", target=city["T"].id) == DONE
    before = city["T"].ledgers[0].clock
    assert before.fired == (50,)
    city.at("15:59")
    number = next(one.number for one in city["T"].clocks if one.kind == ClockKind.RESOLVE)
    cause = ClockCause(ticket=city["T"].id, kind=ClockKind.RESOLVE, number=number, rung=100, due_at=at("16:00"))
    city.book.apply(set_aside(city.book, cause, at("16:00")))
    given_back = rearmed(city.book, f"clock:{city['T'].id}:0:resolve:{number}:100")
    assert given_back is not None
    own, other = (ledger.clock for ledger in given_back[0].ledgers)
    assert own == before and other.rungs == (100, 150, 300)


@pytest.mark.parametrize("rung", [99, 100])
def test_one_of_a_hundred_is_missing_and_nothing_is_broken(rung: int) -> None:
    """A pack may remind at 99 %: that is a reminder, and moves nothing."""
    bundle = city_bundle()
    city = City(replace(bundle, rungs={**bundle.rungs, "resolve": (rung, 300)}))
    city.report("T", "leak")
    city.work("T", until="accept")
    city.at("12:00")
    assert (city["T"].tier, city["T"].is_overdue) == (("community", True) if rung == 100 else ("grid", False))
    assert not city.events("RedListed")


def test_days_that_a_pack_names_are_those_days() -> None:
    """Worked on New Year's Day, off on Monday the 5th, and nothing else is changed."""
    plain = working_years("CN", None, 2026, 2026)[0]["2026"]
    named = working_years("CN", None, 2026, 2026, worked=[date(2026, 1, 1)], off=[date(2026, 1, 5)])[0]["2026"]
    assert (plain[0], plain[4], named[0], named[4]) == ("0", "1", "1", "0")
    assert [n for n, (one, other) in enumerate(zip(plain, named, strict=True)) if one != other] == [0, 4]


def test_a_fire_at_the_district_that_is_not_out_goes_back_to_the_district() -> None:
    """A leak had been moved there, the grid finished it all the same, and it was a fire: not done after all the
    district has it, not the street below."""
    city = City()
    city.report("T", "leak")
    city.work("T", until="accept")
    grid = city.holder("T")
    assert city.ask("escalate", "T", "chief:chief-1", target="district", reason="now") == DONE
    assert city.ask("finish", "T", grid, text="done") == DONE
    assert city.ask("recategorise", "T", "chief:chief-1", category="fire", reason="it burns") == DONE
    assert city.ask("check", "T", f"checker:{city['T'].person}", passed=False, reason="it burns") == DONE
    assert (city["T"].tier, city["T"].party) == ("district", "centre")


@pytest.mark.parametrize(
    ("pack", "role", "answered"), [(REF, "department", True), (None, "department", False), (REF, "desk", False)]
)
def test_a_department_alone_is_answered_and_under_a_pack_that_is_known(
    pack: str | None, role: str, answered: bool
) -> None:
    """Before any pack is in force nobody is a department."""
    laws, actor = {REF: Law(REF, city_bundle())}, Actor(Role(role), "urban-1", "urban")
    command = Command(id="c", kind=CommandKind.NOTE, actor=actor, accepted_at=0, ticket="east-20260302-1")
    cause = CommandCause(id="commands:0:1", command=command, appended_at=0)
    said = refusal(laws, pack, cause, at=0, reason=Reason.UNKNOWN_TICKET, field=None, tickets=Shelf())
    assert bool(said) is answered


def test_near_in_words_is_fifty_where_one_says_nothing() -> None:
    """A rule that asks for fifty takes it, one that asks for more does not."""
    for score, proposed in ((50, 1), (51, 0)):
        city = City(city_bundle(alike=(Alike("same", 120, 60, score),)))
        city.report("T", "bins", text="bin full")
        city.report("U", "bins")
        assert len(city.events("DuplicateProposed")) == proposed


@pytest.mark.parametrize(
    ("value", "found"), [("1234567", True), ("12345", False), ("A1234567", False), ("7654321", False)]
)
def test_a_number_of_seven_digits_is_looked_for_however_it_is_spaced(value: str, found: bool) -> None:
    """A shorter one would be found in any number, and one with a letter is no telephone."""
    assert bool(list(number_in("call 1 2 3 4 5 6 7 8 now", value))) is found


def test_declared_force_majeure_is_compiled_to_the_citys_own_moments() -> None:
    """08:00 in Zhengzhou is midnight in Greenwich."""
    window = {"since": "2026-07-20T08:00", "until": "2026-07-23T08:00", "why": "flood"}
    source = PackSource(**copy.deepcopy(WHOLE) | {"force_majeure": [window]})
    declared = compile_pack(source).force_majeure[0]
    assert (declared.since, declared.until - declared.since) == (1_784_505_600_000, 3 * 86_400_000)


def test_signed_in_once_a_department_is_signed_in() -> None:
    """Said again, or accepted or started afterwards, it changes nothing."""
    city = City()
    city.report("T", "fire")
    answers = [city.ask(kind, "T", "department:fire", child="fire/1") for kind in ("report_in", "accept", "report_in")]
    assert answers == [DONE, "no_change", "no_change"] and len(city.events("DepartmentReportedIn")) == 1


def test_what_was_never_filed_is_not_opened_again() -> None:
    """Of a known category or of none: its report may come again."""
    city = City()
    for name, category in (("A", "leak"), ("B", None)):
        city.report(name, category, home="unplaced", leaf=None)
        assert city.ask("close_by_source", name, "source:app", reason="closed") == DONE
        assert city.ask("reopen", name, "desk:desk-1", reason="again") == "not_in_this_status"


def test_a_decision_is_explained_by_the_pack_that_it_names() -> None:
    """A leak under the second pack has three hours, not the first one's four."""
    city = City()
    bundle = city_bundle()
    leaks = tuple(
        replace(one, limit=Limit(3, "urgent_hour")) if one.code == "leak" else one for one in bundle.categories
    )
    city.adopt("toytown@2", replace(bundle, categories=leaks))
    city.report("T", "leak")
    city.at("13:00")
    retold = Retold(city.laws)
    assert all(retold.explain(decision).agrees for decision in city.decisions)


def test_who_answers_for_a_department_changes_no_other_ones_duty() -> None:
    """A chief of one department alone."""
    bundle = city_bundle()
    city = City(replace(bundle, roster=(*bundle.roster, RosterEntry("urban-chief", "chief", "chief", org="urban"))))
    assert city.duty("fire-1", "department", "off", who="chief:urban-chief") == "outside_own_grids"
    assert city.duty("urban-1", "department", "off", who="chief:urban-chief") == "duty_set"


def test_of_commands_the_old_ones_are_forgotten_and_the_others_kept() -> None:
    """35 days after it was given, not a millisecond sooner; a younger one beside it stays."""
    city = City()
    city.report("T", "wall")
    for n, day in enumerate((0, 20)):
        city.now = at("09:00", day)
        assert city.ask("note", "T", "desk:desk-1", id=f"c-{n}", text="seen") == DONE
    end = at("09:00", 35)
    assert [len(city.book.expired(moment)) for moment in (end, end + 1)] == [0, 1]


def test_the_home_named_first_is_where_a_report_would_come_to_nobody() -> None:
    """Of all homes without a resident on the roster."""

    def nobody(pack: dict[str, Any]) -> None:
        pack["roster"] = [one for one in pack["roster"] if one["role"] != "residents"]

    homes = [
        one["code"]
        for one in WHOLE["nodes"]
        if one["level"] == WHOLE["home_level"] and one["code"] != WHOLE["unplaced"]
    ]
    lines = [line for line in found(nobody) if "nobody has the role residents" in line]
    assert len(lines) == 1 and f"a report from {homes[0]} would come to nobody" in lines[0]
