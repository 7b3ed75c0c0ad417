"""Faults of clocks and of the working calendar (DESIGN 8, LAW 4)."""

from datetime import date
from zoneinfo import ZoneInfo

from rules.rulepack.holidays import working_years
from rules.rulepack.model import PackSource
from rules.rulepack.validation.fault import Found, listed
from topics.vocabulary import ClockKind, Urgency

FOR_EACH_URGENCY = (
    ClockKind.TRIAGE,
    ClockKind.ACCEPT,
    ClockKind.CONTACT,
    ClockKind.CHECK,
    ClockKind.SURVEY,
    ClockKind.REPORT_IN,
)


def clocks(pack: PackSource) -> Found:
    """A limit for each urgency (``null``: no such clock), rungs that rise, and a hundred among them."""
    words = [*Urgency, "complex"]
    for kind in FOR_EACH_URGENCY:
        missing = [urgency.value for urgency in Urgency if urgency not in pack.clocks.get(kind, {})]
        if missing:
            yield f"clocks.{kind}", f"no limit for {listed(missing)}; write null where there is no such clock"
    for kind, table in pack.clocks.items():
        yield from (
            (f"clocks.{kind}", f"{word!r} is none of {', '.join(words)}") for word in table if word not in words
        )
    for urgency in Urgency:
        if urgency in pack.clocks.get(ClockKind.TRIAGE, {}) and pack.clocks[ClockKind.TRIAGE][urgency] is None:
            yield f"clocks.triage.{urgency}", "triage must have a limit: a ticket without one could wait for ever"
    if ClockKind.RESOLVE not in pack.rungs:
        yield "rungs", "none for resolve; the law's are [50, 80, 100, 150, 300]"
    for kind, rungs in pack.rungs.items():
        if list(rungs) != sorted(set(rungs)):
            yield f"rungs.{kind}", f"{list(rungs)} must rise"
        if 100 not in rungs:
            yield f"rungs.{kind}", f"{list(rungs)} lacks 100, at which a limit is broken"


def calendar(pack: PackSource) -> Found:
    """A zone that exists, hours within a day and in order, years the library knows."""
    try:
        ZoneInfo(pack.timezone)
    except (KeyError, ValueError, OSError):
        yield "timezone", f"unknown zone {pack.timezone!r}; write e.g. Asia/Shanghai"
    ends = 0
    for span in pack.calendar.hours:
        start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
        if int(span[3:5]) > 59 or int(span[9:]) > 59 or end > 1440 or start >= end:
            yield "calendar.hours", f"{span!r} is no span of a day"
        elif start < ends:
            yield "calendar.hours", f"{span!r} begins before the span ahead of it ends"
        ends = max(ends, end)
    yield from _years(pack)


def force_majeure(pack: PackSource) -> Found:
    """Windows that end after they begin, in grids that exist."""
    codes = {node.code for node in pack.nodes}
    for one in pack.force_majeure:
        here = f"force_majeure.{one.since:%Y-%m-%dT%H:%M}"
        if one.until <= one.since:
            yield here, f"ends at {one.until:%Y-%m-%dT%H:%M}, not after it begins; no clock would stand still"
        for node in sorted(set(one.nodes) - codes):
            yield here, f"grid {node!r} is not a node: nothing there would stand still"


def _years(pack: PackSource) -> Found:
    own = pack.calendar
    yield from (
        ("calendar", f"{day} is both worked and off; keep one") for day in sorted(set(own.worked) & set(own.off))
    )
    if own.from_year > own.to_year:
        yield "calendar", f"from_year {own.from_year} is after to_year {own.to_year}"
        return
    if own.from_year < 1970 or own.to_year > 2200:
        yield "calendar", f"years {own.from_year} to {own.to_year} are beyond 1970 to 2200"
        return
    years, _ = working_years(own.country, own.region, own.from_year, own.to_year)
    if not years:
        yield (
            "calendar",
            (
                f"no working days of {own.country} {own.region or ''} are known from {own.from_year} to {own.to_year};"
                " mend these"
            ),
        )
        return
    first, last = int(min(years)), int(max(years))
    gaps = [str(year) for year in range(first, last + 1) if str(year) not in years]
    if gaps:
        yield "calendar", f"nothing is known of {listed(gaps)}, in the midst of known years"
    strange = [day for day in (*own.worked, *own.off) if not date(first, 1, 1) <= day <= date(last, 12, 31)]
    yield from (("calendar", f"{day} lies outside the known years {first} to {last}") for day in strange)
