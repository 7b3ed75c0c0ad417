"""A log that is tried: its two topics, what is written to it, and what is read."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from engine.kafka.port import Log, Reader, Writer
from engine.kafka.read_to_end import to_end
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
    await settled(log, name)


async def settled(log: Log, *names: str) -> None:
    """Wait until what these writers ended can be read: a commit is answered before its markers stand in the partitions,
    and whoever starts under the same name is answered after that."""
    for name in names:
        writer = log.writer(name)
        async with asyncio.timeout(WITHIN):
            await writer.start()
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


async def some(reader: Reader, wanted: set[TopicPartition]) -> dict[TopicPartition, list[bytes]]:
    """Fetch until something came of exactly these."""
    async with asyncio.timeout(WITHIN):
        while not (found := await reader.fetched(timeout_ms=100)):
            pass
    assert set(found) == wanted
    return {tp: [one.value for one in records] for tp, records in found.items()}


async def pump(reader: Reader) -> None:
    """Fetch for ever: a member that does not is no member."""
    while True:
        if reader.is_joining():
            await asyncio.sleep(0.02)
            continue
        await reader.fetched(timeout_ms=100)
        await asyncio.sleep(0)
