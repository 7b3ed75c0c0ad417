"""A reader of many partitions names what has changed, and hears all there is: whatever it pauses, wherever it goes on
from, and whoever forgets it."""

import asyncio
import uuid
from collections import Counter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.protocol.fetch import FetchRequest

from engine.kafka import clients
from engine.kafka.fetch_sessions import SessionFetch
from engine.kafka.log_consumer import LogConsumer
from engine.settings import Settings
from tests.support.rig import eventually
from tests.support.servers import Broker

MANY = 24
WITHIN = 60


class Stand:
    """A topic of many partitions, one reader of it, and what the reader has heard."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is there yet."""
        self.topic = f"{settings.prefix}many"
        self.tps = [TopicPartition(self.topic, number) for number in range(MANY)]
        self.reader: LogConsumer = clients.watcher(settings, auto_offset_reset="earliest", fetch_max_wait_ms=100)
        self.writer: AIOKafkaProducer = clients.sender(settings)
        self.heard: Counter[bytes] = Counter()
        self.sent = 0

    async def start(self) -> None:
        """Read from the beginning."""
        await self.reader.start()
        await self.writer.start()
        self.reader.assign(self.tps)
        await self.reader.seek_to_beginning(*self.tps)

    async def send(self, *partitions: int) -> None:
        """One more to each of these."""
        for partition in partitions:
            self.sent += 1
            await self.writer.send_and_wait(self.topic, b"%d" % self.sent, partition=partition)

    async def hear(self) -> None:
        """Read until all that was sent has been heard."""

        async def all_heard() -> bool:
            for records in (await self.reader.getmany(timeout_ms=200)).values():
                self.heard.update(one.value for one in records)
            return len(self.heard) == self.sent

        await eventually(all_heard, WITHIN, f"all of {self.sent} are heard")
        assert set(self.heard.values()) <= {1}

    async def stop(self) -> None:
        """Let go."""
        await self.reader.stop()
        await self.writer.stop()


async def stand_on(address: str) -> Stand:
    """A stand on a topic of its own."""
    settings = Settings(
        kafka=address, prefix=f"many-{uuid.uuid4().hex[:6]}.", replication_factor=1, min_insync_replicas=1
    )
    admin = clients.admin(settings)
    await admin.start()
    stand = Stand(settings)
    await admin.create_topics([NewTopic(stand.topic, MANY, 1)])
    await admin.close()
    await stand.start()
    return stand


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many partitions each request has told."""
    found: list[int] = []
    build = SessionFetch.build

    def counted(self: SessionFetch, kind: type) -> FetchRequest:
        asked = build(self, kind)
        found.append(sum(len(ones) for _, ones in asked.topics) + sum(len(n) for _, n in asked.forgotten_topics_data))
        return asked

    monkeypatch.setattr(SessionFetch, "build", counted)
    return found


async def test_of_many_partitions_those_are_told_that_have_changed(kafka_address: str, told: list[int]) -> None:
    """All of them once; then the one that brought something, or is paused, resumed or read from elsewhere."""
    stand = await stand_on(kafka_address)
    try:
        await stand.send(*range(MANY))
        await stand.hear()
        await asyncio.sleep(0.5)  # the next request says how far each was read
        told.clear()
        for partition in (3, 3, 17):
            await stand.send(partition)
            await stand.hear()
        stand.reader.pause(stand.tps[5])
        await asyncio.sleep(0.3)
        await stand.send(5, 6)
        stand.reader.resume(stand.tps[5])
        await stand.hear()
        stand.reader.seek(stand.tps[7], 0)
        stand.heard.clear()
        stand.sent = 1  # the one record there
        await stand.hear()
        assert told and max(told) <= 3
    finally:
        await stand.stop()


async def test_a_broker_that_has_forgotten_is_told_anew(tmp_path: Path, told: list[int]) -> None:
    """It was killed and comes again: nothing is missed, nothing comes twice."""
    broker = Broker(tmp_path / "kafka")
    try:
        stand = await stand_on(broker.address)
        try:
            await stand.send(*range(MANY))
            await stand.hear()
            broker.restart_after_kill()
            await stand.send(*range(0, MANY, 2))
            await stand.hear()
            assert max(told) == MANY and told.count(MANY) <= 5
        finally:
            await stand.stop()
    finally:
        broker.server.kill()
