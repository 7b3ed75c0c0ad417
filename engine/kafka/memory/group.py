"""A consumer group: who reads which partitions. All are taken from everybody before any is given (the eager
protocol)."""

import asyncio
import logging
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from engine.kafka.memory.reader import MemoryReader, Place

if TYPE_CHECKING:
    from engine.kafka.memory.broker import MemoryLog

log = logging.getLogger(__name__)

REBALANCE_SECONDS = 10.0
"""Whoever has not let go by then is left out; what it had is given to others."""


class Group:
    """The members of one group, and what each was given."""

    def __init__(self, broker: "MemoryLog", name: str) -> None:
        """Begin without members."""
        self._log, self.name = broker, name
        self.members: list[MemoryReader] = []
        self._wanted = False
        self._running: asyncio.Task[None] | None = None

    def join(self, member: MemoryReader) -> None:
        """Somebody comes, or comes back."""
        if member not in self.members:
            self.members.append(member)
        self.rebalance()

    async def leave(self, member: MemoryReader) -> None:
        """Somebody goes: what it had is taken from it first."""
        if member in self.members:
            self.members.remove(member)
            await self._taken(member)
            member.places = {}
            self.rebalance()

    def lose(self, member: MemoryReader) -> None:
        """Somebody's session ends without its knowledge: others are given what it believes to have."""
        self.members.remove(member)
        self.rebalance()

    def rebalance(self) -> asyncio.Task[None]:
        """Share out anew; a wish that comes meanwhile is granted after it."""
        self._wanted = True
        for member in self.members:
            member.joining = True
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return self._running

    async def _run(self) -> None:
        while self._wanted:
            self._wanted = False
            letting = {asyncio.create_task(self._taken(member)): member for member in self.members}
            if letting:
                _, late = await asyncio.wait(letting, timeout=REBALANCE_SECONDS)
                for task in late:  # it joins again once it has let go
                    self.members.remove(letting[task])
                    task.add_done_callback(lambda _, member=letting[task]: self.join(member))  # type: ignore[misc]
            if not self._wanted:
                await asyncio.gather(*[self._given(member, tps) for member, tps in self._shares().items()])
        self._log.moved()

    async def _taken(self, member: MemoryReader) -> None:
        if member.listener is not None:
            await member.listener.on_partitions_revoked(set(member.places))

    async def _given(self, member: MemoryReader, tps: set[TopicPartition]) -> None:
        member.places = {tp: Place(self._log.stands.get((self.name, tp))) for tp in tps}
        if member.listener is not None:
            await member.listener.on_partitions_assigned(tps)
        member.joining = False

    def _shares(self) -> dict[MemoryReader, set[TopicPartition]]:
        """The range assignor: of each topic a row of partitions for each member, the first ones one more."""
        shares: dict[MemoryReader, set[TopicPartition]] = {member: set() for member in self.members}
        for topic in sorted(self._log.topics()):
            numbers = sorted(self._log.partitions_of(topic))
            readers = [member for member in self.members if topic in member.subscription()]
            for nth, member in enumerate(readers):
                each, more = divmod(len(numbers), len(readers))
                first = nth * each + min(nth, more)
                chosen = numbers[first : first + each + (nth < more)]
                shares[member] |= {TopicPartition(topic, number) for number in chosen}
        return shares
