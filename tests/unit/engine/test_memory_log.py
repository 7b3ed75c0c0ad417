"""The log in memory does what Kafka does, and goes wrong where it is told to."""

import pytest

from engine.kafka.driver_errors import Fenced, KafkaFault
from engine.kafka.fetched_batches import Unreadable
from engine.kafka.memory.broker import MemoryLog
from engine.kafka.port import Log
from engine.stream.sending import send
from tests.support.log_stand import IN, OUT, begun, commit, outs, read, tp, values
from tests.support.log_suite import LogSuite


class MemoryStand:
    """The two topics in memory."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.memory = MemoryLog(self.clock)
        self.log: Log = self.memory
        self.memory.create(IN, 2)
        self.memory.create(OUT, 2)

    def clock(self) -> int:
        """Each look is a millisecond later."""
        self.now += 1
        return self.now

    async def door(self, topic: str, partition: int, value: bytes) -> int:
        return self.memory.append(topic, partition, value)

    async def delete_before(self, topic: str, partition: int, offset: int) -> None:
        self.memory.delete_before(topic, partition, offset)


@pytest.fixture
def stand() -> MemoryStand:
    """A new log."""
    return MemoryStand()


class TestMemoryLog(LogSuite):
    """The same suite as Kafka's."""


async def test_what_was_open_for_too_long_is_aborted_and_its_writer_fenced(stand: MemoryStand) -> None:
    """As the broker's time says it, 15 s after its first record."""
    log = stand.log
    writer, _ = await begun(log, "w", b"late")
    await commit(log, "other", b"behind")
    assert await values(log) == []
    stand.now += 15_000
    assert await values(log) == [b"behind"]
    with pytest.raises(Fenced):
        await writer.commit_transaction()
    assert await values(log) == [b"behind"]


async def test_a_commit_whose_answer_is_lost_is_a_commit(stand: MemoryStand) -> None:
    """In doubt to whoever asked, and to nobody who reads."""
    writer, _ = await begun(stand.log, "w", b"1")
    stand.memory.faults.at("commit", TimeoutError(), after=True)
    with pytest.raises(TimeoutError):
        await writer.commit_transaction()
    await writer.let_go()
    assert await values(stand.log) == [b"1"]


@pytest.mark.parametrize("step", ["start", "begin", "send", "ack", "commit"])
async def test_it_goes_wrong_at_the_step_that_was_chosen_and_nothing_is_read(stand: MemoryStand, step: str) -> None:
    """Once; the next writer succeeds."""
    log, faults = stand.log, stand.memory.faults
    faults.at(step, KafkaFault("chosen"), who=".w")

    async def all_of_it() -> None:
        writer = log.writer("w")
        try:
            await writer.start()
            await writer.begin_transaction()
            for ack in await send(writer, log.prefix, outs(b"1")):
                await ack
            await writer.commit_transaction()
        finally:
            await writer.let_go()

    with pytest.raises(KafkaFault, match="chosen"):
        await all_of_it()
    assert (await values(log), faults.left()) == ([], 0)
    await all_of_it()
    assert await values(log) == [b"1"]


async def test_it_goes_wrong_as_often_and_for_whom_it_was_told(stand: MemoryStand) -> None:
    """Once well, then wrong twice, for one of two."""
    faults = stand.memory.faults
    faults.at("commit", KafkaFault("chosen"), who=".w", skip=1, times=2)
    ended = []
    for name in ("w", "other", "w", "other", "w", "w"):
        try:
            await commit(stand.log, name, name.encode())
            ended.append(True)
        except KafkaFault:
            ended.append(False)
    assert ended == [True, True, False, True, False, True]
    with pytest.raises(ValueError, match="no step"):
        faults.at("comit", KafkaFault())


async def test_what_cannot_be_read_comes_in_its_place(stand: MemoryStand) -> None:
    """One piece for all its offsets, handed out by ``fetched`` alone."""
    memory = stand.memory
    memory.append(OUT, 0, b"0")
    assert memory.spoil(OUT, 0, "the checksum is wrong", offsets=3) == 3
    memory.append(OUT, 0, b"4")
    assert [one.value for one in await read(stand.log)] == [b"0", b"4"]
    async with stand.log.reading([tp(stand.log)]) as reader:
        (found,) = (await reader.fetched()).values()
    assert [(type(one) is Unreadable, one.offset) for one in found] == [(False, 0), (True, 3), (False, 4)]
    assert (found[1].first, found[1].why, found[1].loose) == (1, "the checksum is wrong", True)
