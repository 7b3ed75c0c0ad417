"""What the two shipped packs say, held against the law and against the data they come from."""

from collections import Counter, defaultdict

import pytest

from rules.law.compiled import Law
from rules.law.placement import Places
from rules.law.split import eligible
from rules.rulepack.compiler import compile_pack, pack_ref
from rules.rulepack.loader import load_pack
from rules.rulepack.validation.run_all import faults

DEPARTMENTS = {"城管", "公安", "住建", "市场监管", "消防", "环保", "交通", "民政", "卫健", "水务", "电力", "燃气"}
SIX = {"党建引领", "矛盾调处", "民生服务", "社会治安", "城建物业", "综合执法"}


@pytest.mark.parametrize("name", ["guancheng", "los-angeles"])
def test_a_shipped_pack_is_sound_and_its_hash_stands(name: str) -> None:
    """No faults; compiling it twice gives the same bytes, so the same name."""
    assert faults(load_pack(name)) == []
    assert pack_ref(compile_pack(load_pack(name))) == pack_ref(compile_pack(load_pack(name)))


@pytest.mark.parametrize("name", ["guancheng", "los-angeles"])
def test_every_lead_and_helper_exists(name: str) -> None:
    """Each category's departments are the pack's, and each of them has at least two people."""
    law = Law(name, compile_pack(load_pack(name)))
    for category in law.categories.values():
        assert category.lead is not None
        assert {category.lead, *category.co} <= set(law.departments)
    for code in law.departments:
        assert len(law.roster("department", law.bundle.unplaced, org=code)) >= 2


def test_guancheng_is_the_district_of_the_issue(guancheng: Law) -> None:
    """Streets, communities, levels, shares, departments, six classes, and micro-grids of 50 to 70 households."""
    nodes = guancheng.nodes.values()
    assert {n.label_zh for n in nodes if n.level == "street"} == {"东大街街道", "陇海马路街道", "紫荆山南路街道"}
    homes = {n.label_zh for n in guancheng.homes.values()}
    assert {"东关南里社区", "城南路社区", "博爱街社区", "塔湾社区"} <= homes
    assert len(homes) >= 7
    assert guancheng.bundle.levels[1:] == ("street", "community", "grid", "micro_grid")
    assert {s.code: s.share for s in guancheng.shares} == {
        "residents": 20,
        "specialist": 30,
        "red_property": 40,
        "backstop": 10,
    }
    assert guancheng.per == 2520
    assert {d.label_zh for d in guancheng.departments.values()} == DEPARTMENTS
    assert {c.group for c in guancheng.categories.values()} == SIX
    assert {c.urgency for c in guancheng.categories.values()} == {"U1", "U2", "U3", "U4"}
    assert all(50 <= (n.households or 0) <= 70 for n in nodes if n.level == "micro_grid" and n.kind == "residential")


def test_guancheng_splits_among_all_four_nearly_everywhere(guancheng: Law) -> None:
    """In every grid of every home, every category without restrictions may go to each party; most have none."""
    free = [c for c in guancheng.categories.values() if not c.parties and not c.skill]
    assert len(free) >= 20
    leaves = [n.code for n in guancheng.nodes.values() if n.level == "micro_grid"]
    for leaf in leaves:
        home = guancheng.home_of(leaf)
        assert home is not None
        assert all(len(eligible(guancheng, category, leaf, home)[0]) == 4 for category in free), leaf


def test_guancheng_whistles_to_two_departments_when_life_is_at_stake(guancheng: Law) -> None:
    """U1 calls a lead and at least one helper, and somebody of each is on duty at three in the morning."""
    night = 1_772_737_200_000  # 2026-03-06 03:00 in Shanghai
    assert guancheng.local_hour(night) == 3
    for category in guancheng.categories.values():
        if category.urgency == "U1":
            assert category.lead is not None
            assert category.co
            for code in (category.lead, *category.co):
                assert any(guancheng.on_duty(e, night) for e in guancheng.roster("department", "tawan", org=code)), code
    for role in ("desk", "chief", "centre", "street"):
        assert any(guancheng.on_duty(e, night) for e in guancheng.roster(role, "tawan")), role


