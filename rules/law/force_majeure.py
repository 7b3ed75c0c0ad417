"""Declared force majeure: windows in which the limits of an area stand still, as arithmetic over the other kinds of
time (LAW 4)."""

from collections.abc import Iterable, Iterator

from rules.law.work_calendar import WorkCalendar
from topics.ids import Instant


class Standstill:
    """Time with windows taken out: of working time where a calendar is given, else of day and night."""

    def __init__(self, calendar: WorkCalendar | None, windows: Iterable[tuple[Instant, Instant]]) -> None:
        """Take windows ``[since, until)`` in any order; they may overlap."""
        self._calendar = calendar
        self._windows: list[tuple[Instant, Instant]] = []
        for since, until in sorted(windows):
            if self._windows and since <= self._windows[-1][1]:
                self._windows[-1] = (self._windows[-1][0], max(until, self._windows[-1][1]))
            else:
                self._windows.append((since, until))

    def whole(self, start: Instant, end: Instant) -> int:
        """Milliseconds in ``[start, end)``, windows counted in."""
        if end <= start:
            return 0
        return self._calendar.between(start, end) if self._calendar is not None else end - start

    def between(self, start: Instant, end: Instant) -> int:
        """Milliseconds in ``[start, end)`` that lie in no window."""
        return self.whole(start, end) - sum(
            [
                self.whole(max(start, since), min(end, until))
                for since, until in self._windows
                if since < end and start < until
            ]
        )

    def counted(self, start: Instant, end: Instant, broken: Instant) -> Iterator[tuple[Instant, Instant]]:
        """Give the parts of ``[start, end)`` that count: those in no window, and all that lie behind the moment the
        limit is broken."""
        for since, until in self._windows:
            if since >= min(end, broken) or until <= start:
                continue
            if start < since:
                yield start, since
            start = max(start, min(until, broken))
        if start < end:
            yield start, end

    def later(self, start: Instant, ms: int) -> Instant | None:
        """Name the earliest moment by which ``ms`` have passed, windows counted in; ``None`` beyond the calendar."""
        if ms <= 0 or self._calendar is None:
            return start + max(0, ms)
        return self._calendar.add(start, ms)

    def add(self, start: Instant, ms: int) -> Instant | None:
        """Name the earliest moment by which ``ms`` have passed outside the windows; ``None`` beyond the calendar."""
        if ms <= 0:
            return start
        for since, until in self._windows:
            if until <= start:
                continue
            ahead = self.whole(start, since)
            if ms <= ahead:
                break
            ms, start = ms - ahead, max(start, until)
        return self.later(start, ms)

    def elapsed(self, since: Instant, until: Instant, left: int) -> int:
        """Milliseconds consumed from ``since`` to ``until`` by a clock with ``left`` to its limit: once that is broken
        nothing stands still."""
        end = self.add(since, left) if left > 0 else since
        if end is None or until <= end:
            return self.between(since, until)
        return max(left, 0) + self.whole(end, until)

    def moment(self, since: Instant, left: int, ms: int) -> Instant | None:
        """Name when ``ms`` are consumed by a clock with ``left`` to its limit."""
        if ms <= left:
            return self.add(since, ms)
        end = self.add(since, left) if left > 0 else since
        return None if end is None else self.later(end, ms - max(left, 0))
