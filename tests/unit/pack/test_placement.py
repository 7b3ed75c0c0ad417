"""Placing: grid before point before address, the smallest dedicated grid first, and nowhere is a place too (LAW 2)."""

import pytest
from geocoordinates_ffi import geocoordinates_ffi as geo
from msgspec.structs import replace

from rules.law.compiled import Law
from rules.law.placement import Places
from rules.law.walls import wall

SCHOOL = (34.7410, 113.6815)
"""In the school's own grid, which lies over micro-grid dongguannanli-g1-m1."""
OPEN = (34.7401, 113.6801)
"""In dongguannanli-g1-m1, outside the school."""
FORMER_HOME, LATER_HOME = (34.7565, 113.6890), (34.7505, 113.6950)
"""In chengnanlu and in tawan: homes before and behind the school's by their names."""


def test_a_grid_goes_before_a_point(places: Places) -> None:
    """The grid named is the leaf, the point is kept beside it in whole 10⁻⁷ degrees."""
    placed = places.place("dongguannanli-g1-m1", *OPEN, "WGS84", None)
    assert (placed.home, placed.leaf, placed.by, placed.flags) == ("dongguannanli", "dongguannanli-g1-m1", "grid", ())
    assert (placed.lat_e7, placed.lon_e7) == (347_401_000, 1_136_801_000)


@pytest.mark.parametrize(
    ("grid", "point", "flags"),
    [
        ("dongguannanli-g1-m2", OPEN, ("grid_and_point_disagree",)),
        ("tawan", OPEN, ("grid_and_point_disagree",)),
        ("tawan-g1-m1", SCHOOL, ("grid_and_point_disagree",)),
        ("dongguannanli-school", LATER_HOME, ("grid_and_point_disagree",)),
        ("dongguannanli-school", FORMER_HOME, ("grid_and_point_disagree",)),
        ("dongguannanli", OPEN, ()),
        ("dongguannanli-g1", OPEN, ()),
        ("dongguannanli-g1-m1", SCHOOL, ()),
        ("dongguannanli-school", OPEN, ()),
        ("dongguannanli", (10.0, 10.0), ()),
    ],
)
def test_a_disagreement_is_flagged_and_the_grid_wins(
    places: Places, grid: str, point: tuple[float, float], flags: tuple[str, ...]
) -> None:
    """Neither within the other: flagged. A dedicated grid over its own home, or a point outside all outlines, is
    none."""
    placed = places.place(grid, *point, "WGS84", None)
    assert (placed.leaf, placed.by, placed.flags) == (grid, "grid", flags)


def test_the_dedicated_grid_goes_before_the_residential_one(places: Places) -> None:
    """The school's outline lies over a micro-grid: a point in both is the school's."""
    assert places.place(None, *SCHOOL, "WGS84", None).leaf == "dongguannanli-school"
    assert places.place(None, *OPEN, "WGS84", None).leaf == "dongguannanli-g1-m1"


def test_a_point_on_a_border_always_has_the_same_leaf(places: Places) -> None:
    """Four micro-grids meet there; the answer does not depend on any order."""
    assert {places.place(None, 34.7430, 113.6860, "WGS84", None).leaf for _ in range(5)} == {"dongguannanli-g1-m1"}


@pytest.mark.parametrize("crs", ["GCJ02", "BD09"])
def test_chinas_own_systems_are_turned_into_wgs84(places: Places, crs: str) -> None:
    """A point shifted into either system comes back to its leaf, to about a metre; unshifted it would be 500 m off."""
    shifted = geo.convert(geo.coordinate_wgs84(*SCHOOL), getattr(geo.Crs, crs)).coord
    placed = places.place(None, shifted.lat, shifted.lon, crs, None)
    assert placed.leaf == "dongguannanli-school"
    assert placed.lat_e7 is not None
    assert placed.lon_e7 is not None
    assert abs(placed.lat_e7 - 347_410_000) < 200
    assert abs(placed.lon_e7 - 1_136_815_000) < 200
    assert places.place(None, shifted.lat, shifted.lon, "WGS84", None).leaf != "dongguannanli-school"


@pytest.mark.parametrize(
    ("address", "leaf"),
    [
        ("东关南里街12号", "dongguannanli-g1-m1"),
        ("东关南里街　１２　号", "dongguannanli-g1-m1"),
        ("郑州市管城区东关南里街 12 號 3 单元", "dongguannanli-g1-m1"),
        ("城南路105号院3号楼", "chengnanlu-g2-m3"),
        ("城南路105", "chengnanlu-g2-m3"),
        ("紫荆南苑街20号与塔湾街41号之间", "zijingnanyuan-g1-m1"),
    ],
)
def test_an_address_has_one_form(places: Places, address: str, leaf: str) -> None:
    """Full-width digits, blanks, both ways of writing 号, what stands before the street and after the number."""
    placed = places.place(None, None, None, "WGS84", address)
    assert (placed.leaf, placed.by) == (leaf, "address")


@pytest.mark.parametrize(
    "address", ["城南路3号楼", "博爱街与城南路交叉口", "塔湾街999号", "无名路5号", "", "号", "城南路" + "9" * 5000]
)
def test_what_is_no_house_number_is_not_guessed(places: Places, address: str) -> None:
    """A building's number, a crossing, a number nobody has, an unknown street: the desk decides."""
    placed = places.place(None, None, None, "WGS84", address)
    assert (placed.home, placed.leaf, placed.by) == ("unplaced", None, "nothing")


def test_an_unknown_grid_falls_through_to_the_point(places: Places) -> None:
    """Flagged, then by point, then by address."""
    placed = places.place("G-17", *OPEN, "WGS84", None)
    assert (placed.leaf, placed.by, placed.flags) == ("dongguannanli-g1-m1", "point", ("grid_unknown",))
    placed = places.place("G-17", None, None, "WGS84", "城南路105号")
    assert (placed.leaf, placed.by, placed.flags) == ("chengnanlu-g2-m3", "address", ("grid_unknown",))


def test_what_lies_above_homes_is_unplaced(places: Places) -> None:
    """A street or district named alone places nothing; a point with it does."""
    placed = places.place("dongdajie", None, None, "WGS84", None)
    assert (placed.home, placed.leaf, placed.by, placed.flags) == ("unplaced", None, "nothing", ("grid_above_home",))
    assert places.place("guancheng", *OPEN, "WGS84", None).leaf == "dongguannanli-g1-m1"


def test_nothing_at_all_is_unplaced(places: Places) -> None:
    """No grid, no point, no address; half a point is none; a point far away neither."""
    for lat, lon in ((None, None), (34.74, None), (0.0, 0.0), (-90.0, 180.0)):
        placed = places.place(None, lat, lon, "WGS84", None)
        assert (placed.home, placed.leaf, placed.by) == ("unplaced", None, "nothing")


def test_the_side_of_the_wall_is_told_by_the_point(guancheng: Law, places: Places) -> None:
    """The school's own grid lies inside, the micro-grid around it outside; below a grid that says nothing the one above
    does."""
    sides = {"dongguannanli-school": "inside", "dongguannanli-g1": "outside"}
    nodes = tuple(replace(node, wall=sides.get(node.code, "")) for node in guancheng.bundle.nodes)
    law = Law("walls@1", replace(guancheng.bundle, nodes=nodes))
    told = {point: wall(law, str(places.place(None, *point, "WGS84", None).leaf)) for point in (SCHOOL, OPEN)}
    assert told == {SCHOOL: "inside", OPEN: "outside"}
    assert wall(law, "tawan-g1-m1") == ""
