"""A stage that can work is ready: what a person must know of the calendar is said, and takes nobody out of service."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.client.publish_pack import prove
from engine.observability.health import Check
from engine.stream.readiness import DAY, Readiness, say_ready
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


def test_what_cannot_be_noted_for_want_of_room_ends_no_opening(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Who opens a partition says so in passing: on a full disk every opening would fail."""
    (tmp_path / "run").write_bytes(b"no folder")
    for is_ready in (True, False):
        say_ready("dispatch", is_ready, tmp_path / "run" / "dispatch-1.ready")
    assert caplog.text.count("dispatch cannot note") == 2
