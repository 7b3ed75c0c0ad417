"""A clock that is late, and one that was left out: what was due later and has fired tells them apart (LAW 4)."""

import msgspec

from engine.audit.report import audit
from engine.kafka.log_snapshot import Log
from tests.unit.audit.test_audit import DECISIONS, alter_image, decision_at, drop, drop_last_rung
from topics.codec import decode
from topics.ticket import Ticket


def overtaken(log: Log) -> None:
    """The second ticket stays open with a clock that began a little before the first one's: that one fires, and the
    log ends within the second."""
    drop(log, DECISIONS, 10)
    (clock,) = decode(bytes(decision_at(log, 1).changes[0].after or b""), Ticket).clocks
    alter_image(log, 1, clocks=(msgspec.structs.replace(clock, running_since=(clock.running_since or 0) - 10_000),))
    del log.entries[DECISIONS][19:]


def test_a_clock_that_one_due_later_overtook_is_missing_at_once(log: Log) -> None:
    """Clocks of a partition fire in the order in which they are due, however short a while ago that was."""
    overtaken(log)
    assert [one.split(":")[0] for one in audit(log).problems["missing"]] == ["east-20260302-2 resolve/0.50"]


def test_a_clock_that_is_late_by_seconds_waits_and_is_not_missing(log: Log) -> None:
    """A slow broker or a busy machine makes clocks late, and lets none go: nothing that was due later has fired."""
    drop_last_rung(log, hours=3.5)
    report = audit(log)
    assert report.missing == 0, report.problems
    assert report.waiting == 1
