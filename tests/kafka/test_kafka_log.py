"""Kafka does what the suite of every log asks: what the log in memory is held to is what brokers do."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka import ConsumerRecord
from aiokafka.admin import NewTopic, RecordsToDelete

from engine.errors import OwnRecordUnreadable
from engine.kafka import clients, kafka_log
from engine.kafka.driver_errors import ReaderStopped
from engine.kafka.fetch_sessions import SessionFetcher
from engine.kafka.fetched_batches import Loose
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.read_to_end import to_end
from engine.settings import Settings
from engine.stream.contracts import Out
from engine.stream.positions import load_state, marking
from engine.stream.sending import send
from tests.support.log_stand import IN, OUT, begun, commit, outs, settled, tp
from tests.support.log_suite import LogSuite
from topics.registry import MIB
from topics.ticket import Marker

_numbers = itertools.count(1)


class KafkaStand:
    """The two topics on a real broker, under a prefix of their own."""

    def __init__(self, address: str) -> None:
        self.settings = Settings(
            kafka=address,
            prefix=f"suite{next(_numbers)}-{uuid.uuid4().hex[:6]}.",
            replication_factor=1,
            min_insync_replicas=1,
            session_timeout_seconds=6,
        )
        self.log = KafkaLog(self.settings)
        self.admin = clients.admin(self.settings)
        self.sender = clients.sender(self.settings)

    async def open(self) -> None:
        await self.admin.start()
        configs = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(MIB)}
        names = [self.log.prefix + name for name in (IN, OUT)]
        await self.admin.create_topics([NewTopic(name, 2, 1, topic_configs=configs) for name in names])
        await self.sender.start()

    async def close(self) -> None:
        await self.sender.stop()
        await self.admin.close()

    async def door(self, topic: str, partition: int, value: bytes) -> int:
        return int((await self.sender.send_and_wait(self.log.prefix + topic, value, partition=partition)).offset)

    async def delete_before(self, topic: str, partition: int, offset: int) -> None:
        await self.admin.delete_records({tp(self.log, partition, topic): RecordsToDelete(before_offset=offset)})


@pytest.fixture
async def stand(kafka_address: str) -> AsyncIterator[KafkaStand]:
    """Two new topics."""
    found = KafkaStand(kafka_address)
    await found.open()
    yield found
    await found.close()


class TestKafkaLog(LogSuite):
    """The same suite as memory's."""


async def test_a_state_is_read_many_at_a_time_and_the_same(stand: KafkaStand) -> None:
    """Keys and values without the rest, what has headers whole, nothing of what was aborted; a door's own comes as it
    is."""
    log = stand.log
    wanted = []
    for number in range(3):
        await commit(log, "w", *(b"%d" % (number * 10 + one) for one in range(5)))
        wanted += [b"%d" % (number * 10 + one) for one in range(5)]
    writer, _ = await begun(log, "w", b"aborted")
    await writer.let_go()
    await settled(log, "w")
    writer = log.writer("w")
    await writer.start()
    await writer.begin_transaction()
    headed = Out(OUT, 0, b"m:", b"whole", headers=(("form", b"1"),))
    for ack in await send(writer, log.prefix, [*outs(b"before"), headed, *outs(b"behind")]):
        await ack
    await writer.commit_transaction()
    await writer.let_go()
    await stand.door(OUT, 0, b"loose")
    pieces = [p async for records in to_end(log, OUT, [0], unreadable=True, pairs=True) for p in records]
    assert [type(one) for one in pieces] == [list, list, list, list, ConsumerRecord, list, Loose]
    assert [value for piece in pieces[:4] for _, value in piece] == [*wanted, b"before"]
    assert (pieces[4].value, pieces[4].headers) == (b"whole", (("form", b"1"),)) and pieces[5] == [(b"k", b"behind")]


async def test_a_reader_whose_fetching_has_died_says_so(stand: KafkaStand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library hands out nothing for ever: a stage stood there, alive and idle, and whoever read to an end never
    came to it."""

    async def dies(*_: object) -> bool:
        raise LookupError("of nobody's thinking")

    monkeypatch.setattr(SessionFetcher, "_proc_fetch_request", dies)
    await commit(stand.log, "w", b"0")
    pieces = to_end(stand.log, OUT, [0])
    with pytest.raises(ReaderStopped) as told:
        await asyncio.wait_for(anext(pieces), 20)
    assert told.value.__cause__ is not None and "of nobody's thinking" in repr(told.value.__cause__.__cause__)
    async with stand.log.reading([tp(stand.log)]) as reader:
        with pytest.raises(ReaderStopped):
            await asyncio.wait_for(reader.getone(), 20)


@pytest.mark.parametrize("most", [1, 2, 3, 4])
async def test_the_last_marker_is_read_wherever_a_fetch_is_cut(
    stand: KafkaStand, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Behind the last of the most records that one call hands out as well; what else the batch held comes with the
    next call."""
    monkeypatch.setattr(kafka_log, "PIECE", most)
    log, writer = stand.log, stand.log.writer("w")
    await writer.start()
    for at in range(6):
        await writer.begin_transaction()
        own = marking(OUT, 0, Marker(at=at, positions={}, pack="", vault_key=None))
        for ack in await send(writer, log.prefix, [*outs(*[b"%d" % at] * (at % 3)), own]):
            await ack
        await writer.commit_transaction()
        await settled(log, "other")
        found = await load_state(log, OUT, 0, print, print, lambda pairs: None)
        assert found.marker is not None and (found.marker.at, found.vouched) == (at, True)
    await writer.let_go()


async def test_one_among_many_that_cannot_be_read_is_named_with_its_place(stand: KafkaStand) -> None:
    """It lies in a batch of sound ones."""
    log = stand.log
    await commit(log, "w", b"0", b"1", b"2", b"3")
    taken: list[bytes | None] = []

    def load(key: bytes, value: bytes | None) -> None:
        if value == b"2":
            raise ValueError("no ticket")
        taken.append(value)

    def many(pairs: Sequence[tuple[bytes, bytes | None]]) -> None:
        for key, value in pairs:
            load(key, value)

    with pytest.raises(OwnRecordUnreadable, match=f"{OUT}/0 offset 2"):
        await load_state(log, OUT, 0, load, lambda offset, why: None, many)
    assert taken == [b"0", b"1", b"0", b"1"]
