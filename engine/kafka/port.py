"""What the partition loop needs of a log: append in a transaction, read from, where it ends. Kafka is one
(``kafka_log``), memory another (``memory``); one suite of tests holds both to it.

The names are the driver's, so that its own objects are readers and writers as they are: nothing is wrapped on the way
of a record. What a record looks like is the driver's ``ConsumerRecord`` as well, ``Loose`` and ``Unreadable`` included.
"""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiokafka import ConsumerRecord, TopicPartition

Fetched = dict[TopicPartition, list[ConsumerRecord]]


class Reader(Protocol):
    """Reads what is committed, in order, of partitions that it was given or that its group gives it.

    Markers and aborted records take offsets and are never handed out; ``position`` passes them by.
    """

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these, without a group."""

    def subscribe(self, topics: Sequence[str] = (), pattern: str | None = None, listener: Any = None) -> None:
        """Read what the group gives us of these topics; the listener is told before it is taken and after it is
        given."""

    def assignment(self) -> Iterable[TopicPartition]:
        """What may be read now."""

    def subscription(self) -> Iterable[str]:
        """The topics that were subscribed to."""

    def partitions_for_topic(self, topic: str) -> Iterable[int] | None:
        """Which partitions a physical topic has."""

    def is_joining(self) -> bool:
        """Whether the group is being joined: until that ends, nothing is handed out."""

    async def start(self) -> None:
        """Connect, and join the group."""

    async def stop(self) -> None:
        """Leave the group and let go."""

    def pause(self, *partitions: TopicPartition) -> None:
        """Hand out nothing of these for now. ``NotAssigned``: one is not ours."""

    def resume(self, *partitions: TopicPartition) -> None:
        """Hand out again. ``NotAssigned``: one is not ours."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from there. ``NotAssigned``: it is not ours."""

    async def seek_to_beginning(self, *partitions: TopicPartition) -> bool:
        """Go on from where each begins."""

    async def position(self, partition: TopicPartition) -> int:
        """Which offset is handed out next, if it holds a record. ``NotAssigned``: it is not ours."""

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset that is there."""

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Behind the last offset that is decided: a transaction that is open hides all behind its first record."""

    async def committed(self, partition: TopicPartition) -> int | None:
        """Where the group stands."""

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Say where the group stands, outside of any transaction."""

    async def fetched(self, *partitions: TopicPartition, timeout_ms: int = 0) -> Fetched:
        """What has come, ``Unreadable`` pieces in their places. ``OffsetsGone``: it is no longer there."""

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0) -> Fetched:
        """What has come and can be read."""


class Batching(Protocol):
    """Records for one partition, gathered to be sent as one."""

    def append(
        self, *, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]] = ()
    ) -> bool:
        """Take one more record; ``False``: it does not fit."""


class Writer(Protocol):
    """Appends in transactions, under one transactional id; whoever starts last under it fences all before."""

    async def start(self) -> None:
        """Fence whoever wrote under this id, and abort what they left open."""

    async def begin_transaction(self) -> None:
        """All that is sent from now on is one."""

    def create_batch(self) -> Batching:
        """Begin a batch."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[Any]:
        """Send it; what is answered is done once the broker has it, with its ``topic``, ``offset`` and
        ``timestamp``."""

    async def commit_transaction(self) -> None:
        """Make it readable, whole. ``Fenced``: somebody else has started; nothing of it ever is."""

    async def let_go(self) -> None:
        """Abort what is open, so that readers need not wait for its time-out, and close; bounded, never raises."""


class Log(Protocol):
    """Where readers and writers come from."""

    prefix: str
    """What every physical topic of this stack begins with."""

    def writer(self, name: str) -> Writer:
        """Make a writer; its transactional id is ``<prefix><name>``."""

    def reading(
        self, tps: Iterable[TopicPartition], partition_bytes: int = ..., pairs: bool = ...
    ) -> AbstractAsyncContextManager[Reader]:
        """Open a reader of no group over these partitions, at their beginnings.

        With ``pairs`` it may hand out records of transactions that have no headers as lists of keys and values.
        """

    def member(self, stage: str, client: str, place: str | None = None) -> Reader:
        """Make a reader in the group of a stage, which names itself to the broker so.

        ``place``: whoever comes under it takes over from whoever had it at once, without the others noticing; else who
        is gone without a word is missed once its session has ended.
        """
