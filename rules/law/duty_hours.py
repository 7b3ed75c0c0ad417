"""When somebody with hours of their own is on duty: between two local times of day, perhaps over midnight (LAW 3)."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from topics.ids import Instant


def span_of(hours: str) -> tuple[int, int]:
    """Give begin and end of ``HH:MM-HH:MM`` in minutes after midnight."""
    start, _, end = hours.partition("-")
    return _minutes(start), _minutes(end)


def next_begin(hours: str, at: Instant, zone: ZoneInfo) -> Instant:
    """Name the first moment after ``at`` at which the hours begin, in their city's time."""
    local = datetime.fromtimestamp(at / 1000, zone)
    start, _ = span_of(hours)
    begins = [datetime.combine(local.date() + timedelta(days=n), time(start // 60, start % 60), zone) for n in (0, 1)]
    return next(when for moment in begins if (when := int(moment.timestamp()) * 1000) > at)


def spans_within(hours: str, since: Instant, until: Instant, zone: ZoneInfo) -> list[tuple[Instant, Instant]]:
    """Give the spans of these hours within ``[since, until)``, in order; from the day before: it may last till now."""
    begin, end = span_of(hours)
    midnight = datetime.combine(datetime.fromtimestamp(since / 1000, zone).date(), time(), zone) - timedelta(days=1)
    found = list[tuple[Instant, Instant]]()
    while True:
        opens = _instant(midnight + timedelta(minutes=begin))
        closes = _instant(midnight + timedelta(minutes=end, days=1 if end < begin else 0))
        if opens >= until:
            return found
        if max(opens, since) < min(closes, until):
            found.append((max(opens, since), min(closes, until)))
        midnight += timedelta(days=1)


def _instant(moment: datetime) -> Instant:
    return int(moment.timestamp()) * 1000


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
