"""A log whose beginning retention has taken is judged by what is left: no fault is cried, and a real one is still
found."""

from collections.abc import Iterable

import pytest

from engine.audit.report import audit
from engine.kafka.log_snapshot import Log
from tests.support.story import tell

DECISIONS = "tickets.decisions"
INPUTS = ("incidents.raw", "incidents", "commands", "incidents.rejected")
CUTS = range(1, len(tell().entries[DECISIONS]) + 1)


def cut(log: Log, topic: str, begin: int) -> None:
    """Take the records of a topic before an offset."""
    log.entries[topic] = [entry for entry in log.of(topic) if entry.offset >= begin]
    for partition in {entry.partition for entry in tell().of(topic)}:
        log.begins[topic, partition] = begin


def aged(begin: int, inputs: Iterable[str]) -> Log:
    """The story without its first decisions, and without all that the inputs held."""
    log = tell()
    cut(log, DECISIONS, begin)
    for topic in inputs:
        cut(log, topic, len(log.of(topic)))
    return log


@pytest.mark.parametrize(
    "inputs",
    [(), ("incidents.raw",), INPUTS, ("incidents",), ("incidents.rejected",)],
    ids=lambda names: "+".join(names) or "decisions alone",
)
def test_wherever_the_log_is_cut_nothing_is_cried_over(inputs: tuple[str, ...]) -> None:
    """After each decision, with and without the inputs: no fault, and it is told from when that holds."""
    for begin in CUTS:
        report = audit(aged(begin, inputs))
        assert report.problems == {}, begin
        assert report.vouches_from is not None
        assert report.open == 1
        assert report.clean


def test_a_whole_log_is_vouched_for_from_the_beginning(log: Log) -> None:
    """Nothing is cut, nothing is aged."""
    report = audit(log)
    assert (report.vouches_from, report.aged) == (None, 0)


def test_what_is_lost_after_the_cut_is_found(log: Log) -> None:
    """A decision that is missing behind the first one that is left is lost, however much was cut before it."""
    cut(log, DECISIONS, 3)
    gone = next(
        n for n, entry in enumerate(log.entries[DECISIONS]) if n > 3 and b'"cause":"command"' in (entry.value or b"")
    )
    del log.entries[DECISIONS][gone]
    report = audit(log)
    assert not report.clean
    assert report.lost or report.state_errors
