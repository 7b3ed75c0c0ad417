"""A late worker breaches nobody: where ``commands`` ends is observed after a clock's moment, and only then it fires
(DESIGN 6)."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from aiokafka import TopicPartition

from engine.kafka.port import Reader
from engine.stream.ends import ends_together
from engine.stream.opening import Opening
from engine.stream.slot import Slot
from topics.registry import COMMANDS

log = logging.getLogger(__name__)


class Barriers:
    """Asks for the end of ``commands`` on behalf of all partitions of a process whose clocks are due."""

    def __init__(self, consumer: Reader, prefix: str, slots: Callable[[], Iterable[Slot]]) -> None:
        """Nothing is asked before ``run``."""
        self._consumer, self._topic, self._slots = consumer, prefix + COMMANDS.name, slots
        self._wanted = asyncio.Event()
        self._silent: set[TopicPartition] = set()
        """Partitions whose end was asked for in vain: each is asked for alone until it answers."""
        self._asked: set[TopicPartition] = set()

    def want(self) -> None:
        """Ask once for all partitions that wait for it."""
        self._wanted.set()

    async def run(self) -> None:
        """Observe the end for partitions whose clocks are due: after the moment, never before it."""
        async with asyncio.TaskGroup() as asking:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                waiting = [
                    (slot, slot.opening)
                    for slot in self._slots()
                    if slot.open and slot.opening and slot.opening.wants_barrier()
                ]
                wanted = {
                    tp: one for one in waiting for tp in one[1].tps if tp.topic == self._topic and tp not in self._asked
                }
                alone = [[tp] for tp in wanted if tp in self._silent]
                for tps in ([tp for tp in wanted if tp not in self._silent], *alone):
                    if tps:
                        asking.create_task(self._observe({tp: wanted[tp] for tp in tps}))
                await asyncio.sleep(0.005)  # at most 200 requests a second, however many clocks are due

    async def _observe(self, wanted: dict[TopicPartition, tuple[Slot, Opening]]) -> None:
        moments = {tp: opening.time.now() for tp, (_, opening) in wanted.items()}
        self._asked |= wanted.keys()
        try:
            ends = await ends_together(self._consumer, list(wanted))
        finally:
            self._asked -= wanted.keys()  # whatever comes of it, they are asked for again
        if ends is None:
            if not wanted.keys() <= self._silent:
                log.warning("could not observe the end of %s, asking for each partition alone", COMMANDS.name)
            self._silent |= wanted.keys()
            return
        self._silent -= wanted.keys()
        for tp, end in ends.items():
            slot, opening = wanted[tp]
            opening.barrier(moments[tp], end)
            slot.wake.set()
