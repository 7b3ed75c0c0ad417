"""When what has not arrived is tried again."""

from datetime import UTC, datetime, timedelta

from engine.doors.deliveries import Message, Target
from engine.notifier.pauses import FAILING, MOST_TRIES, PATIENCE, PROBE, Pauses
from engine.notifier.port import Answer

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NO = Answer(is_taken=False, said="", status=500)


def target(failures: int, hours: float = 0.0) -> Target:
    """One that has failed so often, for so long."""
    return Target(
        id="webhook:x", state="active", failures=failures, failing_since=NOW - timedelta(hours=hours), rests=False,
        now=NOW,
    )  # fmt: skip


def message(tries: int) -> Message:
    """One that was tried so often."""
    return Message(id="e", line="t", kind="dispatched", body="{}", attempts=tries, tries=tries)


def test_pauses_of_a_message_grow_to_half_a_day_and_end_after_days() -> None:
    """Its target takes others: it lies in the message, and in the end it no longer stands before its ticket's next."""
    found = [Pauses().after(target(0), message(tries), NO) for tries in range(MOST_TRIES)]
    assert [one.pause for one in found[:9]] == [5, 20, 80, 320, 1280, 5120, 20480, 43200, 43200]
    assert [one.gives_up for one in found] == [False] * (MOST_TRIES - 1) + [True]
    assert sum(one.pause for one in found) > 2 * 86400 and all(one.counts and one.rest == 0 for one in found)


def test_a_target_that_fails_is_asked_every_five_minutes_and_its_messages_are_not_given_up() -> None:
    """Whatever the message: it is the receiver that is away."""
    found = [Pauses().after(target(failures), message(99), NO) for failures in range(FAILING - 1, FAILING + 9)]
    assert [one.rest for one in found[:4]] == [5, 20, 80, PROBE] and found[-1].rest == PROBE
    assert not any(one.gives_up or one.counts for one in found) and {one.state for one in found} == {"active"}


def test_after_days_of_failures_alone_it_is_paused() -> None:
    """And says why, so that it is alarmed of."""
    late = Pauses().after(target(500, PATIENCE / 3600 + 1), message(0), NO)
    assert (late.state, late.why, late.gives_up) == ("paused", "failing", False)
    assert Pauses().after(target(500, PATIENCE / 3600 - 1), message(0), NO).state == "active"


def test_a_receiver_says_how_long_to_wait_or_that_it_is_gone() -> None:
    """Retry-After is kept, within an hour; 410 ends it at once."""
    busy = NO._replace(status=429, wait_seconds=60)
    assert Pauses().after(target(0), message(0), busy)[:2] == (60, 60)
    assert Pauses().after(target(9), message(0), busy._replace(wait_seconds=1e9)).rest == 3600
    assert Pauses().after(target(0), message(0), busy._replace(wait_seconds=-5)).pause == 5
    gone = Pauses().after(target(0), message(0), NO._replace(status=410, is_gone=True))
    assert (gone.state, gone.why, gone.gives_up) == ("disabled", "gone", False)
