"""The working calendar is exact: it agrees with a count of every minute, over swapped Saturdays, lunch, and clock
changes."""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.law.work_calendar import MINUTE_MS, WorkCalendar, _moment
from rules.rulepack.compiler import compile_pack
from rules.rulepack.loader import load_pack
from topics.pack import Calendar

DAY_MIN = 24 * 60


class Oracle:
    """Every minute of some days, asked one by one whether it is worked: wall clock, weekday, table, nothing else."""

    def __init__(self, calendar: Calendar, first: date, days: int) -> None:
        """Walk the minutes in UTC from local midnight of the first day."""
        zone = ZoneInfo(calendar.timezone)
        self.start = int(datetime(first.year, first.month, first.day, tzinfo=zone).timestamp()) * 1000
        self.worked = []
        for n in range(days * DAY_MIN):
            local = datetime.fromtimestamp(self.start / 1000 + 60 * n, UTC).astimezone(zone)
            at_work = calendar.years[str(local.year)][local.timetuple().tm_yday - 1] == "1"
            minute = local.hour * 60 + local.minute
            self.worked.append(at_work and any(opens <= minute < closes for opens, closes in calendar.hours))
        self.before = [0]
        for worked in self.worked:
            self.before.append(self.before[-1] + worked)

    def total(self, minute: int) -> int:
        """Worked minutes before this one."""
        return self.before[minute]

    def end(self, start: int, minutes: int) -> int | None:
        """The first minute by which so many worked minutes have passed."""
        wanted = self.before[start] + minutes
        found = bisect_left(self.before, wanted, start)
        return found if found < len(self.before) else None


@cache
def guancheng() -> tuple[WorkCalendar, Oracle]:
    """China, autumn 2025: the Golden Week with its swapped weekend days (28 September, 11 October)."""
    calendar = compile_pack(load_pack("guancheng")).calendar
    return WorkCalendar(calendar), Oracle(calendar, date(2025, 9, 15), 40)


@cache
def los_angeles(autumn: bool) -> tuple[WorkCalendar, Oracle]:
    """Los Angeles over both changes of the clock, worked even at the hour that is skipped or comes twice."""
    shipped = compile_pack(load_pack("los-angeles")).calendar
    calendar = Calendar("test", shipped.timezone, ((60, 210), (480, 720), (780, 1020)), 150 + 480, {"2018": "1" * 365})
    return WorkCalendar(calendar), Oracle(calendar, date(2018, 10, 30) if autumn else date(2018, 3, 7), 12)


def check(calendar: WorkCalendar, oracle: Oracle, start: int, minutes: int, span: int) -> None:
    """One start, one amount, one span against the oracle."""
    at = oracle.start + start * MINUTE_MS
    until = min(start + span, len(oracle.worked))
    assert (
        calendar.between(at, oracle.start + until * MINUTE_MS)
        == (oracle.total(until) - oracle.total(start)) * MINUTE_MS
    )
    assert calendar.is_open(at) == oracle.worked[start]
    end = oracle.end(start, minutes)
    if end is not None:
        got = calendar.add(at, minutes * MINUTE_MS)
        assert got == oracle.start + end * MINUTE_MS
        assert got is not None
        assert calendar.between(at, got) == minutes * MINUTE_MS
        assert minutes == 0 or calendar.between(at, got - 1) == minutes * MINUTE_MS - 1
    opening = next((n for n in range(start, len(oracle.worked)) if oracle.worked[n]), None)
    if opening is not None:
        assert calendar.next_open(at) == oracle.start + opening * MINUTE_MS


@settings(deadline=None)
@given(st.integers(0, 40 * DAY_MIN - 1), st.integers(0, 20 * 480), st.integers(0, 40 * DAY_MIN))
def test_china_agrees_with_a_count_of_minutes(start: int, minutes: int, span: int) -> None:
    """Deadline, working time between two moments, opening: as counted minute by minute, swapped weekends and lunch
    included."""
    check(*guancheng(), start, minutes, span)


@settings(deadline=None)
@given(st.booleans(), st.integers(0, 12 * DAY_MIN - 1), st.integers(0, 5 * 630), st.integers(0, 12 * DAY_MIN))
def test_the_change_of_the_clock_agrees_with_a_count_of_minutes(
    autumn: bool, start: int, minutes: int, span: int
) -> None:
    """The hour that is skipped in spring is not worked, the one that comes twice in autumn counts twice."""
    check(*los_angeles(autumn), start, minutes, span)


