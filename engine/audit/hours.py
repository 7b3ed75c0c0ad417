"""Working time as one sorted list of open intervals, cut from the pack's dated tables (LAW 4)."""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from topics.ids import Instant
from topics.pack import Calendar

MINUTE_MS = 60_000


class OpenHours:
    """All spans in which the city works, with what has been worked before each: sums answer every question.

    Beyond the years of the table nothing is known, and the answer is ``None``.
    """

    def __init__(self, calendar: Calendar) -> None:
        """Lay out every working span of every year of the table."""
        zone = ZoneInfo(calendar.timezone)
        spans = [
            (_moment(day, opens, zone), _moment(day, closes, zone))
            for year in sorted(calendar.years, key=int)
            for day in _worked_days(int(year), calendar.years[year])
            for opens, closes in calendar.hours
        ]
        self._opens = [begin for begin, _ in spans]
        self._closes = [end for _, end in spans]
        self._before = [0, *accumulate(end - begin for begin, end in spans)]
        years = sorted(int(year) for year in calendar.years)
        self._first = _moment(date(years[0], 1, 1), 0, zone) if years else 0
        self._last = _moment(date(years[-1] + 1, 1, 1), 0, zone) if years else 0

    def _worked(self, at: Instant) -> int:
        """Working milliseconds from the beginning of the table to a moment."""
        index = bisect_right(self._opens, at) - 1
        if index < 0:
            return 0
        return self._before[index] + min(at, self._closes[index]) - self._opens[index]

    def after(self, start: Instant, length_ms: int) -> Instant | None:
        """The first moment by which that much has been worked since ``start``; at once when nothing is left to work."""
        if length_ms <= 0:
            return start
        if not self._first <= start < self._last:
            return None
        goal = self._worked(start) + length_ms
        low, high = 0, len(self._opens)
        while low < high:  # the first span at whose end the goal is reached
            middle = (low + high) // 2
            if self._before[middle + 1] >= goal:
                high = middle
            else:
                low = middle + 1
        return None if low == len(self._opens) else self._opens[low] + goal - self._before[low]

    def opening(self, at: Instant) -> Instant | None:
        """The moment itself where the city works, else the next opening."""
        if not self._first <= at < self._last:
            return None
        index = bisect_right(self._opens, at) - 1
        if index >= 0 and at < self._closes[index]:
            return at
        return self._opens[index + 1] if index + 1 < len(self._opens) else None


def _worked_days(year: int, table: str) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n, mark in enumerate(table) if mark == "1"]


def _moment(day: date, minutes: int, zone: ZoneInfo) -> Instant:
    """Milliseconds since 1970 UTC of a wall-clock minute of a day; 24:00 is the next midnight."""
    days, rest = divmod(minutes, 1440)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return (local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
