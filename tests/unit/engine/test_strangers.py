"""What a stranger has written to a topic of ours keeps no command from working; what is ours and damaged is said
(DESIGN 5, 11)."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from aiokafka import ConsumerRecord, TopicPartition

from engine.cli import project, tail
from engine.cli.report import rejected_in, ticket_in
from engine.client import command_batches, rejections
from engine.errors import InvalidSettings, OwnRecordUnreadable
from engine.feed.watch import Watch
from engine.kafka.fetched_batches import Loose
from engine.observability.metrics import StageMetrics
from engine.security.vault import load_vault, make_master_key
from engine.settings import Settings
from engine.stages.projector import Projector
from engine.stream import positions
from engine.stream.contracts import Record
from engine.views.from_state import duties_of, image_of
from topics import codec
from topics.decision import Change, Decision, Event
from topics.ids import DecisionId, identity
from topics.registry import DECISIONS, INCIDENTS, REJECTED
from topics.rejected import Rejected
from topics.ticket import Duties, HeldCause, Marker, Ticket
from topics.ticket_words import TicketTask
from topics.vocabulary import Status

JUNK: tuple[bytes | None, ...] = (None, b"", b"junk", b"{}", b"null", b"[" * 10_000, b"\xff" * 1000)
NAME = "tawan-20260101-1"


def record(
    value: bytes | None, kind: type[ConsumerRecord] = ConsumerRecord, key: bytes | None = b"x", offset: int = 7
) -> ConsumerRecord:
    """A record as a fetch gives it; ``Loose``: a stranger's."""
    return kind("gw.tickets.decisions", 0, offset, 1, 1, key, value, None, -1, -1, ())


def ticket(name: str = NAME, of: str = "cli:7") -> Ticket:
    """An open ticket, as small as one can be."""
    return Ticket(
        id=name,
        version=1,
        identity=of,
        home="tawan",
        status=Status.RECEIVED,
        received_at=1,
        occurred_at=1,
        pack="p@1",
        channel="hotline",
        person="desk-1",
        duty="desk",
        task=TicketTask.TRIAGE,
    )


def decided(of: str, name: str = NAME, **more: Any) -> bytes:
    """The decision that made a ticket of an identity."""
    image: Any = msgspec.Raw(codec.encode(ticket(name, of)))
    return codec.encode(
        Decision(
            id=DecisionId("incidents:0:7"),
            at=1,
            cause="incident",
            reason="reported",
            home="tawan",
            ticket=name,
            changes=(Change(name, 1, image),),
            **more,
        )
    )


@pytest.mark.parametrize("value", JUNK, ids=lambda value: repr(value)[:12])
def test_junk_of_a_stranger_is_passed_by_by_what_follows_the_log(value: bytes | None) -> None:
    """``feed`` and ``report`` go on; the same from one of our stages is an error."""
    watch = Watch(Settings())
    readers: list[Callable[[ConsumerRecord], object]] = [
        watch._decision,
        watch._rejection,
        lambda one: ticket_in(one, "cli:7"),
        lambda one: rejected_in(one, "incidents.raw:0:7"),
    ]
    for read in readers:
        assert read(record(value, Loose)) is None
        with pytest.raises(OwnRecordUnreadable, match=f"{DECISIONS.name}|{REJECTED.name}"):
            read(record(value))
    assert (watch.tickets, watch.rejected, watch.answers) == ({}, {}, {})
    watch._decision(record(decided("cli:7")))
    assert watch.tickets == {"cli:7": NAME}


def test_a_report_is_answered_with_its_own_ticket() -> None:
    """An id that is a part of another, or stands in somebody's words, is not that id; one in other letters for the same
    is."""
    others = (decided("cli:70"), decided("12345:7"), decided("cli:1", command_id="cli:7"))
    assert [ticket_in(record(value), identity("cli", "7")) for value in others] == [None, None, None]
    assert ticket_in(record(decided("cli:7", "tawan-20260101-2")), identity("cli", "7")) == "tawan-20260101-2"
    assert ticket_in(record(decided(identity("cli", 'café "1"'))), identity("cli", 'cafe\u0301 "1"')) == NAME
    rejected = codec.encode(
        Rejected(id="incidents.raw:0:7", at=1, reason="missing_field", field="channel", message="m")
    )
    assert rejected_in(record(rejected), "incidents.raw:0:71") is None
    assert rejected_in(record(rejected), "incidents.raw:0:7") is not None


