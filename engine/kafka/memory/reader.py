"""Reads the log in memory as the driver's consumer reads Kafka: what is committed, of what it was given."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError

from engine.kafka.driver_errors import NotAssigned, OffsetsGone, ReaderStopped
from engine.kafka.fetched_batches import Unreadable

if TYPE_CHECKING:
    from engine.kafka.memory.broker import MemoryLog
    from engine.kafka.memory.group import Group

MOST = 2000
"""Records that one fetch brings of a partition."""

ROUND_TRIP_SECONDS = 0.0005
"""A fetch is never answered at once: whoever asks again and again lets others come between."""


class Place:
    """Where a partition is read, and whether it is."""

    def __init__(self, position: int | None) -> None:
        """Begin there; ``None``: nobody has said."""
        self.position, self.paused = position, False


class MemoryReader:
    """A ``Reader``, of a group or of none."""

    def __init__(self, log: "MemoryLog", name: str, group: "Group | None") -> None:
        """Prepare; ``start`` joins."""
        self._log, self.name, self._group = log, name, group
        self.places: dict[TopicPartition, Place] = {}
        self.listener: Any = None
        self.joining = False
        self._topics: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._stopped = False

    # -- what is read ------------------------------------------------------------------------------------------

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these, from their beginnings."""
        self.places = {tp: Place(self._log.stored(tp).begin) for tp in partitions}

    def subscribe(self, topics: Sequence[str] = (), pattern: str | None = None, listener: Any = None) -> None:
        """Read what the group gives of these."""
        self._topics, self._pattern = set(topics), re.compile(pattern) if pattern else None
        self.listener = listener

    def assignment(self) -> set[TopicPartition]:
        """What may be read now."""
        return set(self.places)

    def subscription(self) -> set[str]:
        """The topics that were subscribed to."""
        pattern = self._pattern
        return self._topics if pattern is None else {name for name in self._log.topics() if pattern.match(name)}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """Which partitions a physical topic has."""
        return self._log.partitions_of(topic) or None

    def is_joining(self) -> bool:
        """Whether the group is being joined."""
        return self.joining

    async def start(self) -> None:
        """Join the group."""
        await self._log.faults.passing("join", self.name)
        if self._group is not None:
            self._group.join(self)

    async def stop(self) -> None:
        """Leave the group."""
        self._stopped = True
        self._log.moved()
        if self._group is not None:
            await self._group.leave(self)

    def dies(self) -> None:
        """The process that held it is gone; its session ends, and nobody is told there."""
        self._stopped, self.listener = True, None
        if self._group is not None and self in self._group.members:
            self._group.lose(self)

    # -- where -------------------------------------------------------------------------------------------------

    def _place(self, tp: TopicPartition) -> Place:
        try:
            return self.places[tp]
        except KeyError:
            raise NotAssigned(f"{tp} is not assigned") from None

    def pause(self, *partitions: TopicPartition) -> None:
        """Hand out nothing of these for now."""
        for tp in partitions:
            self._place(tp).paused = True

    def resume(self, *partitions: TopicPartition) -> None:
        """Hand out again."""
        for tp in partitions:
            self._place(tp).paused = False
        self._log.moved()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from there."""
        self._place(partition).position = offset
        self._log.moved()

    async def seek_to_beginning(self, *partitions: TopicPartition) -> bool:
        """Go on from where each begins."""
        for tp in partitions:
            self.seek(tp, self._log.stored(tp).begin)
        return True

    async def position(self, partition: TopicPartition) -> int:
        """Which offset comes next."""
        while (at := self._place(partition).position) is None:
            await self._log.wait(1.0)
        return at

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset that is there."""
        await self._log.faults.passing("begins", self.name)
        return {tp: self._log.stored(tp).begin for tp in partitions}

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Behind the last offset that is decided."""
        await self._log.faults.passing("ends", self.name)
        return {tp: self._log.stored(tp).stable for tp in partitions}

    async def committed(self, partition: TopicPartition) -> int | None:
        """Where the group stands."""
        await self._log.faults.passing("stands", self.name)
        return None if self._group is None else self._log.stands.get((self._group.name, partition))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Say where the group stands.

        Raises:
            CommitFailedError: The group has gone on without us.
        """
        await self._log.faults.passing("offsets", self.name)
        for tp in offsets:
            self._place(tp)
        if self._group is None or self not in self._group.members:
            raise CommitFailedError("the group has gone on without this member")
        self._log.stands.update({(self._group.name, tp): at for tp, at in offsets.items()})

    # -- records -----------------------------------------------------------------------------------------------

    async def fetched(
        self, *partitions: TopicPartition, timeout_ms: int = 0
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """What has come, ``Unreadable`` pieces in their places.

        Raises:
            ReaderStopped: It was stopped.
            OffsetsGone: A group's member stands where the log is not; one of no group goes on from the beginning.
        """
        await self._log.faults.passing("fetch", self.name)
        await asyncio.sleep(ROUND_TRIP_SECONDS)
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_ms / 1000
        while not self._stopped:
            found, has_moved = ({}, False) if self.joining else self._take(partitions or tuple(self.places))
            left = until - loop.time()
            if found or has_moved or left <= 0:
                return found
            await self._log.wait(left)
        raise ReaderStopped

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """What has come and can be read."""
        found = await self.fetched(*partitions, timeout_ms=timeout_ms)
        return {tp: [one for one in records if type(one) is not Unreadable] for tp, records in found.items()}

    def _take(self, partitions: Iterable[TopicPartition]) -> tuple[dict[TopicPartition, list[ConsumerRecord]], bool]:
        """What may be handed out, and whether a position moved: behind markers and what was aborted as well."""
        reading = [(tp, self._place(tp), self._log.stored(tp)) for tp in partitions]
        reading = [one for one in reading if not one[1].paused and one[1].position is not None]
        outside = [one for one in reading if not one[2].begin <= cast(int, one[1].position) <= one[2].end]
        if outside and self._group is not None:
            raise OffsetsGone({tp: place.position or 0 for tp, place, _ in outside})
        for _, place, stored in outside:
            place.position = stored.begin
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        has_moved = False
        for tp, place, stored in reading:
            records, at = stored.read(cast(int, place.position), MOST)
            has_moved, place.position = has_moved or at != place.position, at
            if records:
                found[tp] = records
        return found, has_moved
