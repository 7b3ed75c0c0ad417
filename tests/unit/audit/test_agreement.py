"""Two reckonings of working time, written apart, give the same answers: the auditor's and the rules'."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audit.hours import OpenHours
from rules.law.work_calendar import WorkCalendar
from topics.pack import Calendar

DAY = 86_400_000
FIRST = 1_735_689_600_000
"""2025-01-01T00:00Z."""
YEARS = {"2025": "1101011" * 52 + "1", "2026": "0111110" * 52 + "0"}


@cache
def both(zone: str) -> tuple[OpenHours, WorkCalendar]:
    """The two of a zone."""
    calendar = Calendar("test", zone, ((480, 720), (840, 1080)), 480, YEARS)
    return OpenHours(calendar), WorkCalendar(calendar)


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(["Asia/Shanghai", "America/Los_Angeles", "UTC"]),
    start=st.integers(FIRST - DAY, FIRST + 731 * DAY),
    length=st.one_of(st.integers(0, 4 * DAY), st.integers(0, 12).map(lambda n: n * 3_600_000)),
    round_start=st.booleans(),
)
def test_both_reckonings_agree(zone: str, start: int, length: int, round_start: bool) -> None:
    """The end of a budget and the next opening are the same, on the hour and off it, in every zone, also beyond the
    table."""
    moment = start - start % 3_600_000 if round_start else start
    mine, theirs = both(zone)
    assert mine.after(moment, length) == theirs.add(moment, length)
    assert mine.opening(moment) == theirs.next_open(moment)
