"""Working time day by day: walk through the first day, jump over whole ones, walk through the last (LAW 4)."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from topics.ids import Instant
from topics.pack import Calendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_MS = 60_000


class OpenHours:
    """The days a city works, by their ordinals; every worked day has the same spans by the clock on the wall.

    Beyond the years of the table nothing is known, and the answer is ``None``.
    """

    def __init__(self, calendar: Calendar) -> None:
        """Pick the worked days out of the pack's tables."""
        self._calendar, self._zone = calendar, ZoneInfo(calendar.timezone)
        self._hours = calendar.hours
        self._day_ms = sum(closes - opens for opens, closes in calendar.hours) * MINUTE_MS
        self._days = [
            date(int(year), 1, 1).toordinal() + n
            for year in sorted(calendar.years, key=int)
            for n, mark in enumerate(calendar.years[year])
            if mark == "1"
        ]
        years = sorted(map(int, calendar.years))
        self._covered = (
            range(date(years[0], 1, 1).toordinal(), date(years[-1] + 1, 1, 1).toordinal()) if years else range(0)
        )
        self._spans = cache(self._lay_out)

    @cached_property
    def guessed(self) -> "OpenHours":
        """The same with ten further years of plain weeks, for reminders beyond what is known."""
        years = dict(self._calendar.years)
        for year in range(max(map(int, years), default=0) + 1, max(map(int, years), default=-11) + 11):
            days = range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
            years[str(year)] = "".join("0" if day % 7 in (6, 0) else "1" for day in days)  # ordinal 1 was a Monday
        return OpenHours(replace(self._calendar, years=years))

    def begins(self, hours: str, at: Instant, timezone: str) -> Instant:
        """The moment itself within somebody's hours of the day (``always``, ``HH:MM-HH:MM``), else when they begin."""
        if hours == "always":
            return at
        zone = ZoneInfo(timezone)
        local = (EPOCH + timedelta(milliseconds=at)).astimezone(zone)
        start, end = (time.fromisoformat(part) for part in hours.split("-"))
        now = local.time().replace(second=0, microsecond=0)
        if (start <= now < end) if start <= end else (now >= start or now < end):
            return at
        day = local.date() + timedelta(days=now >= start)
        return (datetime.combine(day, start, zone).astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)

    def _lay_out(self, day: int) -> list[tuple[Instant, Instant]]:
        """The working spans of one day."""
        return [(self._moment(day, opens), self._moment(day, closes)) for opens, closes in self._hours]

    def _moment(self, day: int, minutes: int) -> Instant:
        """Milliseconds since 1970 UTC of a wall-clock minute of a day; 24:00 is the next midnight."""
        local = datetime.combine(
            date.fromordinal(day + minutes // 1440), time(minutes % 1440 // 60, minutes % 60), self._zone
        )
        return (local.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)

    def _day_of(self, at: Instant) -> int:
        return (EPOCH + timedelta(milliseconds=at)).astimezone(self._zone).toordinal()

    def after(self, start: Instant, length_ms: int) -> Instant | None:
        """The first moment by which that much has been worked since ``start``; at once when nothing is left to work."""
        if length_ms <= 0:
            return start
        today = self._day_of(start)
        if today not in self._covered:
            return None
        left, index = length_ms, bisect_left(self._days, today)
        if index < len(self._days) and self._days[index] == today:
            for opens, closes in self._spans(today):
                begin = max(start, opens)
                if left <= closes - begin:
                    return begin + left
                left -= max(0, closes - begin)
            index += 1
        # the last millisecond stays: 8 h end today, not at tomorrow's opening
        whole_days, left = divmod(left - 1, self._day_ms)
        return self._within(index + whole_days, left + 1)

    def _within(self, index: int, left: int) -> Instant | None:
        """The moment by which that much of a worked day has passed."""
        if index >= len(self._days):
            return None
        for opens, closes in self._spans(self._days[index]):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        return None

    def worked(self, start: Instant, end: Instant) -> int:
        """Milliseconds worked in ``[start, end)``, day by day."""
        first, last = self._day_of(start), self._day_of(end)
        days = self._days[bisect_left(self._days, first) : bisect_left(self._days, last + 1)]
        return sum(max(0, min(end, closes) - max(start, opens)) for day in days for opens, closes in self._spans(day))

    def opening(self, at: Instant) -> Instant | None:
        """The moment itself where the city works, else the next opening."""
        for day in self._days[(index := bisect_left(self._days, self._day_of(at))) : index + 2]:
            for opens, closes in self._spans(day):
                if at < closes:
                    return max(at, opens)
        return None