def test_los_angeles_leads_are_the_owners_of_the_data(los_angeles: Law, rows: list[dict[str, str]]) -> None:
    """Every row of a type with one owner: its lead is that owner. Two owners: the majority's, and said so."""
    owners: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        owners[row["request_type"]][row["owner"].lower()] += 1
    assert len(rows) == 10_000
    assert len(owners) == 12
    for request_type, counted in owners.items():
        code = los_angeles.category_code(request_type)
        assert code is not None, request_type
        category = los_angeles.categories[code]
        assert category.lead is not None and category.lead in counted
        assert counted[category.lead] == max(counted.values())
        assert category.lead_by_majority == (len(counted) > 1)
    assert set(los_angeles.departments) == {row["owner"].lower() for row in rows}


def test_los_angeles_homes_are_the_councils_of_the_data(los_angeles: Law, rows: list[dict[str, str]]) -> None:
    """Each council is a home under the commission with most of its requests, by its real name; nothing else is a home
    but the unplaced one."""
    commissions: dict[str, Counter[str]] = defaultdict(Counter)
    names = {}
    for row in rows:
        if row["nc"]:
            commissions[f"nc{int(row['nc']):03d}"][row["apc"]] += 1
            names[f"nc{int(row['nc']):03d}"] = row["nc_name"]
    assert set(los_angeles.homes) == {*commissions, "unplaced"}
    for code, counted in commissions.items():
        assert los_angeles.homes[code].label.upper() == names[code].upper()
        street = los_angeles.street_of(code)
        assert street is not None
        assert counted[los_angeles.nodes[street].label] == max(counted.values())


def test_every_row_of_los_angeles_is_placed(los_angeles: Law, rows: list[dict[str, str]]) -> None:
    """By its council, which is leaf and home at once; the 138 rows without one go to the unplaced home."""
    where = Places(los_angeles.bundle)
    found: Counter[str] = Counter()
    for row in rows:
        placed = where.place(
            f"nc{int(row['nc']):03d}" if row["nc"] else None,
            float(row["lat"] or 0),
            float(row["lon"] or 0),
            "WGS84",
            None,
        )
        found[placed.by] += 1
        assert placed.home == (placed.leaf or "unplaced")
        assert not placed.flags
    assert found == {"grid": sum(1 for row in rows if row["nc"]), "nothing": sum(1 for row in rows if not row["nc"])}


def test_los_angeles_follows_its_section_of_the_law(los_angeles: Law) -> None:
    """LAW 8: what is split and what starts at its department, limits, promises, no accept clock, both ladders."""
    limits = {c.label: (c.limit.amount, c.limit.unit) for c in los_angeles.categories.values()}
    days = {
        "Bulky Items": 5,
        "Graffiti Removal": 3,
        "Illegal Dumping Pickup": 5,
        "Metal/Household Appliances": 7,
        "Electronic Waste": 7,
        "Homeless Encampment": 90,
        "Dead Animal Removal": 1,
        "Single Streetlight Issue": 7,
        "Multiple Streetlight Issue": 7,
        "Report Water Waste": 5,
        "Other": 10,
        "Feedback": 10,
    }
    assert limits == {label: (n, "urgent_day") for label, n in days.items()}
    split = {c.label for c in los_angeles.categories.values() if c.starts_at == "split"}
    assert split == set(list(days)[:5])
    assert all(
        c.starts_at == "department" and c.ladder == "owned"
        for c in los_angeles.categories.values()
        if c.label not in split
    )
    assert [c.label for c in los_angeles.categories.values() if not c.promise_counts] == ["Graffiti Removal"]
    assert set(los_angeles.bundle.clocks["accept"].values()) == {None}
    assert [tier.kind for tier in los_angeles.ladder("default")] == ["parties", "parties", "owner", "centre"]
    assert [tier.kind for tier in los_angeles.ladder("owned")] == ["owner", "centre"]


def test_a_council_is_its_own_leaf(los_angeles: Law) -> None:
    """Where homes are the smallest grids, the way up, the home and the split all start at the home itself."""
    assert los_angeles.home_of("nc055") == "nc055"
    assert los_angeles.path("nc055") == ("nc055", "central", "los_angeles")
    assert eligible(los_angeles, los_angeles.categories["bulky_items"], "nc055", "nc055")[0] == (
        "red_property",
        "specialist",
        "residents",
        "backstop",
    )
