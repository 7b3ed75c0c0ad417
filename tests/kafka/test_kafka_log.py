"""Kafka does what the suite of every log asks: what the log in memory is held to is what brokers do."""

import itertools
import uuid
from collections.abc import AsyncIterator

import pytest
from aiokafka.admin import NewTopic, RecordsToDelete

from engine.kafka import clients
from engine.kafka.kafka_log import KafkaLog
from engine.settings import Settings
from tests.support.log_stand import IN, OUT, tp
from tests.support.log_suite import LogSuite
from topics.registry import MIB

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
