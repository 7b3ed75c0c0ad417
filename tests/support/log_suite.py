"""What every log must do, whichever it is: Kafka (``tests/kafka/test_kafka_log.py``) and the one in memory
(``tests/unit/engine/test_memory_log.py``) pass the same tests."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from engine.kafka.driver_errors import (
    Fenced,
    KafkaFault,
    NotAssigned,
    OffsetsGone,
    OutOfTurn,
    ReaderStopped,
    lies_in_the_content,
)
from engine.kafka.log_consumer import Loose
from engine.kafka.port import Log, Reader, Writer
from engine.kafka.read_to_end import to_end
from engine.kafka.reference import last_records
from engine.stream.contracts import Out
from engine.stream.sending import send

IN, OUT = "in", "out"
"""Two topics of two partitions, which take batches of up to 1 MiB."""

WITHIN = 30.0
"""Nothing here takes a second; whoever waits longer waits for what never comes."""


class Stand(Protocol):
    """A log with the two topics, and what others do to it."""

    log: Log

    async def door(self, topic: str, partition: int, value: bytes) -> int:
        """Write outside of any transaction."""

    async def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Let retention take what lies before."""


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes what a member is given and what is taken from it; seeks as the loop does."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.told = reader, list[tuple[str, int]]()
        self.has: set[TopicPartition] = set()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.told.append(("revoked", len(revoked)))
        self.has = set()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        for tp in assigned:
            self.reader.seek(tp, 0)
        self.told.append(("assigned", len(assigned)))
        self.has = set(assigned)


def outs(*values: bytes, partition: int = 0, topic: str = OUT) -> list[Out]:
    """Records for one partition."""
    return [Out(topic, partition, b"k", value) for value in values]


async def begun(log: Log, name: str, *values: bytes, partition: int = 0) -> tuple[Writer, list[Any]]:
    """A writer with an open transaction, in which these are acknowledged."""
    writer = log.writer(name)
    await writer.start()
    await writer.begin_transaction()
    acks = await send(writer, log.prefix, outs(*values, partition=partition))
    return writer, [await ack for ack in acks]


async def commit(log: Log, name: str, *values: bytes, partition: int = 0) -> None:
    """Write these in a transaction of their own."""
    writer, _ = await begun(log, name, *values, partition=partition)
    await writer.commit_transaction()
    await writer.let_go()


async def read(log: Log, topic: str = OUT, partitions: Sequence[int] = (0,)) -> list[ConsumerRecord]:
    """All that may be read now, to the ends as they are."""
    async with asyncio.timeout(WITHIN):
        return [one for records in [r async for r in to_end(log, topic, partitions)] for one in records]


async def values(log: Log, partition: int = 0) -> list[bytes]:
    """The values of what may be read."""
    return [one.value for one in await read(log, partitions=(partition,))]


async def until(wanted: Any) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(WITHIN):
        while not wanted():
            await asyncio.sleep(0.01)


def tp(log: Log, number: int = 0, topic: str = OUT) -> TopicPartition:
    """A partition by its physical name."""
    return TopicPartition(log.prefix + topic, number)


