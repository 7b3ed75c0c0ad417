"""Partitions added by hand: shared out to nobody, named once, counted; what was declared goes on as it was."""

import logging

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata

from engine.kafka.grown_partitions import Grown, assignor, declared
from engine.observability.metrics import StageMetrics
from engine.settings import Settings

SETTINGS = Settings(prefix="t.", partitions=6)
COUNTS = {"t.incidents": 8, "t.commands": 6, "t.dept.cg.replies": 5}


def known(topic: str) -> set[int] | None:
    """What the broker says."""
    return set(range(COUNTS[topic])) if topic in COUNTS else None


def test_two_inputs_are_shared_out_alike_although_one_has_grown() -> None:
    """Partition 3 of both goes to one member, and 6 and 7 to nobody: a stage reads its inputs side by side."""

    class Cluster:
        partitions_for_topic = staticmethod(known)

    chosen = assignor(SETTINGS)
    members = {name: ConsumerProtocolMemberMetadata(0, ["t.incidents", "t.commands"], b"") for name in ("a", "b")}
    shared = {name: dict(one.assignment) for name, one in chosen.assign(Cluster(), members).items()}
    assert shared == {
        "a": {"t.incidents": [0, 1, 2], "t.commands": [0, 1, 2]},
        "b": {"t.incidents": [3, 4, 5], "t.commands": [3, 4, 5]},
    }
    assert chosen.name == "range"


def test_a_grown_topic_is_told_once_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    """Name, numbers and mend in the line; the gauge stands for as long as it is so; what is not known yet is no
    growth."""
    metrics = StageMetrics("dispatch")
    grown = Grown(SETTINGS, metrics)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            grown.look(["t.incidents", "t.commands", "t.dept.cg.replies", "t.unknown"], known)
    told = [record.getMessage() for record in caplog.records]
    assert [text.split(":")[0] for text in told] == [
        "t.dept.cg.replies has 5 partitions and was made with 3",
        "t.incidents has 8 partitions and was made with 6",
    ]
    assert all("new prefix" in text for text in told)
    assert metrics.counters["alarms", ("partitions_grown",)] == 2
    assert metrics.gauges["partitions_unread", ("dispatch",)] == 4
    grown.look(["t.commands"], known)
    assert metrics.gauges["partitions_unread", ("dispatch",)] == 0


def test_what_was_declared() -> None:
    """A department's topics have three, the others the stack's number."""
    assert [declared(SETTINGS, name) for name in ("t.dept.cg.replies", "t.incidents")] == [3, 6]
