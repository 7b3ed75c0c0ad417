"""Working time as arithmetic: when so many milliseconds of it have passed, and how many lie between two moments (LAW
4)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from topics.ids import Instant
from topics.pack import Calendar

MINUTE_MS, DAY_MS = 60_000, 86_400_000
_DAY, _EPOCH = timedelta(days=1), date(1970, 1, 1).toordinal()
GUESSED_YEARS = 10
"""So far beyond the known years reminders are counted provisionally; no limit of any catalogue is longer."""


class WorkCalendar:
    """The working spans of a calendar's years, laid out once as sorted moments with the working time before each.

    A span is half open: ``[opens, closes)``. Daylight saving is the zone's: a span opens and closes by the wall clock.
    Beyond the last year there is no answer (``None``); nothing is guessed. Source: LAW 4.
    """

    def __init__(self, calendar: Calendar) -> None:
        """Lay out every span; about 500 a year."""
        self.name, self._calendar = calendar.name, calendar
        zone = ZoneInfo(calendar.timezone)
        self._opens: list[Instant] = []
        self._closes: list[Instant] = []
        self._before: list[int] = []
        """Working milliseconds before each span."""
        total = 0
        for year in sorted(calendar.years):
            for opens, closes in _laid_out(int(year), calendar.years[year], calendar.hours, zone):
                self._opens.append(opens)
                self._closes.append(closes)
                self._before.append(total)
                total += closes - opens
        self._total = total
        self._start: Instant = -1
        self._added: dict[int, Instant | None] = {}
        self._provisional: WorkCalendar | None = None
        years = sorted(calendar.years)
        self.begins = _moment(date(int(years[0]), 1, 1), 0, zone) if years else 0
        self.ends = _moment(date(int(years[-1]) + 1, 1, 1), 0, zone) if years else 0
        """The horizon: the calendar knows nothing at or after it."""

    @property
    def provisional(self) -> "WorkCalendar":
        """The same with ten years more in which every Monday to Friday is worked; laid out once, when first asked."""
        if self._provisional is None:
            last = max(map(int, self._calendar.years), default=0)
            more = {str(year): _weekdays(year) for year in range(last + 1, last + 1 + GUESSED_YEARS)} if last else {}
            self._provisional = WorkCalendar(replace(self._calendar, years={**self._calendar.years, **more}))
        return self._provisional

    def _worked(self, at: Instant) -> int:
        """Working milliseconds from the calendar's beginning to ``at``."""
        i = bisect_right(self._opens, at) - 1
        return 0 if i < 0 else self._before[i] + min(at, self._closes[i]) - self._opens[i]

    def add(self, start: Instant, ms: int) -> Instant | None:
        """Name the earliest moment by which ``ms`` of working time have passed since ``start``.

        ``add(t, 0)`` is ``t``. Four hours from 08:00 end at 12:00, not at 14:00. ``None`` beyond the horizon.
        Answers from the same start are kept: the clocks of a step's tickets begin together.
        """
        if ms <= 0:
            return start
        if start != self._start:
            self._added, self._start = {}, start
        if ms not in self._added:
            self._added[ms] = self._add(start, ms)
        return self._added[ms]

    def _add(self, start: Instant, ms: int) -> Instant | None:
        if not self.begins <= start < self.ends:
            return None
        wanted = self._worked(start) + ms
        if wanted > self._total:
            return None
        i = bisect_right(self._before, wanted - 1) - 1
        return self._opens[i] + wanted - self._before[i]

    def between(self, start: Instant, end: Instant) -> int:
        """Count working milliseconds in ``[start, end)``; 0 when ``end`` is not after ``start``."""
        return max(0, self._worked(end) - self._worked(start))

    def spans(self, start: Instant, end: Instant) -> Iterator[tuple[Instant, Instant]]:
        """Give the working spans within ``[start, end)``, in order."""
        for i in range(max(0, bisect_right(self._opens, start) - 1), bisect_left(self._opens, end)):
            opens, closes = max(start, self._opens[i]), min(end, self._closes[i])
            if opens < closes:
                yield opens, closes

    def is_open(self, at: Instant) -> bool:
        """Whether it is working time."""
        i = bisect_right(self._opens, at) - 1
        return i >= 0 and at < self._closes[i]

    def next_open(self, at: Instant) -> Instant | None:
        """Name ``at`` itself in working time, else the next opening; ``None`` beyond the horizon."""
        i = bisect_right(self._opens, at)
        if i > 0 and at < self._closes[i - 1]:
            return at
        return self._opens[i] if i < len(self._opens) else None


def _laid_out(
    year: int, worked: str, hours: Iterable[tuple[int, int]], zone: ZoneInfo
) -> Iterator[tuple[Instant, Instant]]:
    """Give the working spans of a year; the wall clock is asked at midnights alone, but on days on which it is set.

    A law is compiled at each start and for each replay, and every span's two moments by the zone are most of that.
    """
    first = date(year, 1, 1)
    after = _offset(first, zone)
    for number, is_worked in enumerate(worked):
        day = first + timedelta(days=number)
        before, after = after, _offset(day + _DAY, zone)
        if is_worked != "1":
            continue
        midnight = (day.toordinal() - _EPOCH) * DAY_MS - before
        for start, end in hours:
            if before == after:
                yield midnight + start * MINUTE_MS, midnight + end * MINUTE_MS
            else:
                yield _moment(day, start, zone), _moment(day, end, zone)


def _offset(day: date, zone: ZoneInfo) -> int:
    """By how many milliseconds the wall clock is ahead of UTC when a day begins."""
    found = datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset() or timedelta()
    return found.days * DAY_MS + found.seconds * 1000


def _moment(day: date, minutes: int, zone: ZoneInfo) -> Instant:
    """Turn minutes after midnight of a local day into an instant."""
    local = datetime.combine(day + timedelta(days=minutes // 1440), time(minutes % 1440 // 60, minutes % 60), zone)
    return int(local.astimezone(UTC).timestamp()) * 1000


def _weekdays(year: int) -> str:
    """One character for each day of a year, ``1`` from Monday to Friday."""
    first = date(year, 1, 1)
    return "".join(
        "1" if (first + timedelta(days=n)).weekday() < 5 else "0" for n in range((date(year + 1, 1, 1) - first).days)
    )
