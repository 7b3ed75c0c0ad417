"""A stage that can work is ready: what a person must know of the calendar is said, and takes nobody out of service."""

import time
from types import SimpleNamespace
from typing import Any

from engine.client.publish_pack import prove
from engine.observability.health import Check
from engine.stream.readiness import DAY, Readiness
from rules.law.work_calendar import WorkCalendar
from topics.reference import EngineClock


def calendar_at(days_from_its_end: int) -> Check:
    """The check, so many days before (-) or after the last working day that is known."""
    bundle = prove("guancheng")
    at = WorkCalendar(bundle.calendar).ends + days_from_its_end * DAY * 1000
    clock = EngineClock(at, int(time.time() * 1000), 1)
    reference: Any = SimpleNamespace(current="guancheng@1", bundles={"guancheng@1": bundle}, clock=clock)
    nobody: Any = None
    return Readiness(nobody, reference, nobody)._calendar()


def test_the_calendars_end_takes_no_stage_out_of_service() -> None:
    """On the first of January every stage would be not ready at once, and nothing but a decree would help: it is said,
    with its page."""
    before, after = calendar_at(-10), calendar_at(3)
    assert before.holds and "10 days more" in before.said
    assert after.holds and "CalendarHorizon" in after.said and "beyond_horizon" in after.said