UNFOLDABLE: tuple[dict[str, Any], ...] = (
    {"changes": (Change(NAME, 1, msgspec.Raw(b'"no ticket"')),)}, {"events": (Event("HeldRetried", NAME),)},
)  # fmt: skip
"""What makes a sound decision of which the view can make no row."""


@pytest.mark.parametrize("more", UNFOLDABLE, ids=["image", "event"])
async def test_a_strangers_decision_that_makes_no_row_does_not_stop_the_projector(more: dict[str, Any]) -> None:
    """It is sound in every member, and its image is no ticket."""
    value = codec.encode(
        Decision(id=DecisionId("incidents:0:8"), at=1, cause="incident", reason="reported", home="tawan", **more)
    )
    projector = Projector(Settings(), StageMetrics("projector"))
    assert (
        projector._decision(
            Record(
                topic=DECISIONS.name,
                partition=0,
                offset=3,
                key=b"h",
                value=value,
                headers=(),
                appended_ms=0,
                appended_at=0,
                loose=True,
            )
        )
        is None
    )
    assert (
        projector._decision(
            Record(
                topic=DECISIONS.name,
                partition=0,
                offset=3,
                key=b"h",
                value=decided("cli:7"),
                headers=(),
                appended_ms=0,
                appended_at=0,
                loose=True,
            )
        )
        is not None
    )
    await projector.close()


class Shadow:
    """A view that takes what it is given."""

    def __init__(self) -> None:
        self.folded: list[str] = []

    async def fold(self, partition: int, decisions: list[Decision], expected: int, after: int) -> None:
        """Note whose decisions came."""
        self.folded += [one.id for one in decisions]


class Consumer:
    """A consumer of one partition that has these records."""

    def __init__(self, records: list[ConsumerRecord]) -> None:
        self.records = records

    def seek(self, tp: Any, at: int) -> None:
        """Begin there."""
        self.at = at

    async def getmany(self, tp: Any, timeout_ms: int, max_records: int) -> dict[Any, list[ConsumerRecord]]:
        """Give the rest."""
        return {tp: [one for one in self.records if one.offset >= self.at]}


async def test_the_queues_are_built_anew_past_a_strangers_junk() -> None:
    """``project --rebuild`` passes by what the projector passed by."""
    forged = [
        codec.encode(
            Decision(id=DecisionId("incidents:0:8"), at=1, cause="incident", reason="reported", home="tawan", **more)
        )
        for more in UNFOLDABLE
    ]
    junk = [record(value, Loose, offset=n) for n, value in enumerate((*JUNK, *forged))]
    consumer: Any = Consumer([*junk, record(decided("cli:7"), offset=len(junk))])
    tp = TopicPartition("gw.tickets.decisions", 0)
    shadow: Any = Shadow()
    await project._fold_up_to(consumer, shadow, tp, {0: 0}, len(junk) + 1, lambda by: None)
    assert shadow.folded == ["incidents:0:7"]
    consumer.records = [record(b"junk", offset=0)]
    with pytest.raises(OwnRecordUnreadable, match="is ours and cannot be read"):
        await project._fold_up_to(consumer, shadow, tp, {0: 0}, 1, lambda by: None)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> list[ConsumerRecord]:
    """What stands in a partition of ``tickets.state``; filled by the test."""
    found = [record(codec.encode(Marker(at=1, positions={DECISIONS.name: 9})), key=b"m:")]

    async def to_end(*args: Any, **more: Any) -> AsyncIterator[list[ConsumerRecord]]:
        yield found

    monkeypatch.setattr(positions, "to_end", to_end)
    return found


