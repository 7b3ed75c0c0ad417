"""Clocks against a second implementation: working time laid out minute by minute from the wall clock, spans added up
(LAW 4)."""

import os
import random
from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules.law.compiled import Law
from rules.ticket import clocks
from tests.support.poison import law_of
from topics.pack import ForceMajeure
from topics.ticket import Clock
from topics.vocabulary import ClockKind, Unit

SEQUENCES = int(os.environ.get("GRIDWHISTLE_SEQUENCES", "8000"))
"""The nightly form asks for millions."""
MINUTE = 60_000
RUNGS = (50, 80, 100, 150, 300)
SIZES = {
    Unit.MINUTE: MINUTE,
    Unit.URGENT_HOUR: 60 * MINUTE,
    Unit.URGENT_DAY: 1440 * MINUTE,
    Unit.WORK_HOUR: 60 * MINUTE,
    Unit.WORK_DAY: 480 * MINUTE,
}


@cache
def _hour(hours: tuple[tuple[int, int], ...], all_day: bool, worked: bool, begins: int) -> bytes:
    """Which of the 60 minutes from this one of a day on are open; years have few kinds of hours."""
    return bytes(all_day or (worked and any(a <= begins + n < b for a, b in hours)) for n in range(60))


class Minutes:
    """Every minute of some years, open or not by the wall clock, and how many were open before it."""

    def __init__(self, law: Law, first: int, all_day: bool = False, without: Iterable[tuple[int, int]] = ()) -> None:
        """Walk from the first of January of ``first`` to the end of the calendar's years; every minute is open with
        ``all_day``; then close windows."""
        calendar = law.bundle.calendar
        zone = ZoneInfo(calendar.timezone)
        begin = datetime(first, 1, 1, tzinfo=zone).astimezone(UTC)
        end = datetime(int(max(calendar.years)) + 1, 1, 1, tzinfo=zone).astimezone(UTC)
        self.begin, self.end = int(begin.timestamp()) * 1000, int(end.timestamp()) * 1000
        self.open = bytearray()
        hour = begin
        while hour < end:  # no zone changes its offset within an hour
            local = hour.astimezone(zone)
            worked = calendar.years[str(local.year)][local.timetuple().tm_yday - 1] == "1"
            self.open += _hour(calendar.hours, all_day, worked, local.hour * 60 + local.minute)
            hour += timedelta(hours=1)
        for since, until in without:
            a, b = ((moment - self.begin) // MINUTE for moment in (since, until))
            self.open[a:b] = bytes(b - a)
        self.before = [0, *accumulate(self.open)]

    def worked(self, at: int) -> int:
        """Open milliseconds from the beginning to ``at``."""
        minute, rest = divmod(at - self.begin, MINUTE)
        return self.before[minute] * MINUTE + (rest if minute < len(self.open) and self.open[minute] else 0)

    def reaches(self, since: int, ms: int) -> int | None:
        """The first moment by which ``ms`` open milliseconds have passed."""
        if ms <= 0:
            return since
        wanted = self.worked(since) + ms
        full = -(-wanted // MINUTE)
        minute = bisect_left(self.before, full)
        if minute >= len(self.before):
            return None
        return self.begin + minute * MINUTE - (full * MINUTE - wanted)

    def opening(self, at: int) -> int | None:
        """``at`` itself when it is open, else the start of the next open minute."""
        minute = (at - self.begin) // MINUTE
        if minute >= len(self.open):
            return None
        if self.open[minute]:
            return at
        after = bisect_left(self.before, self.before[minute] + 1)
        return None if after >= len(self.before) else self.begin + (after - 1) * MINUTE


class Told:
    """A clock as the spans in which it ran, each counted by the kind of time it had then."""

    def __init__(self, minutes: Minutes, limit: int, unit: Unit, at: int) -> None:
        """Start it."""
        self.minutes, self.limit, self.unit, self.since = minutes, limit, unit, at
        self.times, self.runs = 1, True
        self.spans: list[tuple[bool, int, int]] = []

    @property
    def is_worked(self) -> bool:
        """Whether it runs in working time."""
        return self.unit in (Unit.WORK_HOUR, Unit.WORK_DAY)

    def end_span(self, at: int) -> None:
        """It ran until now."""
        if self.runs:
            self.spans.append((self.is_worked, self.since, max(at, self.since)))

    def consumed(self, at: int) -> int:
        """Count all spans, the running one included."""
        spans = [*self.spans, (self.is_worked, self.since, max(at, self.since))] if self.runs else self.spans
        return sum(self.minutes.worked(b) - self.minutes.worked(a) if worked else b - a for worked, a, b in spans)

    def raw(self, rung: int) -> int | None:
        """When so many percent are consumed."""
        left = self.limit * self.times * rung // 100 - self.consumed(self.since)
        return self.minutes.reaches(self.since, left) if self.is_worked else self.since + max(0, left)

    def moment(self, rung: int, patient: bool) -> int | None:
        """When the rung is due."""
        due = self.raw(rung) if self.runs else None
        if due is None or rung >= 100 or not patient:
            return due
        opening, end = self.minutes.opening(due), self.raw(100)
        if opening == due:
            return due
        bounds = [moment for moment in (opening, end) if moment is not None]
        return max(due, min(bounds)) if bounds else due


def _some_time(draw: random.Random, days: int) -> int:
    """None, or within a minute, ten hours, or so many days."""
    return draw.choice([0, draw.randrange(MINUTE), draw.randrange(600 * MINUTE), draw.randrange(days * 1440 * MINUTE)])


def _begun(limit: int, unit: Unit, at: int, area: str | None = None) -> Clock:
    """A limit that begins to run."""
    kind = ClockKind.RESOLVE
    return Clock(
        kind=kind, number="0", limit_ms=limit, unit=unit, started_at=at, running_since=at, rungs=RUNGS, area=area
    )


@pytest.mark.parametrize(
    ("pack", "first", "last", "share"), [("guancheng", 2025, 2026, 3), ("los-angeles", 2018, 2018, 1)]
)
def test_ledgers_agree_with_spans_laid_out_minute_by_minute(pack: str, first: int, last: int, share: int) -> None:
    """Pause, resume, extend, another limit, in any order, over holidays, worked weekends, lunch, daylight saving: the
    same to the millisecond."""
    law, draw = law_of(pack), random.Random(f"{pack} 20261124")
    minutes = Minutes(law, first)
    latest = min(minutes.end, int(datetime(last + 1, 1, 1, tzinfo=UTC).timestamp()) * 1000) - 86_400_000
    for number in range(SEQUENCES * share // 4):
        at = draw.randrange(minutes.begin, latest)
        if draw.random() < 0.5:
            at -= at % (30 * MINUTE)
        amount, unit = draw.choice([1, 2, 4, 5, 15]), draw.choice(list(SIZES))
        limit = amount * SIZES[unit]
        clock, told = _begun(limit, unit, at), Told(minutes, limit, unit, at=at)
        steps = []
        for _ in range(draw.randrange(1, 7)):
            at = min(at + _some_time(draw, 8), minutes.end - 1)
            act = draw.choice(["pause", "resume", "extend", "rebase"])
            steps.append((act, at))
            clock = _act(law, clock, told, act, at, draw)
            rung, patient = draw.choice(RUNGS), draw.random() < 0.5
            seen = (
                clocks.elapsed(law, clock, at),
                clocks.moment(law, clock, rung, "U3" if patient else "U1"),
                clocks.moment(law, clock, 100, None),
            )
            expected = told.moment(rung, patient)
            # beyond what is known: by plain weekdays, and after all that is known
            if expected is None and told.runs and rung < 100:
                assert seen[1] is not None and seen[1] >= minutes.end, (pack, number, steps)
                expected = seen[1]
            case = (pack, number, amount, unit, steps, rung, patient)
            assert seen == (told.consumed(at), expected, told.moment(100, False)), case


def _act(law: Law, clock: Clock, told: Told, act: str, at: int, draw: random.Random) -> Clock:
    """Do the same to both."""
    if act == "pause":
        told.end_span(at)
        told.runs = False
        return clocks.pause(law, clock, at, "waiting")
    if act == "resume":
        if not told.runs:
            told.runs, told.since = True, at
            return clocks.resume(clock, at)
        return clock
    if act == "extend":
        told.times += 1
        return clocks.extend(clock)
    unit = draw.choice(list(SIZES))
    limit = draw.choice([1, 3, 7]) * SIZES[unit]
    told.end_span(at)
    told.limit, told.unit, told.since = limit, unit, max(at, told.since) if told.runs else told.since
    return clocks.rebase(law, clock, limit, unit, at)


class Standing(Told):
    """A clock in an area with declared force majeure: until its limit is broken it stands still there, afterwards never
    again."""

    def __init__(self, kinds: dict[bool, tuple[Minutes, Minutes]], limit: int, unit: Unit, at: int) -> None:
        """Start it; ``kinds`` has for working time and for day and night the minutes with and without the windows."""
        super().__init__(kinds[True][0], limit, unit, at)
        self.kinds = kinds

    def consumed(self, at: int) -> int:
        """Add up the spans in order; the limit they are measured by is the one that holds now."""
        total = 0
        for worked, begin, end in (
            [*self.spans, (self.is_worked, self.since, max(at, self.since))] if self.runs else self.spans
        ):
            total = self.span_end(worked, begin, end, total)
        return total

    def span_end(self, worked: bool, begin: int, end: int, before: int) -> int:
        """What is consumed after one more span."""
        whole, still = self.kinds[worked]
        left = self.limit * self.times - before
        broken = begin if left <= 0 else still.reaches(begin, left)
        if broken is None or end <= broken:
            return before + still.worked(end) - still.worked(begin)
        return before + max(left, 0) + whole.worked(end) - whole.worked(broken)

    def hold(self, at: int) -> None:
        """It stands from now on."""
        self.end_span(at)
        self.runs = False

    def go(self, at: int) -> None:
        """It runs on."""
        self.runs, self.since = True, at

    def raw(self, rung: int) -> int | None:
        """When so many percent are consumed."""
        whole, still = self.kinds[self.is_worked]
        before = self.consumed(self.since)
        left, all_left = self.limit * self.times * rung // 100 - before, self.limit * self.times - before
        if left <= all_left:
            return still.reaches(self.since, left)
        broken = still.reaches(self.since, all_left) if all_left > 0 else self.since
        return None if broken is None else whole.reaches(broken, left - max(all_left, 0))


def _window(draw: random.Random, year: int) -> ForceMajeure:
    """Half an hour to nine days, of everywhere, of this area or of another one."""
    since = year + draw.randrange(1, 365 * 1440) * MINUTE
    until = since + draw.choice([30, 600, 3 * 1440, 9 * 1440]) * MINUTE
    return ForceMajeure(since, until, draw.choice([(), ("tawan",), ("longhaimalu",), ("boaijie",)]))


def test_declared_force_majeure_holds_limits_until_they_are_broken() -> None:
    """Random windows over a year, of this area and of another one: the same to the millisecond, working time and day
    and night."""
    draw, law = random.Random("windows 20261124"), law_of("guancheng")
    year = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1000
    windows = [_window(draw, year) for _ in range(40)]
    law = Law("windows@1", replace(law.bundle, force_majeure=tuple(windows)))
    here = [(one.since, one.until) for one in windows if one.nodes != ("boaijie",)]
    kinds = {
        worked: (Minutes(law, 2025, not worked), Minutes(law, 2025, not worked, without=here))
        for worked in (True, False)
    }
    for number in range(SEQUENCES // 10):
        at = year + draw.randrange(1440, 360 * 1440) * MINUTE + draw.choice([0, draw.randrange(MINUTE)])
        unit = draw.choice(list(SIZES))
        limit = draw.choice([1, 2, 3]) * SIZES[unit]
        clock = _begun(limit, unit, at, law.area("tawan-g1-m1"))
        told = Standing(kinds, limit, unit, at=at)
        for _ in range(draw.randrange(1, 5)):
            at += _some_time(draw, 4)
            act = draw.choice(["pause", "resume", "extend"])
            if act == "pause":
                told.hold(at)
                clock = clocks.pause(law, clock, at, "parked")
            elif act == "resume" and clock.running_since is None:
                told.go(at)
                clock = clocks.resume(clock, at)
            elif act == "extend" and told.consumed(at) < told.limit * told.times:
                told.times += 1
                clock = clocks.extend(clock)
            rung = draw.choice(RUNGS)
            seen = (clocks.elapsed(law, clock, at), clocks.moment(law, clock, rung, "U1"))
            assert seen == (told.consumed(at), told.moment(rung, False)), (number, unit, limit, at, rung)
