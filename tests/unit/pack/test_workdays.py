"""Working days come from the libraries as dated tables; a pack may say otherwise for single days; nothing is
guessed."""

from datetime import date

import pytest

from rules.rulepack.compiler import compile_pack
from rules.rulepack.holidays import working_years
from rules.rulepack.model import PackSource
from rules.rulepack.parts import CalendarSource
from tests.unit.pack.sowing import WHOLE


def worked(years: dict[str, str], day: str) -> bool:
    """Whether a table says a day is worked."""
    when = date.fromisoformat(day)
    return years[str(when.year)][when.timetuple().tm_yday - 1] == "1"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-10-01", False),
        ("2025-09-28", True),
        ("2025-10-11", True),
        ("2025-10-12", False),
        ("2026-02-17", False),
        ("2026-11-24", True),
    ],
)
def test_china_with_its_swapped_weekends(day: str, expected: bool) -> None:
    """National Day off, the Sunday and the Saturday that pay for it worked, the next Sunday off again."""
    assert worked(working_years("CN", None, 2025, 2026)[0], day) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2018-01-01", False), ("2018-01-02", True), ("2018-07-04", False), ("2018-11-22", False), ("2018-01-06", False)],
)
def test_los_angeles_with_its_holidays(day: str, expected: bool) -> None:
    """Federal and Californian days off, and weekends."""
    assert worked(working_years("US", "CA", 2018, 2018)[0], day) is expected


def test_years_are_whole_and_only_known_ones() -> None:
    """One character a day, leap years too; years nobody has decreed yet are left out."""
    years, name = working_years("CN", None, 2024, 2199)
    assert len(years["2024"]) == 366
    assert len(years["2025"]) == 365
    assert "2199" not in years
    assert name.startswith("chinesecalendar-CN@")
    assert working_years("XX", None, 2024, 2025)[0] == {}


def test_a_pack_may_say_otherwise_for_single_days() -> None:
    """A day worked although the table says off, and the other way about; nothing else moves, and the hash does."""
    source = PackSource(**WHOLE)
    own = source.calendar.model_dump() | {"worked": [date(2026, 10, 1)], "off": [date(2026, 11, 24)]}
    changed = compile_pack(PackSource(**{**WHOLE, "calendar": CalendarSource(**own).model_dump()}))
    before, after = compile_pack(source).calendar.years, changed.calendar.years
    assert worked(after, "2026-10-01")
    assert not worked(after, "2026-11-24")
    assert sum(a != b for a, b in zip(before["2026"], after["2026"], strict=True)) == 2
