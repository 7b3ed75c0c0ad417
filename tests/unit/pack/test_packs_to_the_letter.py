"""What the checks of a pack let pass and what they find, at their edges (DESIGN 8)."""

import copy
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rules.law.compiled import Law
from rules.rulepack.bundle_check import beyond
from rules.rulepack.compiler import compile_pack
from rules.rulepack.loader import load_pack
from rules.rulepack.model import PackSource
from rules.rulepack.salvage import salvage
from rules.rulepack.shape import Lines, meant, worded
from rules.rulepack.standards import FILE, catalogue_of, faults, load_catalogue, text_of
from rules.rulepack.vacancies import attributes_of
from tests.unit.pack.sowing import WHOLE, Pack, found, node
from tests.unit.pack.test_standards import TABLE, rows
from topics import bounds
from topics.pack import Address


def said(change: Any) -> list[str]:
    """Faults of the shipped pack with a change."""
    return found(change)


def test_outlines_are_compiled_to_ten_millionths_of_a_degree() -> None:
    """Longitude and latitude alike."""
    source = load_pack("guancheng")
    drawn = next(one for one in source.nodes if one.outline)
    ring = next(one.ring for one in compile_pack(source).nodes if one.code == drawn.code)
    assert list(ring) == [(round(lon * 10_000_000), round(lat * 10_000_000)) for lon, lat in drawn.outline]


def test_a_circle_of_three_is_found_at_each_of_them() -> None:
    """a under b under c under a: whoever reads the fault sees the whole way round."""

    def circle(pack: Pack) -> None:
        node(pack, "tawan").update(parent="tawan-g1-m1")
        node(pack, "tawan-g1").update(parent="tawan")
        node(pack, "tawan-g1-m1").update(parent="tawan-g1")

    lines = said(circle)
    assert any("nodes.tawan:" in line and "tawan -> tawan-g1-m1 -> tawan-g1 -> tawan" in line for line in lines), lines
    for code in ("tawan-g1", "tawan-g1-m1"):
        assert any(f"nodes.{code}:" in line and "run in a circle" in line for line in lines), code


def test_working_hours_may_be_the_whole_day_and_end_at_midnight() -> None:
    """Hours are of sixty minutes; a span after 24:00, or that begins where it ends, is none."""
    assert said(lambda p: p["calendar"].update(hours=["00:00-24:00"])) == []
    assert any("no span of a day" in line for line in said(lambda p: p["calendar"].update(hours=["00:00-24:01"])))
    assert any("no span of a day" in line for line in said(lambda p: p["calendar"].update(hours=["08:00-08:00"])))


def test_a_day_off_may_be_the_first_of_the_known_years() -> None:
    """1 January of the first year is known; the day before is not."""
    first = WHOLE["calendar"]["from_year"]
    assert said(lambda p: p["calendar"].update(off=[f"{first}-01-01"])) == []
    lines = said(lambda p: p["calendar"].update(off=[f"{first - 1}-12-31"]))
    assert any("lies outside the known years" in line for line in lines), lines


def test_the_tier_on_top_is_named() -> None:
    """Of a ladder that ends below the centre, the last one, not the second."""
    lines = said(lambda p: p["ladders"]["default"].pop())
    top = WHOLE["ladders"]["default"][-2]["name"]
    assert any(f"the top tier '{top}' must be of kind centre" in line for line in lines), lines


def test_either_too_many_departments_or_too_large_a_team_is_beyond() -> None:
    """Each alone."""
    bundle = compile_pack(load_pack("guancheng"))
    first, *others = bundle.categories
    for change in ({"co": ("x",) * (bounds.CO_DEPARTMENTS + 1)}, {"team": ("x",) * (bounds.TEAM + 1)}):
        one = replace(bundle, categories=(replace(first, **change), *others))  # type: ignore[arg-type]
        assert f"categories.{first.code}: co or team" in beyond(one)
    assert beyond(bundle) == []


def test_a_department_that_stands_twice_in_a_catalogue_is_a_fault(tmp_path: Path) -> None:
    """Twice is too often already."""
    table = catalogue_of(rows(TABLE), "toy", "Toy")
    (tmp_path / FILE).write_text(text_of(table, "made here"), encoding="utf-8")
    whole = load_catalogue(tmp_path)
    doubled = whole.model_copy(update={"departments": [*whole.departments, whole.departments[0]]})
    assert faults(whole) == []
    assert faults(doubled) == [f"departments: {whole.departments[0].code!r} stands 2 times"]


def test_a_grid_has_a_boundary_by_an_address_of_its_own_alone() -> None:
    """Without an outline: an address that lies in another grid, whatever that is called, settles nothing."""
    bundle = compile_pack(load_pack("guancheng"))
    bare = tuple(replace(one, ring=()) for one in bundle.nodes)
    codes = sorted(one.code for one in bare if one.level == bundle.levels[-1])
    for leaf, settled in ((codes[0], False), (codes[1], True), (codes[2], False)):
        law = Law("x@1", replace(bundle, nodes=bare, addresses=(Address("a", 1, 2, leaf),)))
        assert attributes_of(law, codes[1])["boundary"] is settled, leaf