@settings(deadline=None)
@given(
    st.integers(0, 39 * DAY_MIN * MINUTE_MS), st.integers(1, 4 * 480 * MINUTE_MS), st.integers(0, 4 * 480 * MINUTE_MS)
)
def test_amounts_add_up_to_the_millisecond(start: int, one: int, two: int) -> None:
    """Waiting twice is waiting for the sum, and nothing is lost between minutes."""
    calendar, oracle = guancheng()
    at = oracle.start + start
    first = calendar.add(at, one)
    assert first is not None
    assert calendar.between(at, first) == one
    assert calendar.add(first, two) == (calendar.add(at, one + two) if two else first)


def moment(text: str) -> int:
    """Shanghai time as an instant."""
    return int(datetime.fromisoformat(text + "+08:00").timestamp()) * 1000


def test_four_work_hours_from_eight_end_at_noon() -> None:
    """An amount that fits the morning ends with it, not after lunch; nothing at all ends at once; five hours end at
    three."""
    calendar, _ = guancheng()
    eight = moment("2025-09-16T08:00:00")
    assert calendar.add(eight, 4 * 60 * MINUTE_MS) == moment("2025-09-16T12:00:00")
    assert calendar.add(eight, 0) == eight
    assert calendar.add(eight, 5 * 60 * MINUTE_MS) == moment("2025-09-16T15:00:00")


def test_a_swapped_sunday_is_worked_and_the_festival_is_not() -> None:
    """28 September 2025, a Sunday, is worked; 1 to 8 October are off; 11 October, a Saturday, is worked again."""
    calendar, _ = guancheng()
    assert calendar.is_open(moment("2025-09-28T09:00:00"))
    assert not any(calendar.is_open(moment(f"2025-10-{day:02d}T09:00:00")) for day in range(1, 9))
    assert calendar.is_open(moment("2025-10-11T09:00:00"))
    assert calendar.next_open(moment("2025-09-30T18:00:00")) == moment("2025-10-09T08:00:00")


def test_beyond_the_calendars_years_nothing_is_guessed() -> None:
    """A deadline past the last known day, or a start outside the years, has no answer."""
    calendar = WorkCalendar(Calendar("t", "UTC", ((480, 720),), 240, {"2026": "1" * 365}))
    last = int((datetime(2026, 12, 31, 8, tzinfo=UTC)).timestamp()) * 1000
    assert calendar.add(last, 240 * MINUTE_MS) == last + 240 * MINUTE_MS
    assert calendar.add(last, 240 * MINUTE_MS + 1) is None
    assert calendar.add(int((datetime(2027, 1, 1, tzinfo=UTC)).timestamp()) * 1000, 1) is None
    assert calendar.add(int((datetime(2025, 12, 31, tzinfo=UTC)).timestamp()) * 1000, 1) is None
    assert calendar.next_open(last + int(timedelta(hours=4).total_seconds()) * 1000) is None


@pytest.mark.parametrize(
    ("zone", "year"),
    [
        ("Asia/Shanghai", 1988),
        ("America/Los_Angeles", 2018),
        ("America/Sao_Paulo", 2017),
        ("America/St_Johns", 2006),
        ("Africa/Casablanca", 2024),
        ("Asia/Beirut", 2021),
        ("Australia/Lord_Howe", 2024),
        ("Pacific/Apia", 2011),
    ],
)
def test_every_span_is_by_the_wall_clock(zone: str, year: int) -> None:
    """Also where the clock is set at midnight or a minute after it, by half an hour, twice around a month, or a day is
    left out: as each moment by itself says."""
    hours = ((0, 1), (30, 90), (120, 480), (1380, 1440))
    calendar = WorkCalendar(Calendar("test", zone, hours, 480, {str(year): "1" * (365 + (year % 4 == 0))}))
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365 + (year % 4 == 0))]
    exact = [tuple(_moment(day, at, ZoneInfo(zone)) for at in span) for day in days for span in hours]
    assert list(zip(calendar._opens, calendar._closes, strict=True)) == exact
