"""The partition loop: owns the consumer, gives each assigned partition a slot, feeds it, and lets it go when it is
revoked."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import cast

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from engine.errors import InvalidSettings, PositionOutOfRange
from engine.kafka.broker_time import SKEW_SECONDS
from engine.kafka.driver_errors import KafkaFault, NotAssigned, OffsetsGone, ReaderStopped
from engine.kafka.grown_partitions import Grown
from engine.kafka.log_consumer import Loose, Unreadable
from engine.kafka.port import Reader
from engine.observability.json_logging import told
from engine.observability.metrics import StageMetrics
from engine.observability.watchdog import Standing
from engine.security.connections import kafka_arguments
from engine.settings import Settings
from engine.stream.contracts import Record
from engine.stream.crash_points import CrashPoint
from engine.stream.limits import PROCESS_BYTES, REOPEN_FIRST, REOPEN_MOST
from engine.stream.patience import Patience
from engine.stream.slot import Opening, Slot
from topics.ids import Instant
from topics.registry import COMMANDS

log = logging.getLogger(__name__)

WATCH_SECONDS = 5.0
"""How often lag and overdue clocks are measured: one request to the broker for all partitions."""

OPENING_FACTOR = 8
"""Loading a partition's state may take so many times as long as a step: a million tickets took 12 s."""

ENDS_SECONDS = 5.0
"""What has not said by then where a partition ends is asked again, and keeps no other waiting."""

FAULT_SECONDS = 60.0
"""Fetching that fails for so long without a break will not mend itself: the process ends, and is started anew."""


