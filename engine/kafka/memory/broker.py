"""The broker: topics, who may write under which transactional id, what is committed, and where groups stand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError

from engine.kafka.clients import PARTITION_BYTES, TRANSACTION_MS
from engine.kafka.driver_errors import Fenced
from engine.kafka.fetched_batches import Loose, Unreadable
from engine.kafka.memory.faults import Faults
from engine.kafka.memory.group import Group
from engine.kafka.memory.reader import MemoryReader
from engine.kafka.memory.stored import Fate, StoredPartition, Transaction
from engine.kafka.memory.writer import MemoryWriter
from engine.kafka.record_batch import Headers
from topics.registry import MIB, TopicSpec

Message = tuple[bytes | None, bytes | None, Headers]
"""Key, value, headers."""


class Identity:
    """What a broker knows of one transactional id."""

    def __init__(self) -> None:
        """Nobody has started under it."""
        self.epoch = -1
        self.transaction: Transaction | None = None


class MemoryLog:
    """One stack's topics in memory; a ``Log``. Its time is the clock's that it was given, in milliseconds."""

    def __init__(self, clock: Callable[[], int], prefix: str = "gw.") -> None:
        """Begin without topics."""
        self.clock, self.prefix = clock, prefix
        self.faults = Faults()
        self.stands: dict[tuple[str, TopicPartition], int] = {}
        """Group and partition -> where the group stands."""
        self.groups: dict[str, Group] = {}
        self._stored: dict[TopicPartition, StoredPartition] = {}
        self._identities: dict[str, Identity] = {}
        self._waiting: set[asyncio.Future[None]] = set()

    # -- a Log -------------------------------------------------------------------------------------------------

    def writer(self, name: str) -> MemoryWriter:
        """Make a writer; its transactional id is ``<prefix><name>``."""
        return MemoryWriter(self, self.prefix + name)

    def member(self, stage: str, client: str, place: str | None = None) -> MemoryReader:
        """Make a reader in the group of a stage. Whoever is gone is missed at once here, whatever its place."""
        name = self.prefix + stage
        return MemoryReader(self, client, self.groups.setdefault(name, Group(self, name)))

    @asynccontextmanager
    async def reading(
        self, tps: Iterable[TopicPartition], partition_bytes: int = PARTITION_BYTES, pairs: bool = False
    ) -> AsyncIterator[MemoryReader]:
        """Open a reader of no group over these partitions, at their beginnings."""
        reader = MemoryReader(self, "reading", None)
        await reader.start()
        try:
            reader.assign(tps)
            yield reader
        finally:
            await reader.stop()

    # -- topics ------------------------------------------------------------------------------------------------

    def create(self, topic: str, partitions: int, max_bytes: int = MIB) -> None:
        """Make a topic, by its logical name."""
        for number in range(partitions):
            self._stored[self._tp(topic, number)] = StoredPartition(max_bytes)

    def create_all(self, specs: Iterable[TopicSpec], partitions: int) -> None:
        """Make topics as the registry declares them."""
        for spec in specs:
            self.create(spec.name, spec.partitions or partitions, spec.max_bytes)

    def append(
        self, topic: str, partition: int, value: bytes | None, key: bytes | None = None, headers: Any = ()
    ) -> int:
        """Write a record outside of any transaction, as a door does, or a stranger; answers its offset."""
        tp = self._tp(topic, partition)
        return self._append(tp, [(key, value, headers)], Loose, None)[0]

    def spoil(self, topic: str, partition: int, why: str, offsets: int = 1, loose: bool = True) -> int:
        """Write what cannot be read, over so many offsets; answers the last."""
        tp = self._tp(topic, partition)
        stored = self.stored(tp)
        first = stored.end
        for _ in range(offsets - 1):
            stored.append(None, None)
        piece = Unreadable(*tp, stored.end, self.clock(), 1, None, None, None, -1, -1, (), first, why, loose)
        stored.append(piece, None)
        self.moved()
        return stored.end - 1

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Let retention take what lies before an offset."""
        self.stored(self._tp(topic, partition)).delete_before(offset)

    def all(self, topic: str, partition: int) -> list[ConsumerRecord]:
        """Everything that may be read of a partition now."""
        stored = self.stored(self._tp(topic, partition))
        return stored.read(stored.begin, stored.end)[0]

    def partitions_of(self, topic: str) -> set[int]:
        """Which partitions a physical topic has."""
        return {tp.partition for tp in self._stored if tp.topic == topic}

    def topics(self) -> set[str]:
        """Every physical topic."""
        return {tp.topic for tp in self._stored}

    def stored(self, tp: TopicPartition) -> StoredPartition:
        """Find a partition; what has been open for too long was aborted by now.

        Raises:
            UnknownTopicOrPartitionError: There is none.
        """
        self._expire()
        try:
            return self._stored[tp]
        except KeyError:
            raise UnknownTopicOrPartitionError(f"{tp.topic}/{tp.partition}") from None

    def _tp(self, topic: str, partition: int) -> TopicPartition:
        return TopicPartition(self.prefix + topic, partition)

    # -- transactions ------------------------------------------------------------------------------------------

    def started(self, name: str) -> int:
        """Somebody starts under a transactional id: who came before is fenced, what they left open is aborted."""
        identity = self._identities.setdefault(name, Identity())
        identity.epoch += 1
        self._end(identity, Fate.ABORTED)
        return identity.epoch

    def produce(
        self, name: str, epoch: int, tp: TopicPartition, messages: Sequence[Message], size: int
    ) -> tuple[int, int]:
        """Append a batch to the open transaction; answers its first offset and its LogAppendTime.

        Raises:
            Fenced: Somebody else has started under this id, or the transaction was open for too long.
            MessageSizeTooLargeError: The topic takes no batch of so many bytes.
        """
        stored = self.stored(tp)
        transaction = self._open(name, epoch)
        if size > stored.max_bytes:
            raise MessageSizeTooLargeError(f"{size} bytes")
        return self._append(tp, messages, ConsumerRecord, transaction)

    def end(self, name: str, epoch: int, fate: Fate) -> None:
        """End the open transaction.

        Raises:
            Fenced: As ``produce``.
        """
        self._end(self._identity(name, epoch), fate)

    def _identity(self, name: str, epoch: int) -> Identity:
        self._expire()
        identity = self._identities[name]
        if identity.epoch != epoch:
            raise Fenced
        return identity

    def _expire(self) -> None:
        """Abort what has been open for too long, and fence its writer."""
        for identity in self._identities.values():
            transaction = identity.transaction
            if transaction is not None and self.clock() - transaction.began_ms > TRANSACTION_MS:
                identity.epoch += 1
                self._end(identity, Fate.ABORTED)

    def _open(self, name: str, epoch: int) -> Transaction:
        identity = self._identity(name, epoch)
        if identity.transaction is None:
            identity.transaction = Transaction(self.clock())
        return identity.transaction

    def _end(self, identity: Identity, fate: Fate) -> None:
        transaction, identity.transaction = identity.transaction, None
        if transaction is None:
            return
        transaction.fate = fate
        for stored in transaction.partitions:
            stored.ended(transaction)
        self.moved()

    def _append(
        self, tp: TopicPartition, messages: Sequence[Message], kind: type[ConsumerRecord], of: Transaction | None
    ) -> tuple[int, int]:
        stored, now = self.stored(tp), self.clock()
        first = stored.end
        for offset, (key, value, headers) in enumerate(messages, first):
            stored.append(kind(*tp, offset, now, 1, key, value, None, -1, -1, tuple(headers)), of)
        self.moved()
        return first, now

    # -- waiting -----------------------------------------------------------------------------------------------

    def moved(self) -> None:
        """Wake whoever waits for records."""
        for one in self._waiting:
            if not one.done():
                one.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait until something has come, or for so long."""
        one = asyncio.get_running_loop().create_future()
        self._waiting.add(one)
        try:
            await asyncio.wait([one], timeout=seconds)
        finally:
            self._waiting.discard(one)
