"""What is measured of a loop: every five seconds by itself, and by other threads whenever they ask."""

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from engine.errors import InvalidSettings
from engine.kafka.broker_time import SKEW_SECONDS
from engine.kafka.grown_partitions import Grown
from engine.observability.watchdog import Standing
from engine.security.connections import kafka_arguments
from engine.stream.ends import ends_of
from engine.stream.opening import Opening

if TYPE_CHECKING:
    from engine.stream.partition_loop import PartitionLoop
    from engine.stream.slot import Slot

log = logging.getLogger(__name__)

WATCH_SECONDS = 5.0
"""How often lag and overdue clocks are measured: one request to the broker for all partitions."""

OPENING_FACTOR = 8
"""Loading a partition's state may take so many times as long as a step: a million tickets took 12 s."""


class Watch:
    """Looks at one process's share of a stage."""

    def __init__(self, loop: "PartitionLoop") -> None:
        """Nothing is measured before ``run``."""
        self._loop = loop
        self._grown = Grown(loop.settings, loop.metrics)
        self._skewed = False
        self.answered_at = time.monotonic()
        """When a broker last answered."""

    async def run(self) -> None:
        """Measure without an end."""
        loop = self._loop
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self._look_at_clocks()
            with suppress(InvalidSettings):  # half written; a client that is made says what is wrong
                kafka_arguments(loop.settings)  # certificates that were renewed reach the clients that run
            self._grown.look(loop.consumer.subscription(), loop.consumer.partitions_for_topic)
            for slot in loop.slots.values():
                loop.metrics.gauge("openings_without_progress", slot.pace.fruitless, loop.stage, slot.label)
                if slot.open and slot.opening:
                    overdue = slot.opening.overdue_seconds()
                    loop.metrics.gauge("oldest_due_seconds", overdue, loop.stage, slot.label)
            await self._look_at_lag()

    async def _look_at_lag(self) -> None:
        """Measure how far each partition is behind, those that do not open included."""
        loop, prefix = self._loop, self._loop.settings.prefix
        found = {tp: slot for slot in loop.slots.values() if slot.opening for tp in slot.opening.tps}
        ends = await ends_of(loop.consumer, list(found))
        if ends or not found:
            self.answered_at = time.monotonic()
        behind: dict[Slot, int] = dict.fromkeys([found[tp] for tp in ends], 0)
        for tp, end in ends.items():
            positions = cast(Opening, found[tp].opening).positions
            behind[found[tp]] += max(0, end - positions.get(tp.topic.removeprefix(prefix), 0))
        for slot, lag in behind.items():
            if loop.slots.get(slot.key) is slot:
                loop.metrics.gauge("lag_records", lag, loop.stage, slot.label)

    def _look_at_clocks(self) -> None:
        """Say once when this machine's clock and the broker's part: nothing fires early, but doors stamp commands by
        ours (DESIGN 6)."""
        skew = self.skew()
        is_skewed = skew is not None and abs(skew) > SKEW_SECONDS
        if is_skewed and not self._skewed:
            self._loop.metrics.count("alarms", "clock_skew")
            log.error("this machine's clock is %+.1f s off the broker's; mend it on whichever is wrong", skew)
        self._skewed = is_skewed

    # -- asked by other threads too: figures are read, nothing is changed --------------------------------------------

    def skew(self) -> float | None:
        """Seconds that this machine's clock is ahead of the broker's; of all partitions, and so of all brokers, the
        worst."""
        found = [
            skew
            for slot in list(self._loop.slots.values())
            if slot.opening is not None and (skew := slot.opening.time.skew()) is not None
        ]
        return max(found, key=abs, default=None)

    def progress_age(self) -> float:
        """Seconds since what stands longest last came to an end; what is stopped with its alarm, or opening, is told by
        other words."""
        now = time.monotonic()
        return max(
            [
                now - self._loop.fetched_at,
                now - self.answered_at,
                *(now - slot.beat for slot in list(self._loop.slots.values()) if slot.open),
            ]
        )

    def standings(self) -> list[Standing]:
        """List what must come to an end again and again, for the watchdog."""
        found = [Standing("fetching", self._loop.fetched_at, 1, task=None)]
        for slot in list(self._loop.slots.values()):
            if slot.stopped_by is None:
                doing, factor = ("a step of", 1) if slot.open else ("opening", OPENING_FACTOR)
                found.append(Standing(f"{doing} {self._loop.stage} {slot.label}", slot.beat, factor, task=slot.task))
        return found