def test_a_place_in_a_file_is_that_of_the_name_itself(tmp_path: Path) -> None:
    """Names stand in no order."""
    (tmp_path / "a.yaml").write_text("zeta: 1\nalpha:\n  - {code: b}\n  - {code: a}\nbeta: 2\n", encoding="utf-8")
    lines = Lines(tmp_path)
    assert [lines.of("a.yaml", where) for where in ("zeta", "alpha", "alpha.a", "beta", "gamma")] == [1, 2, 4, 5, None]


def test_a_long_value_is_shown_to_its_57th_sign() -> None:
    """And one of sixty whole."""
    for length, shown in ((58, "'" + "x" * 58 + "'"), (59, "'" + "x" * 56 + "...")):
        pack = copy.deepcopy(WHOLE) | {"levels": "x" * length}
        with pytest.raises(Exception, match="levels") as fault:
            PackSource(**pack)
        text = worded(fault.value.errors(include_url=False)[0], PackSource)  # type: ignore[attr-defined]
        assert text.endswith(f"found {shown}"), text


def test_a_misspelt_member_may_mean_the_nearest() -> None:
    """Of several the nearest; of nothing like it none."""
    assert meant(PackSource, ("timezon",)) == "timezone"
    assert meant(PackSource, ("xxxxxxxx",)) is None


def test_of_a_lost_file_what_may_be_left_out_is_not_known() -> None:
    """Members that need not stand may have been in it, and are not judged; those that must are mended and told."""
    members = {name: value for name, value in copy.deepcopy(WHOLE).items() if name not in ("alike", "storm", "rules")}
    made = salvage(members, lost=True)
    assert made is not None
    free = {name for name, field in PackSource.model_fields.items() if not field.is_required()}
    assert made[1] == free - set(members)
    again = salvage(members)
    assert again is not None and again[1] == frozenset()


def test_force_majeure_says_why_and_likeness_may_ask_for_the_same_point() -> None:
    """An empty reason is none; nought metres apart is a distance."""
    window = {"since": "2026-07-20T00:00", "until": "2026-07-23T00:00"}
    with pytest.raises(ValueError, match="force_majeure"):
        PackSource(**copy.deepcopy(WHOLE) | {"force_majeure": [window | {"why": ""}]})
    PackSource(**copy.deepcopy(WHOLE) | {"force_majeure": [window | {"why": "flood"}]})
    same = {"id": "same", "minutes": 60, "metres": 0, "score": 90}
    assert PackSource(**copy.deepcopy(WHOLE) | {"alike": [same]}).alike[0].metres == 0


@pytest.mark.parametrize(("one", "other", "faulty"), [(0, 0, False), (0, 1, True), (1, 0, True)])
def test_a_number_lies_in_one_grid(one: int, other: int, faulty: bool) -> None:
    """Named twice for the same grid it does; of two grids, whichever stands first, it does not."""
    leaves = [row["leaf"] for row in WHOLE["addresses"]]
    pair = sorted({leaves[0], next(leaf for leaf in leaves if leaf != leaves[0])})
    street = [{"street": "新街", "first": 1, "last": 9, "leaf": pair[place]} for place in (one, other)]
    lines = said(lambda p: p["addresses"].extend(street))
    assert any("number 1 lies in" in line for line in lines) is faulty, lines


@pytest.mark.parametrize(("budget", "is_found"), [(72, True), (71, False)])
def test_conditions_are_tried_as_often_as_they_may_and_no_more(
    monkeypatch: pytest.MonkeyPatch, budget: int, is_found: bool
) -> None:
    """Two rules that look at the hour: 24 conditions for the first, for the second 24 of its own and 24 of the first.
    With 72 allowed it is found that the second never holds, with one less it is let pass."""
    monkeypatch.setattr(bounds, "TRIED_IN_ALL", budget)
    rules = [
        {"id": name, "when": when, "set": {"urgency": "U2"}} for name, when in (("a", "hour > 5"), ("b", "hour > 24"))
    ]
    lines = said(lambda p: p.update(rules=rules))
    assert any("rules.b" in line and "holds for no incident" in line for line in lines) is is_found, lines


def test_a_value_one_beside_a_number_is_tried() -> None:
    """5001 less one is 5000: 5001 stands nowhere, and the rule holds for it."""
    rule = {"id": "mine", "when": "has(attributes.n) && attributes.n - 1 == 5000", "set": {"urgency": "U2"}}
    assert said(lambda p: p["rules"].append(rule)) == []


def test_a_node_beside_its_parent_is_not_below_it() -> None:
    """A community under a community."""
    home = next(one["code"] for one in WHOLE["nodes"] if one["level"] == WHOLE["home_level"] and one["code"] != "tawan")
    lines = said(lambda p: node(p, "tawan").update(parent=home))
    assert any("nodes.tawan:" in line and "not on a higher level" in line for line in lines), lines


def test_of_a_calendar_without_its_country_nothing_else_is_lost() -> None:
    """What lacks a member that nobody can guess is left out as a whole, and said to be unknown."""
    members = copy.deepcopy(WHOLE)
    del members["calendar"]["country"]
    found = salvage(members)
    assert found is not None and "calendar" in found[1] and found[0].name == "guancheng"
