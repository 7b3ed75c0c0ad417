"""Every day of the shipped calendars against the city's own list of days off, written here a second time."""

from datetime import date, timedelta

import pytest

from rules.rulepack.compiler import compile_pack
from rules.rulepack.loader import load_pack


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th such weekday of a month; from its end where n is negative."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = date(year, month, 28) + timedelta(4)
    last -= timedelta(last.day)
    return last - timedelta((last.weekday() - weekday) % 7)


def observed(day: date) -> date:
    """Saturday's holiday is Friday's, Sunday's is Monday's."""
    return day + timedelta({5: -1, 6: 1}.get(day.weekday(), 0))


def los_angeles(year: int) -> set[date]:
    """Administrative Code of the City of Los Angeles, 4.119; Juneteenth since 2022."""
    fixed = [(1, 1), (7, 4), (11, 11), (12, 25)] + ([(6, 19)] if year >= 2022 else [])
    moving = [(1, 0, 3), (2, 0, 3), (3, 0, -1), (5, 0, -1), (9, 0, 1), (10, 0, 2), (11, 3, 4)]
    days = {observed(date(year, month, day)) for month, day in fixed} | {observed(date(year + 1, 1, 1))}
    days |= {nth(year, *one) for one in moving}
    return days | {nth(year, 11, 3, 4) + timedelta(1)}


def test_los_angeles_works_on_every_day_the_city_does() -> None:
    """Each day of fourteen years: weekends and the city's thirteen are off; 15 February, an observance, is worked."""
    calendar = compile_pack(load_pack("los-angeles")).calendar
    assert set(calendar.years) == {str(year) for year in range(2017, 2031)}
    wrong = []
    for year, row in calendar.years.items():
        off = los_angeles(int(year))
        for n, worked in enumerate(row):
            day = date(int(year), 1, 1) + timedelta(n)
            if (worked == "1") != (day.weekday() < 5 and day not in off):
                wrong.append(day)
    assert wrong == []
    assert calendar.years["2018"][(date(2018, 2, 15) - date(2018, 1, 1)).days] == "1"


STATE_COUNCIL = {
    2025: (
        ["01-01", "01-28:02-04", "04-04:04-06", "05-01:05-05", "05-31:06-02", "10-01:10-08"],
        ["01-26", "02-08", "04-27", "09-28", "10-11"],
    ),
    2026: (
        ["01-01:01-03", "02-15:02-23", "04-04:04-06", "05-01:05-05", "06-19:06-21", "09-25:09-27", "10-01:10-07"],
        ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
    ),
}
"""The notices of the State Council: days off, and weekend days that are worked for them."""


@pytest.mark.parametrize("pack", ["guancheng", "heshan", "jiamusi", "liangcheng", "xushi"])
def test_chinese_cities_work_on_every_day_of_the_notice(pack: str) -> None:
    """Each day of 2025 and 2026."""
    years = compile_pack(load_pack(pack)).calendar.years
    for year, (spans, swapped) in STATE_COUNCIL.items():
        off: set[date] = set()
        for span in spans:
            first, _, last = span.partition(":")
            begin, end = date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year}-{last or first}")
            off |= {begin + timedelta(n) for n in range((end - begin).days + 1)}
        worked = {date.fromisoformat(f"{year}-{day}") for day in swapped}
        for n, mark in enumerate(years[str(year)]):
            day = date(year, 1, 1) + timedelta(n)
            assert (mark == "1") == (day in worked or (day.weekday() < 5 and day not in off)), day
