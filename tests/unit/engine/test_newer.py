"""A record that a newer engine wrote is refused by name and with its mend; a damaged one has another."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord

from engine.errors import OwnRecordUnreadable, StateFromNewer
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import KINDS, kind_of, read_own
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.fanout import FanoutCore
from engine.stream.positions import load_state, unfit_ticket
from engine.views.from_state import rebuild
from rules.errors import UnfitTicket
from rules.state.partition_state import Book
from tests.support.fetched import fetched
from topics import codec
from topics.decision import Decision
from topics.ids import DecisionId
from topics.registry import DECISIONS, INTAKE_STATE, STATE
from topics.rejected import Seen
from topics.ticket import CommandSeen, DayCounter, Duties, HeldCause, Marker, Quota

STORED: list[Any] = [
    Marker(at=1, positions={}),
    Quota(home="h", window="2026-01", per=2520, counts={}, targets={}),
    DayCounter(1, 1),
    CommandSeen("d", 1),
    Duties(()),
    HeldCause(at=1, home="h"),
    Seen("incidents.raw:0:1", 1),
    Decision(id=DecisionId("commands:0:1"), at=1, cause="command", reason="unreadable", home="h"),
]


@pytest.mark.parametrize("one", STORED, ids=lambda one: type(one).__name__)
def test_a_newer_form_and_an_unknown_member_are_told_apart_from_damage(one: Any) -> None:
    """Form and member are named, and what to do; bytes that are no record at all are damage, and quoted nowhere."""
    kind = type(one)
    tag = kind.__struct_config__.tag_field
    plain: dict[str, Any] = msgspec.json.decode(codec.encode(one))
    with pytest.raises(
        StateFromNewer,
        match=r"^tickets\.state/0 offset 7 was written by a newer engine: it is of form 9, .*run that engine",
    ):
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
    record = fetched(DECISIONS.name, 3, b"h", value)
    with pytest.raises(StateFromNewer, match="tickets.decisions:0:3 was written by a newer engine: it is of form 7"):
        FanoutCore(0, StageMetrics("fanout")).take(record, 0)
    outs = list(FanoutCore(0, StageMetrics("fanout")).take(msgspec.structs.replace(record, loose=True), 0))
    assert [out.topic for out in outs] == ["incidents.rejected"]


def _stored(monkeypatch: pytest.MonkeyPatch, *records: tuple[bytes, bytes]) -> None:
    """Let a state partition hold these, in a transaction of ours."""

    async def to_end(*_: Any, **__: Any) -> AsyncIterator[list[ConsumerRecord]]:
        yield [ConsumerRecord("t", 0, n, 0, 1, key, value, None, -1, -1, ()) for n, (key, value) in enumerate(records)]

    monkeypatch.setattr("engine.stream.positions.to_end", to_end)


@pytest.mark.parametrize("key", [b"m:", b"t:h-20260101-1", b"q:h", b"n:h/1", b"c:x", b"d:desk:p", b"h:commands:0:1"])
async def test_an_opening_refuses_a_newer_state(key: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever record it is: partition, offset and form are named, and nothing is written."""
    _stored(monkeypatch, (key, b'{"schema":5}'))
    with pytest.raises(StateFromNewer, match=r"tickets\.state/3 offset 0 .* form 5"):
        await load_state(KafkaLog(Settings()), STATE.name, 3, Book({}).load, lambda offset, why: None)


async def test_a_newer_ticket_is_found_although_its_head_alone_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading takes its bytes, for which nobody vouches; what keeps the opening from going on is looked for and
    named."""
    marker, book = codec.encode(Marker(at=1, positions={})), Book({})
    grim = b'{"schema":1,"id":"h-20260101-1","pack":"p@1","status":"offered","mood":"grim"}'
    _stored(monkeypatch, (b"t:h-20260101-1", grim), (b"m:", marker))
    found = await load_state(KafkaLog(Settings()), STATE.name, 0, book.load, lambda offset, why: None)
    assert found.marker is not None and not found.vouched
    with pytest.raises(UnfitTicket, match="h-20260101-1"):
        [*book.tickets.check()]
    with pytest.raises(StateFromNewer, match=r"tickets\.state/0 offset 0 .* member 'mood'"):
        await unfit_ticket(KafkaLog(Settings()), STATE.name, 0)


async def test_views_refuse_it_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making the view anew stops at the ticket by name, before anything is put in."""
    marker = codec.encode(Marker(at=1, positions={}))
    _stored(monkeypatch, (b"t:h-20260101-1", b'{"schema":2,"id":"h-20260101-1"}'), (b"m:", marker))
    view: Any = None
    with pytest.raises(StateFromNewer, match="t:h-20260101-1 was written by a newer engine: it is of form 2"):
        await rebuild(view, Settings(), 0, 0, 0)
