"""The partition loop: owns the consumer, gives each assigned partition a slot, feeds it, and lets it go when it is
revoked."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from operator import attrgetter

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from engine.calling_off import called_off
from engine.errors import PositionOutOfRange
from engine.kafka.driver_errors import OffsetsGone, ReaderStopped
from engine.kafka.port import Reader
from engine.observability.json_logging import told
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stream.barriers import Barriers
from engine.stream.contracts import Record
from engine.stream.crash_points import CrashPoint
from engine.stream.fetched import records_of
from engine.stream.group_offsets import GroupOffsets
from engine.stream.limits import PROCESS_BYTES, REOPEN_FIRST, REOPEN_MOST
from engine.stream.opening import Opening
from engine.stream.patience import Patience
from engine.stream.slot import Slot
from engine.stream.turns import Turns
from engine.stream.watch import Watch
from topics.ids import Instant
from topics.registry import COMMANDS

log = logging.getLogger(__name__)

FAULT_SECONDS = 60.0
"""Fetching that fails for so long without a break will not mend itself: the process ends, and is started anew."""


class PartitionLoop(ConsumerRebalanceListener):  # type: ignore[misc]
    """One process's share of a stage."""

    def __init__(
        self,
        stage: str,
        settings: Settings,
        consumer: Reader,
        *,
        make: Callable[[object], Opening],
        key_of: Callable[[TopicPartition], object],
        metrics: StageMetrics,
        crash: CrashPoint,
        held: set[str],
        to_engine: Callable[[int], Instant],
    ) -> None:
        """Wire it up; nothing runs before ``run``."""
        self.stage, self.settings, self.consumer = stage, settings, consumer
        self.make, self._key_of, self.metrics, self._crash, self.held = make, key_of, metrics, crash, held
        self._to_engine = to_engine
        self.slots: dict[object, Slot] = {}
        self.barriers = Barriers(consumer, settings.prefix, lambda: self.slots.values())
        """Asked by slots whose clocks are due."""
        self.offsets = GroupOffsets(consumer, crash)
        self.turns = Turns(settings.commits_per_second)
        """To commit."""
        self.assigned_once = asyncio.Event()
        self.fetched_at = time.monotonic()
        """When a fetch last came to an end."""
        self.watch = Watch(self)
        self._patience = Patience()
        self.ready = False
        """Whether everything assigned moves, or is stopped with its alarm."""
        self.on_ready: Callable[[bool], None] = lambda ready: None
        """Called when ``ready`` changes."""

    # -- the group ---------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Drop every partition; the protocol is eager, so all are revoked at once."""
        slots, self.slots = list(self.slots.values()), {}
        await asyncio.gather(*(slot.stop() for slot in slots))
        if slots:
            await self.offsets.farewell()
            self._crash.at("revoked")

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Note what is ours and open it in the background: heartbeats wait for this call (DESIGN 5.2).

        Each partition is paused and sought before anything is fetched. One without a position would make the library
        look for
        one, which it does not find, and it fetches nothing from that broker meanwhile.
        """
        tps = sorted(assigned)
        self._patience.assigned(any(tp.topic == self.settings.prefix + COMMANDS.name for tp in tps))
        if tps:
            self.consumer.pause(*tps)
        for tp in tps:
            self.consumer.seek(tp, 0)
        for key in dict.fromkeys(self._key_of(tp) for tp in tps):
            self.slots[key] = Slot(self, key)
        self.assigned_once.set()
        self.live_changed()

    # -- what slots ask for ------------------------------------------------------------------------------------

    def live_changed(self) -> None:
        """Count the partitions that move, and tell whether this process is ready: not while one is opened again and
        again."""
        slots = self.slots.values()
        self.metrics.gauge("partitions_live", sum(slot.live for slot in slots), self.stage)
        if not self.assigned_once.is_set():
            return
        ready = all(slot.live or slot.stopped_by is not None for slot in slots)
        if ready != self.ready and (ready or any(slot.pace.stalled for slot in slots)):
            self.ready = ready
            self.on_ready(ready)

    def hurried(self) -> bool:
        """Whether a clock of any partition is due; of those that may not fire yet it is asked how far ``commands``
        reaches, whoever's turn it is."""
        due = [one.opening for one in self.slots.values() if one.open and one.opening]
        due = [one for one in due if one.seconds_to_next_due() <= 0]
        if any(one.wants_barrier() for one in due):
            self.barriers.want()
        return bool(due)

    # -- running -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Fetch and hand out until cancelled.

        Raises:
            KafkaFault: Fetching has failed for a minute without a break.
        """
        beside = [asyncio.create_task(one.run()) for one in (self.barriers, self.watch, self.offsets)]
        pause, failing_since = REOPEN_FIRST, 0.0
        try:
            while True:
                await self._room()
                for task in beside:
                    if task.done():
                        task.result()  # none ends by itself: the process does, and is started anew
                if self.consumer.is_joining():  # the library would wait for the group without an end
                    await asyncio.sleep(0.1)
                    continue
                try:
                    fetched = await self.consumer.fetched(timeout_ms=self._wait_ms())
                except OffsetsGone as exc:
                    self._gone(exc.offsets)
                except ReaderStopped:
                    raise
                except Exception as exc:  # a partition's or the library's trouble: others are fetched the next time
                    failing_since = failing_since or time.monotonic()
                    if time.monotonic() - failing_since > FAULT_SECONDS:
                        raise
                    pause = await self._cannot_fetch(exc, pause)
                else:
                    self._hand_out(fetched)  # what fails here ends the process: what was fetched would not come again
                    pause, failing_since = REOPEN_FIRST, 0.0
        finally:
            await called_off(*beside)

    def _wait_ms(self) -> int:
        slots = self.slots.values()
        flows = all(one.live and not one.paused for one in slots)
        return self._patience.ms(flows, any(not one.open and one.stopped_by is None for one in slots))

    async def _room(self) -> None:
        """Wait until what was fetched before leaves room for more."""
        self.fetched_at = time.monotonic()
        while sum(slot.waiting_bytes for slot in self.slots.values()) > PROCESS_BYTES:
            self.fetched_at = time.monotonic()
            await asyncio.sleep(0.01)

    async def _cannot_fetch(self, exc: Exception, pause: float) -> float:
        self.metrics.count("alarms", "fetch_failed")
        log.error("%s cannot fetch, trying again in %.1f s: %s", self.stage, pause, told(exc))
        await asyncio.sleep(pause)
        return min(pause * 2, REOPEN_MOST)

    def _gone(self, offsets: dict[TopicPartition, int]) -> None:
        """Stop the partitions whose next record is no longer there."""
        for tp, offset in offsets.items():
            slot = self.slots.get(self._key_of(tp))
            if slot is not None and slot.open:
                slot.stop_for(
                    PositionOutOfRange(
                        f"{tp.topic}/{tp.partition} no longer holds offset {offset}, which was to be read next; restore"
                        " the topic",
                        topic=tp.topic.removeprefix(self.settings.prefix),
                        partition=tp.partition,
                        offset=offset,
                    )
                )

    def _hand_out(self, fetched: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        if fetched:
            self._patience.came()
        by_slot: dict[object, list[Record]] = {}
        for tp, raw in fetched.items():
            by_slot.setdefault(self._key_of(tp), []).extend(records_of(tp, raw, self.settings.prefix, self._to_engine))
        for key, records in by_slot.items():
            slot = self.slots.get(key)
            if slot is not None:
                records.sort(key=attrgetter("appended_ms"))
                slot.give(records)

    async def stop(self) -> None:
        """Drain: let steps end, close everything."""
        slots, self.slots = list(self.slots.values()), {}
        await asyncio.gather(*(slot.stop() for slot in slots))
        await self.offsets.farewell()