class PartitionLoop(ConsumerRebalanceListener):  # type: ignore[misc]
    """One process's share of a stage."""

    def __init__(
        self,
        stage: str,
        settings: Settings,
        consumer: Reader,
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
        self._grown = Grown(settings, metrics)
        self.slots: dict[object, Slot] = {}
        self._barrier_wanted = asyncio.Event()
        self._tokens, self._token_at = 4.0, time.monotonic()
        self.assigned_once = asyncio.Event()
        self.fetched_at = time.monotonic()
        """When a fetch last came to an end."""
        self.answered_at = time.monotonic()
        """When a broker last answered."""
        self._patience = Patience()
        self._silent: set[TopicPartition] = set()
        """Partitions of ``commands`` whose end was asked for in vain: each is asked for alone until it answers."""
        self._asked: set[TopicPartition] = set()
        self._skewed = False
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

    def request_barrier(self) -> None:
        """Ask for the end of ``commands``, once for all partitions that wait for it."""
        self._barrier_wanted.set()

    async def turn(self) -> None:
        """Wait until this process may commit again: at most ``commits_per_second`` over all its partitions (DESIGN
        5.7)."""
        rate = self.settings.commits_per_second
        while True:
            now = time.monotonic()
            self._tokens, self._token_at = min(4.0, self._tokens + (now - self._token_at) * rate), now
            if self._tokens >= 1:
                self._tokens -= 1
                return
            await asyncio.sleep((1 - self._tokens) / rate)

    # -- running -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Fetch and hand out until cancelled.

        Raises:
            KafkaFault: Fetching has failed for a minute without a break.
        """
        beside = [asyncio.create_task(self._barriers()), asyncio.create_task(self._watch())]
        pause, failing_since = REOPEN_FIRST, 0.0
        try:
            while True:
                self.fetched_at = time.monotonic()
                while sum(slot.waiting_bytes for slot in self.slots.values()) > PROCESS_BYTES:
                    self.fetched_at = time.monotonic()
                    await asyncio.sleep(0.01)
                for task in beside:
                    if task.done():
                        task.result()  # neither ends by itself: the process does, and is started anew
                if self.consumer.is_joining():  # the library would wait for the group without an end
                    await asyncio.sleep(0.1)
                    continue
                try:
                    wait = self._patience.ms(all(one.live and not one.paused for one in self.slots.values()))
                    fetched = await self.consumer.fetched(timeout_ms=wait)
                except OffsetsGone as exc:
                    self._gone(exc.args[0])
                except ReaderStopped:
                    raise
                except (
                    Exception
                ) as exc:  # one partition's or the library's trouble: the others are fetched the next time
                    failing_since = failing_since or time.monotonic()
                    if time.monotonic() - failing_since > FAULT_SECONDS:
                        raise
                    self.metrics.count("alarms", "fetch_failed")
                    log.error("%s cannot fetch, trying again in %.1f s: %s", self.stage, pause, told(exc))
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, REOPEN_MOST)
                else:
                    self._hand_out(fetched)  # what fails here ends the process: what was fetched would not come again
                    pause, failing_since = REOPEN_FIRST, 0.0
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

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
            by_slot.setdefault(self._key_of(tp), []).extend(self._records(tp, raw))
        for key, records in by_slot.items():
            slot = self.slots.get(key)
            if slot is not None:
                records.sort(key=attrgetter("appended_ms"))
                slot.give(records)

    def _records(self, tp: TopicPartition, raw: Sequence[ConsumerRecord]) -> list[Record]:
        """Put fetched records into our form; those of one batch have one LogAppendTime."""
        topic, partition = tp.topic.removeprefix(self.settings.prefix), tp.partition
        moments = {ms: self._to_engine(ms) for ms in {one.timestamp for one in raw}}
        return [
            (
                Record(
                    topic,
                    partition,
                    one.offset,
                    one.key,
                    one.value,
                    one.headers,
                    one.timestamp,
                    moments[one.timestamp],
                    type(one) is Loose,
                )
                if type(one) is not Unreadable
                else Record(
                    topic,
                    partition,
                    one.offset,
                    one.key,
                    one.value,
                    (),
                    one.timestamp,
                    moments[one.timestamp],
                    one.loose,
                    one.why,
                    one.first,
                )
            )
            for one in raw
        ]

    async def _watch(self) -> None:
        """Measure how far each partition is behind, those that do not open included."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self._watch_clocks()
            with suppress(InvalidSettings):  # half written; a client that is made says what is wrong
                kafka_arguments(self.settings)  # certificates that were renewed reach the clients that run
            self._grown.look(self.consumer.subscription(), self.consumer.partitions_for_topic)
            for slot in self.slots.values():
                self.metrics.gauge("openings_without_progress", slot.pace.fruitless, self.stage, slot.label)
                if slot.open and slot.opening:
                    self.metrics.gauge("oldest_due_seconds", slot.opening.overdue_seconds(), self.stage, slot.label)
            found = {tp: slot for slot in self.slots.values() if slot.opening for tp in slot.opening.tps}
            ends = await self._ends(list(found))
            if ends or not found:
                self.answered_at = time.monotonic()
            behind: dict[Slot, int] = dict.fromkeys([found[tp] for tp in ends], 0)
            for tp, end in ends.items():
                positions = cast(Opening, found[tp].opening).positions
                behind[found[tp]] += max(0, end - positions.get(tp.topic.removeprefix(self.settings.prefix), 0))
            for slot, lag in behind.items():
                if self.slots.get(slot.key) is slot:
                    self.metrics.gauge("lag_records", lag, self.stage, slot.label)

    async def _ends(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Ask for the ends of these; one without a leader, or whose broker hangs, keeps the answer for no other
        back."""
        found = await self._asked_together(tps) if tps else {}
        if found is None:
            alone = await asyncio.gather(*[self._asked_together([tp]) for tp in tps])
            found = {tp: end for some in alone if some is not None for tp, end in some.items()}
        return found

    async def _asked_together(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int] | None:
        try:
            return dict(await asyncio.wait_for(self.consumer.end_offsets(list(tps)), ENDS_SECONDS))
        except (KafkaFault, NotAssigned, TimeoutError):
            return None

    def _watch_clocks(self) -> None:
        """Say once when this machine's clock and the broker's part: nothing fires early, but doors stamp commands by
        ours (DESIGN 6)."""
        skew = self.skew()
        is_skewed = skew is not None and abs(skew) > SKEW_SECONDS
        if is_skewed and not self._skewed:
            self.metrics.count("alarms", "clock_skew")
            log.error("this machine's clock is %+.1f s off the broker's; mend it on whichever is wrong", skew)
        self._skewed = is_skewed

    # -- asked by other threads: figures are read, nothing is changed -----------------------------------------------

    def skew(self) -> float | None:
        """Seconds that this machine's clock is ahead of the broker's; of all partitions, and so of all brokers, the
        worst."""
        found = [
            skew
            for slot in list(self.slots.values())
            if slot.opening is not None and (skew := slot.opening.time.skew()) is not None
        ]
        return max(found, key=abs, default=None)

    def progress_age(self) -> float:
        """Seconds since what stands longest last came to an end; what is stopped with its alarm, or opening, is told by
        other words."""
        now = time.monotonic()
        return max(
            [
                now - self.fetched_at,
                now - self.answered_at,
                *(now - slot.beat for slot in list(self.slots.values()) if slot.open),
            ]
        )

    def standings(self) -> list[Standing]:
        """List what must come to an end again and again, for the watchdog."""
        found = [Standing("fetching", self.fetched_at, 1, None)]
        for slot in list(self.slots.values()):
            if slot.stopped_by is None:
                what = f"a step of {self.stage} {slot.label}" if slot.open else f"opening {self.stage} {slot.label}"
                found.append(Standing(what, slot.beat, 1 if slot.open else OPENING_FACTOR, slot.task))
        return found

    async def _barriers(self) -> None:
        """Observe the end of ``commands`` for partitions whose clocks are due: after the moment, never before it."""
        topic = self.settings.prefix + COMMANDS.name
        async with asyncio.TaskGroup() as asking:
            while True:
                await self._barrier_wanted.wait()
                self._barrier_wanted.clear()
                waiting = [
                    (slot, slot.opening)
                    for slot in self.slots.values()
                    if slot.open and slot.opening and slot.opening.wants_barrier()
                ]
                wanted = {
                    tp: one for one in waiting for tp in one[1].tps if tp.topic == topic and tp not in self._asked
                }
                alone = [[tp] for tp in wanted if tp in self._silent]
                for tps in ([tp for tp in wanted if tp not in self._silent], *alone):
                    if tps:
                        asking.create_task(self._observe({tp: wanted[tp] for tp in tps}))
                await asyncio.sleep(0.005)  # at most 200 requests a second, however many clocks are due

    async def _observe(self, wanted: "dict[TopicPartition, tuple[Slot, Opening]]") -> None:
        """Ask where these partitions of ``commands`` end."""
        moments = {tp: opening.time.now() for tp, (_, opening) in wanted.items()}
        self._asked |= wanted.keys()
        ends = await self._asked_together(list(wanted))
        self._asked -= wanted.keys()
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

    async def stop(self) -> None:
        """Drain: let steps end, close everything."""
        slots, self.slots = list(self.slots.values()), {}
        await asyncio.gather(*(slot.stop() for slot in slots))
