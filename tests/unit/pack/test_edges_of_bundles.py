"""A bundle at its bounds may be compiled; one beyond any of them may not, and says which (LAW 8)."""

from typing import Any

import pytest
from msgspec.structs import replace

from rules.rulepack import bundle_check
from rules.rulepack.bundle_check import beyond
from tests.support.city import city_bundle
from topics import bounds
from topics.pack import Alike, ForceMajeure, Limit, PackBundle, Rule

BUNDLE = city_bundle()
ONE: dict[str, Any] = {
    "force_majeure": ForceMajeure(0, 1), "alike": Alike("a", 1, 1, 1), "rules": Rule("r", "true", {}, ()),
    "addresses": None, "attributes": "a", "dismiss_reasons": "no",
}  # fmt: skip


def lines(where: str, **changes: Any) -> list[str]:
    """What is beyond there."""
    return [line for line in beyond(replace(BUNDLE, **changes)) if line.startswith(where)]


@pytest.mark.parametrize(("name", "most"), sorted(bundle_check._MOST.items()))
def test_so_many_and_not_one_more(name: str, most: int) -> None:
    """Of everything that a bundle lists."""
    for n, is_beyond in ((most, False), (most + 1, True)):
        one = ONE.get(name) or (getattr(BUNDLE, name) or ("x",))[0] if name != "ladders" else None
        many = {str(place): () for place in range(n)} if name == "ladders" else (one,) * n
        assert bool(lines(f"{name}: ", **{name: many})) is is_beyond, (name, n)


TIMES = {**bundle_check._TIMES, "reopen_days": 3660, "promise_floor_minutes": bounds.LIMIT_MINUTES}


@pytest.mark.parametrize(("name", "most"), sorted({**TIMES, "leg_floor_units": 1000}.items()))
def test_from_nought_to_so_much(name: str, most: int) -> None:
    """Of everything that a bundle counts."""
    found = [bool(lines(f"{name}: ", **{name: n})) for n in (-1, 0, most, most + 1)]
    assert found == [True, False, False, True]


def first(name: str, **changes: Any) -> dict[str, Any]:
    """The bundle's first entry of a list, changed."""
    entries = getattr(BUNDLE, name)
    return {name: (replace(entries[0], **changes), *entries[1:])}


def calendar(**changes: Any) -> dict[str, Any]:
    """Its calendar, changed."""
    return {"calendar": replace(BUNDLE.calendar, **changes)}


YEARS = {**{str(year): "1" * 366 for year in range(1970, 2201)}, **{f"0{year}": "1" for year in range(1970, 1989)}}
MOST = bounds.LIMIT_MINUTES
BEYOND = (0, MOST + 1)
CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("rungs", {"rungs": {"resolve": tuple(range(1, bounds.RUNGS + 1))}}, False),
    ("rungs", {"rungs": {"resolve": tuple(range(1, bounds.RUNGS + 2))}}, True),
    ("rungs", {"rungs": {"resolve": (1, bounds.RUNG_PERCENT)}}, False),
    ("rungs", {"rungs": {"resolve": (0,)}}, True),
    ("rungs", {"rungs": {"resolve": (bounds.RUNG_PERCENT + 1,)}}, True),
    ("ladders.x", {"ladders": {"x": (None,) * bounds.LADDER}}, False),
    ("ladders.x", {"ladders": {"x": (None,) * (bounds.LADDER + 1)}}, True),
    *[("shares", first("shares", share=n), n in (-1, 101)) for n in (-1, 0, 100, 101)],
    *[("categories", first("categories", limit=Limit(n, "minute")), n in BEYOND) for n in (*BEYOND, 1, MOST)],
    *[("nodes", first("nodes", ring=((n, 0),)), abs(n) > 1_800_000_000) for n in (1_800_000_000, -1_800_000_001)],
    *[("nodes", first("nodes", ring=((0, n),)), abs(n) > 900_000_000) for n in (-900_000_000, 900_000_001)],
    ("nodes", first("nodes", ring=((0, 0),) * bounds.OUTLINE_POINTS), False),
    ("nodes", first("nodes", ring=((0, 0),) * (bounds.OUTLINE_POINTS + 1)), True),
    ("calendar.years", calendar(years=YEARS), False),
    ("calendar.years", calendar(years={**YEARS, "02000": "1"}), True),
    ("calendar.years", calendar(years={"2026": "1" * 367}), True),
    *[("calendar.years", calendar(years={year: "1"}), True) for year in ("1969", "2201", "x", "２０２６")],
    ("calendar.hours", calendar(hours=((0, 1440),) * bounds.CALENDAR_SPANS), False),
    ("calendar.hours", calendar(hours=((0, 1440),) * (bounds.CALENDAR_SPANS + 1)), True),
    *[("calendar.hours", calendar(hours=(span,)), True) for span in ((-1, 10), (10, 10), (0, 1441))],
    *[
        ("force_majeure", {"force_majeure": (ForceMajeure(since, until),)}, is_beyond)
        for since, until, is_beyond in (
            (bounds.FIRST_MOMENT, bounds.LAST_MOMENT, False), (bounds.FIRST_MOMENT - 1, 1, True),
            (1, bounds.LAST_MOMENT + 1, True), (1, 1, True),
        )
    ],
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "changes", "is_beyond"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)]
)
def test_an_edge_is_within_and_the_next_is_not(where: str, changes: dict[str, Any], is_beyond: bool) -> None:
    """Rungs, ladders, shares, limits, outlines, the calendar and its windows."""
    assert bool(lines(where, **changes)) is is_beyond


def test_the_town_itself_is_within() -> None:
    """Or the rest shows nothing."""
    assert isinstance(BUNDLE, PackBundle) and beyond(BUNDLE) == []
