"""A record that a newer engine wrote is refused by name and with its mend; a damaged one has another."""

from typing import Any

import msgspec
import pytest

from engine.errors import OwnRecordUnreadable, StateFromNewer
from engine.metrics import StageMetrics
from engine.newer import KINDS, kind_of, read_own
from engine.stage import Record
from engine.stages.fanout import FanoutCore
from topics import codec
from topics.decision import Decision
from topics.registry import DECISIONS, INTAKE_STATE, STATE
from topics.rejected import Seen
from topics.ticket import CommandSeen, DayCounter, Duties, HeldCause, Marker, Quota

STORED: list[Any] = [
    Marker(at=1, positions={}), Quota("h", "2026-01", 2520, {}, {}), DayCounter(1, 1), CommandSeen("d", 1), Duties(()), HeldCause(1, "h"), Seen("incidents.raw:0:1", 1),
    Decision(id="commands:0:1", at=1, cause="command", reason="unreadable", home="h"),
]  # fmt: skip


@pytest.mark.parametrize("one", STORED, ids=lambda one: type(one).__name__)
def test_a_newer_form_and_an_unknown_member_are_told_apart_from_damage(one: Any) -> None:
    """Form and member are named, and what to do; bytes that are no record at all are damage, and quoted nowhere."""
    kind = type(one)
    tag = kind.__struct_config__.tag_field
    plain: dict[str, Any] = msgspec.json.decode(codec.encode(one))
    with pytest.raises(StateFromNewer, match=r"^tickets\.state/0 offset 7 was written by a newer engine: it is of form 9, .*run that engine"):
        read_own("tickets.state/0 offset 7", msgspec.json.encode(plain | {tag: 9}), kind)
    with pytest.raises(StateFromNewer, match="it has the member 'colour', which this engine does not know"):
        read_own("tickets.state/0 offset 7", msgspec.json.encode(plain | {"colour": "red"}), kind)
    with pytest.raises(OwnRecordUnreadable, match="restore tickets.state") as damaged:
        read_own("tickets.state/0 offset 7", b'{"138 0013 8000', kind)
    assert "8000" not in str(damaged.value)
    assert read_own("tickets.state/0 offset 7", codec.encode(one), kind) == one


def test_every_record_of_a_state_topic_has_its_kind() -> None:
    """By its key; whoever adds one adds it here, or a newer one of it would be called damaged."""
    assert set(KINDS.values()) == set(STATE.records)
    assert {kind_of(INTAKE_STATE.name, b"ab" * 16), kind_of(INTAKE_STATE.name, b"m:")} == set(INTAKE_STATE.records)
    assert kind_of(STATE.name, None) is None


def test_fan_out_refuses_a_newer_decision_by_name() -> None:
    """It stops that partition with the same word; a stranger's is passed by."""
    value = b'{"version":7,"id":"commands:0:1","events":[{"type":"TaskDispatched"}]}'
    record = Record(DECISIONS.name, 0, 3, b"h", value, (), 0, 0)
    with pytest.raises(StateFromNewer, match="tickets.decisions:0:3 was written by a newer engine: it is of form 7"):
        FanoutCore(0, StageMetrics("fanout")).take(record, 0)
    outs = list(FanoutCore(0, StageMetrics("fanout")).take(msgspec.structs.replace(record, loose=True), 0))
    assert [out.topic for out in outs] == ["incidents.rejected"]