class LogSuite:
    """The tests; a class that inherits them gives ``stand``."""

    async def test_what_is_committed_is_read_whole_and_in_order(self, stand: Stand) -> None:
        log = stand.log
        await commit(log, "w", b"1", b"2")
        await commit(log, "w", b"3")
        found = await read(log)
        assert [(one.offset, one.value) for one in found] == [(0, b"1"), (1, b"2"), (3, b"3")]  # 2 is a marker
        assert {type(one) for one in found} == {ConsumerRecord}

    async def test_a_marker_takes_an_offset_and_the_position_passes_it(self, stand: Stand) -> None:
        log = stand.log
        await commit(log, "w", b"1")
        async with log.reading([tp(log)]) as reader:
            assert (await reader.end_offsets([tp(log)]), await reader.position(tp(log))) == ({tp(log): 2}, 0)
            async with asyncio.timeout(WITHIN):
                while await reader.position(tp(log)) < 2:
                    await reader.fetched(timeout_ms=100)

    async def test_keys_values_and_headers_come_back(self, stand: Stand) -> None:
        log = stand.log
        writer = log.writer("w")
        await writer.start()
        await writer.begin_transaction()
        sent = [Out(OUT, 0, None, b"v", [("a", b"1"), ("a", b"2")]), Out(OUT, 0, b"k", None)]
        for ack in await send(writer, log.prefix, sent):
            await ack
        await writer.commit_transaction()
        await writer.let_go()
        first, second = await read(log)
        assert (first.key, first.value, tuple(first.headers)) == (None, b"v", (("a", b"1"), ("a", b"2")))
        assert (second.key, second.value, tuple(second.headers)) == (b"k", None, ())

    async def test_an_acknowledgement_tells_the_brokers_time_and_offset(self, stand: Stand) -> None:
        log = stand.log
        writer, (ack,) = await begun(log, "w", b"1", b"2")
        await writer.commit_transaction()
        await writer.let_go()
        assert (ack.topic, ack.partition, ack.offset) == (log.prefix + OUT, 0, 0)
        assert {(one.timestamp, one.timestamp_type) for one in await read(log)} == {(ack.timestamp, 1)}

    async def test_what_was_aborted_is_never_read_and_takes_offsets(self, stand: Stand) -> None:
        log = stand.log
        writer, _ = await begun(log, "w", b"lost", b"lost")
        await writer.let_go()
        await commit(log, "w", b"kept")
        assert [(one.offset, one.value) for one in await read(log)] == [(3, b"kept")]

    async def test_an_open_transaction_hides_all_behind_it(self, stand: Stand) -> None:
        log = stand.log
        await commit(log, "b", b"0")
        writer, _ = await begun(log, "a", b"a")
        await commit(log, "b", b"b")
        assert await values(log) == [b"0"]
        async with log.reading([tp(log)]) as reader:
            assert await reader.end_offsets([tp(log)]) == {tp(log): 2}
        await writer.commit_transaction()
        await writer.let_go()
        assert await values(log) == [b"0", b"a", b"b"]

    async def test_a_transaction_shows_in_all_its_partitions_or_in_none(self, stand: Stand) -> None:
        log = stand.log
        writer = log.writer("w")
        await writer.start()
        await writer.begin_transaction()
        for ack in await send(writer, log.prefix, [*outs(b"1"), *outs(b"2", partition=1), *outs(b"3", topic=IN)]):
            await ack
        assert [await values(log, 0), await values(log, 1), await read(log, IN)] == [[], [], []]
        await writer.commit_transaction()
        await writer.let_go()
        assert [await values(log, 0), await values(log, 1)] == [[b"1"], [b"2"]]
        assert [one.value for one in await read(log, IN)] == [b"3"]

    async def test_who_starts_last_fences_and_aborts_who_came_before(self, stand: Stand) -> None:
        log = stand.log
        former, _ = await begun(log, "w", b"former")
        latter, _ = await begun(log, "w", b"latter")
        with pytest.raises(Fenced):
            await former.commit_transaction()
        await latter.commit_transaction()
        await former.let_go()
        await latter.let_go()
        assert await values(log) == [b"latter"]

    async def test_a_fenced_writer_can_send_nothing_more(self, stand: Stand) -> None:
        log = stand.log
        former = log.writer("w")
        await former.start()
        latter = log.writer("w")
        await latter.start()
        await former.begin_transaction()
        (ack,) = await send(former, log.prefix, outs(b"former"))
        with pytest.raises(Fenced):
            await ack
        await former.let_go()
        await commit(log, "w", b"latter")
        await latter.let_go()
        assert await values(log) == [b"latter"]

    async def test_writers_of_other_names_fence_nobody(self, stand: Stand) -> None:
        log = stand.log
        one, _ = await begun(log, "one", b"1")
        two, _ = await begun(log, "two", b"2", partition=1)
        await one.commit_transaction()
        await two.commit_transaction()
        await one.let_go()
        await two.let_go()
        assert [await values(log, 0), await values(log, 1)] == [[b"1"], [b"2"]]

    async def test_a_group_moves_with_the_transaction_and_not_without(self, stand: Stand) -> None:
        log = stand.log
        member = log.member("stage", "c")
        await member.start()
        try:
            writer, _ = await begun(log, "w", b"1")
            await writer.send_offsets_to_transaction({tp(log, 0, IN): 7}, f"{log.prefix}stage")
            await writer.let_go()
            assert not await member.committed(tp(log, 0, IN))
            writer, _ = await begun(log, "w", b"1")
            await writer.send_offsets_to_transaction({tp(log, 0, IN): 8}, f"{log.prefix}stage")
            await writer.commit_transaction()
            await writer.let_go()
            async with asyncio.timeout(WITHIN):
                while await member.committed(tp(log, 0, IN)) != 8:
                    await asyncio.sleep(0.01)
        finally:
            await member.stop()

    async def test_nothing_may_be_sent_outside_of_a_transaction(self, stand: Stand) -> None:
        log = stand.log
        writer = log.writer("w")
        await writer.start()
        with pytest.raises(OutOfTurn):
            await send(writer, log.prefix, outs(b"1"))
        await writer.begin_transaction()
        await writer.commit_transaction()  # of nothing
        await writer.let_go()
        assert await values(log) == []

    async def test_a_batch_that_its_topic_refuses_is_the_contents_fault(self, stand: Stand) -> None:
        log = stand.log
        writer = log.writer("w")
        await writer.start()
        await writer.begin_transaction()
        (ack,) = await send(writer, log.prefix, outs(b"x" * 1_500_000))
        with pytest.raises(KafkaFault) as refused:
            await ack
        assert lies_in_the_content(refused.value)
        await writer.let_go()
        await commit(log, "w", b"next")
        assert await values(log) == [b"next"]

    async def test_a_builder_takes_what_fits_and_no_more(self, stand: Stand) -> None:
        log = stand.log
        writer = log.writer("w")
        await writer.start()
        batch = writer.create_batch()
        large = b"x" * 1_000_000
        assert batch.append(timestamp=None, key=b"k", value=large, headers=[]) is not None
        assert batch.append(timestamp=None, key=b"k", value=large, headers=[]) is None
        await writer.let_go()

    async def test_what_was_written_outside_of_any_transaction_is_loose(self, stand: Stand) -> None:
        log = stand.log
        assert await stand.door(OUT, 0, b"door") == 0
        await commit(log, "w", b"ours")
        found = await read(log)
        assert [(type(one), one.value) for one in found] == [(Loose, b"door"), (ConsumerRecord, b"ours")]

    async def test_the_log_begins_where_retention_left_it(self, stand: Stand) -> None:
        log = stand.log
        for value in (b"0", b"1", b"2"):
            await stand.door(OUT, 0, value)
        await stand.delete_before(OUT, 0, 2)
        assert await values(log) == [b"2"]
        async with log.reading([tp(log)]) as reader:
            assert await reader.beginning_offsets([tp(log)]) == {tp(log): 2}
            assert await reader.end_offsets([tp(log)]) == {tp(log): 3}

    async def test_a_member_that_stands_before_the_log_is_told_what_has_gone(self, stand: Stand) -> None:
        log = stand.log
        for value in (b"0", b"1"):
            await stand.door(IN, 0, value)
        await stand.delete_before(IN, 0, 1)
        member = log.member("stage", "c")
        listener = Listener(member)
        member.subscribe([log.prefix + IN], listener=listener)
        await member.start()
        try:
            with pytest.raises(OffsetsGone) as gone:
                await asyncio.wait_for(_pump(member), WITHIN)
            assert gone.value.args[0] == {tp(log, 0, IN): 0}
        finally:
            await member.stop()

    async def test_reading_to_the_end_takes_every_partition_from_where_it_was_asked(self, stand: Stand) -> None:
        log = stand.log
        await commit(log, "w", b"00", b"01")
        await commit(log, "w", b"10", b"11", b"12", partition=1)
        assert sorted(one.value for one in await read(log, partitions=(0, 1))) == [b"00", b"01", b"10", b"11", b"12"]
        found = [one.value async for records in to_end(log, OUT, (0, 1), start=1) for one in records]
        assert sorted(found) == [b"01", b"11", b"12"]

    async def test_the_last_record_wanted_is_found_behind_what_was_aborted(self, stand: Stand) -> None:
        log = stand.log
        await commit(log, "w", b"a", b"wanted")
        for _ in range(3):
            writer, _ = await begun(log, "w", *[b"wanted too"] * 5)
            await writer.let_go()
        found = await last_records(log, OUT, (0, 1), lambda record: record.value.startswith(b"wanted"))
        assert [(number, one.value) for number, one in found] == [(0, b"wanted")]

    async def test_what_is_paused_comes_after_it_is_resumed(self, stand: Stand) -> None:
        log = stand.log
        await commit(log, "w", b"0")
        await commit(log, "w", b"1", partition=1)
        tps = [tp(log, 0), tp(log, 1)]
        async with log.reading(tps) as reader:
            reader.pause(tps[0])
            first = await _some(reader, {tps[1]})
            assert await reader.fetched(timeout_ms=50) == {}
            reader.resume(tps[0])
            second = await _some(reader, {tps[0]})
            reader.seek(tps[1], 0)
            again = await _some(reader, {tps[1]})
        assert (first[tps[1]], second[tps[0]], again[tps[1]]) == ([b"1"], [b"0"], [b"1"])

    async def test_what_is_not_ours_is_said_so(self, stand: Stand) -> None:
        log = stand.log
        async with log.reading([tp(log, 0)]) as reader:
            assert set(reader.assignment()) == {tp(log, 0)}
            with pytest.raises(NotAssigned):
                reader.pause(tp(log, 1))
            with pytest.raises(NotAssigned):
                reader.resume(tp(log, 1))
            with pytest.raises(NotAssigned):
                reader.seek(tp(log, 1), 0)
            with pytest.raises(NotAssigned):
                await reader.position(tp(log, 1))

    async def test_a_reader_that_was_stopped_says_so(self, stand: Stand) -> None:
        log = stand.log
        async with log.reading([tp(log)]) as reader:
            pass
        with pytest.raises(ReaderStopped):
            await reader.fetched(timeout_ms=10)

    async def test_a_group_takes_all_before_it_gives_and_whoever_stays_gets_what_is_left(self, stand: Stand) -> None:
        log = stand.log
        one, two = log.member("stage", "one"), log.member("stage", "two")
        first, second = Listener(one), Listener(two)
        one.subscribe([log.prefix + IN], listener=first)
        two.subscribe([log.prefix + IN], listener=second)
        pumps = [asyncio.create_task(_pump(one)), asyncio.create_task(_pump(two))]
        await one.start()
        await until(lambda: len(first.has) == 2)
        await two.start()
        await until(lambda: len(first.has) == len(second.has) == 1)
        assert first.has | second.has == {tp(log, 0, IN), tp(log, 1, IN)}
        assert ("revoked", 2) in first.told
        await two.stop()
        await until(lambda: len(first.has) == 2)
        await one.stop()
        await asyncio.wait(pumps, timeout=WITHIN)
        assert [type(pump.exception()) for pump in pumps] == [ReaderStopped, ReaderStopped]


async def _some(reader: Reader, wanted: set[TopicPartition]) -> dict[TopicPartition, list[bytes]]:
    """Fetch until something came of exactly these."""
    async with asyncio.timeout(WITHIN):
        while not (found := await reader.fetched(timeout_ms=100)):
            pass
    assert set(found) == wanted
    return {tp: [one.value for one in records] for tp, records in found.items()}


async def _pump(reader: Reader) -> None:
    """Fetch for ever: a member that does not is no member."""
    while True:
        if reader.is_joining():
            await asyncio.sleep(0.02)
            continue
        await reader.fetched(timeout_ms=100)
        await asyncio.sleep(0)
