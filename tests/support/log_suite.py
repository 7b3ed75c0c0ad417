"""What every log must do, whichever it is: Kafka (``tests/kafka/test_kafka_log.py``) and the one in memory
(``tests/unit/engine/test_memory_log.py``) pass the same tests."""

import asyncio

import pytest
from aiokafka import ConsumerRecord

from engine.kafka.driver_errors import Fenced, KafkaFault, OutOfTurn, lies_in_the_content
from engine.stream.contracts import Out
from engine.stream.sending import send
from tests.support.log_stand import IN, OUT, WITHIN, Stand, begun, commit, outs, read, settled, tp, values
from tests.support.log_suite_reading import ReadingSuite


class LogSuite(ReadingSuite):
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
        await settled(log, "w")
        first, second = await read(log)
        assert (first.key, first.value, tuple(first.headers)) == (None, b"v", (("a", b"1"), ("a", b"2")))
        assert (second.key, second.value, tuple(second.headers)) == (b"k", None, ())

    async def test_an_acknowledgement_tells_the_brokers_time_and_offset(self, stand: Stand) -> None:
        log = stand.log
        writer, (ack,) = await begun(log, "w", b"1", b"2")
        await writer.commit_transaction()
        await writer.let_go()
        await settled(log, "w")
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
        await settled(log, "a")
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
        await settled(log, "w")
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
        await settled(log, "w")
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
        await settled(log, "one", "two")
        assert [await values(log, 0), await values(log, 1)] == [[b"1"], [b"2"]]

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
        with pytest.raises(KafkaFault):  # not the rest without it
            await writer.commit_transaction()
        await writer.let_go()
        await commit(log, "w", b"next")
        assert await values(log) == [b"next"]

    async def test_a_builder_takes_what_fits_and_no_more(self, stand: Stand) -> None:
        log = stand.log
        writer = log.writer("w")
        await writer.start()
        batch = writer.create_batch()
        large = b"x" * 1_000_000
        assert batch.append(key=b"k", value=large, headers=[])
        assert not batch.append(key=b"k", value=large, headers=[])
        await writer.let_go()