async def test_open_tickets_are_read_past_a_strangers_junk(state: list[ConsumerRecord]) -> None:
    """``pack rebase`` sees the open tickets; a damaged one of ours is said by name."""
    state.append(record(codec.encode(ticket()), key=f"t:{NAME}".encode()))
    state += [
        record(value, Loose, key)
        for key in (b"t:\xff", f"t:{NAME}".encode(), b"h:\xff", b"h:x", b"x", b"")
        for value in JUNK
        if value is not None
    ]
    settings = Settings(partitions=1)
    assert [(partition, one.id) async for partition, one in command_batches.open_tickets(settings)] == [(0, NAME)]
    state.append(record(b"junk", key=f"t:{NAME}".encode()))
    with pytest.raises(OwnRecordUnreadable, match=NAME):
        [one async for one in command_batches.open_tickets(settings)]


@pytest.mark.parametrize("topic", [DECISIONS.name, INCIDENTS.name, "dept.ranqi.tasks"])
def test_tail_shows_what_cannot_be_read_as_it_is(topic: str) -> None:
    """And goes on, however deep it is."""
    for value in JUNK:
        assert tail._lines(topic, value or b"", ZoneInfo("UTC"))[0].startswith("not readable") or value == b"{}"


async def test_a_command_is_not_answered_by_a_strangers_half_of_a_decision() -> None:
    """It names the command and the actor, and is no decision: the answer is still waited for."""
    half = b'{"command_id":"c1","actor":"chief:chief-1","id":"x"}'
    answer = decided("cli:7", command_id="c1", actor="chief:chief-1")
    batches = [[record(half, Loose)], [record(answer)]]

    class Watcher:
        async def getmany(self, timeout_ms: int) -> dict[TopicPartition, list[ConsumerRecord]]:
            return {TopicPartition("gw.tickets.decisions", 0): batches.pop(0)} if batches else {}

    watcher: Any = Watcher()
    found = [one async for one in command_batches._decided(watcher, {("c1", "chief:chief-1", 0)}, 1.0)]
    assert [one.id for one in found] == ["incidents:0:7"]


async def test_an_original_is_opened_past_a_strangers_record_under_its_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The vault's own entry is taken; a tombstone behind it says that it is forgotten."""
    settings = Settings(data_dir=tmp_path)
    make_master_key(settings.key_file)
    vault = load_vault(settings.key_file)
    entry, sealed = vault.seal_aside("tok", b'{"text": "x"}')
    rejected = Rejected(
        id="incidents.raw:0:7", at=1, reason="missing_field", field="channel", message="m", token="tok", sealed=sealed
    )
    vaulted = [
        record(codec.encode(entry), key=b"tok"),
        *(record(value, Loose, b"tok") for value in JUNK if value is not None),
    ]

    async def to_end(settings: Settings, topic: str, partitions: Any) -> AsyncIterator[list[ConsumerRecord]]:
        yield [record(codec.encode(rejected))] if topic == REJECTED.name else vaulted

    monkeypatch.setattr(rejections, "to_end", to_end)
    assert (await rejections._opened(settings, "incidents.raw:0:7")).value == b'{"text": "x"}'
    vaulted.append(record(None, key=b"tok"))
    with pytest.raises(InvalidSettings, match="was forgotten"):
        await rejections._opened(settings, "incidents.raw:0:7")


async def test_junk_beside_what_is_held_or_on_duty_takes_nothing_away(state: list[ConsumerRecord]) -> None:
    """The view's and the roster's own records stand as they were."""
    state += [
        record(codec.encode(HeldCause(at=1, home="tawan")), key=b"h:incidents:0:1"),
        record(codec.encode(Duties(())), key=b"d:chief:a"),
    ]
    state += [
        record(value, Loose, key) for key in (b"h:incidents:0:1", b"d:chief:a") for value in JUNK if value is not None
    ]
    assert (await image_of(Settings(), 0)).held == {"incidents:0:1": HeldCause(at=1, home="tawan")}
    assert await duties_of(Settings(), 0) == {"chief:a": Duties(())}
