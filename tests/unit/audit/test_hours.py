"""Working time by the auditor's own reckoning."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.audit.hours import OpenHours
from topics.pack import Calendar

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000


def at(text: str) -> int:
    """A wall-clock moment in Shanghai."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


@pytest.fixture(scope="module")
def hours() -> OpenHours:
    """2026 with plain weeks: 1 January is a Thursday."""
    year = "".join("1111100"[(3 + n) % 7] for n in range(365))
    return OpenHours(Calendar("plain", "Asia/Shanghai", ((480, 720), (840, 1080)), 480, {"2026": year}))


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-03-02T08:00", 4 * HOUR, "2026-03-02T12:00"),
        ("2026-03-02T08:00:01", 4 * HOUR, "2026-03-02T14:00:01"),
        ("2026-03-02T12:30", HOUR, "2026-03-02T15:00"),
        ("2026-03-02T07:00", 8 * HOUR, "2026-03-02T18:00"),
        ("2026-03-06T17:00", 2 * HOUR, "2026-03-09T09:00"),
        ("2026-03-07T10:00", 0, "2026-03-07T10:00"),
        ("2026-03-02T08:00", 40 * HOUR, "2026-03-06T18:00"),
    ],
)
def test_work_ends_where_the_clock_on_the_wall_says(hours: OpenHours, start: str, length: int, end: str) -> None:
    """Four work hours from 08:00 end at 12:00 and not at 14:00; nights, lunch and weekends do not count."""
    assert hours.after(at(start), length) == at(end)


def test_beyond_the_table_nothing_is_guessed(hours: OpenHours) -> None:
    """A moment outside the calendar's years has no answer."""
    assert hours.after(at("2026-12-31T17:00"), 2 * HOUR) is None
    assert hours.after(at("2025-12-31T10:00"), HOUR) is None
    assert hours.opening(at("2027-01-01T10:00")) is None


def test_the_next_opening(hours: OpenHours) -> None:
    """Open moments are their own opening; lunch waits until 14:00, Saturday until Monday."""
    assert hours.opening(at("2026-03-02T09:00")) == at("2026-03-02T09:00")
    assert hours.opening(at("2026-03-02T12:00")) == at("2026-03-02T14:00")
    assert hours.opening(at("2026-03-07T10:00")) == at("2026-03-09T08:00")
