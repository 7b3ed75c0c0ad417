"""What every log's readers must do: where it begins and ends, groups, and what is not theirs."""

import asyncio

import pytest
from aiokafka import ConsumerRecord

from engine.kafka.driver_errors import NotAssigned, OffsetsGone, ReaderStopped
from engine.kafka.fetched_batches import Loose
from engine.kafka.read_to_end import to_end
from engine.kafka.reference import last_records
from tests.support.log_stand import IN, OUT, WITHIN, Listener, Stand, begun, commit, pump, read, some, tp, until, values


class ReadingSuite:
    """The tests; a class that inherits them gives ``stand``."""

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
                await asyncio.wait_for(pump(member), WITHIN)
            assert gone.value.offsets == {tp(log, 0, IN): 0}
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
            first = await some(reader, {tps[1]})
            assert await reader.fetched(timeout_ms=50) == {}
            reader.resume(tps[0])
            second = await some(reader, {tps[0]})
            reader.seek(tps[1], 0)
            again = await some(reader, {tps[1]})
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
        pumps = [asyncio.create_task(pump(one)), asyncio.create_task(pump(two))]
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
