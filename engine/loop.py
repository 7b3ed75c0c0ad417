"""The partition loop: owns the consumer, opens what is assigned, feeds it, and lets it go when it is revoked."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Protocol

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError, ProducerFenced

from engine.crash import CrashPoint
from engine.engine_clock import BrokerTime
from engine.errors import PositionOutOfRange
from engine.log import told
from engine.metrics import StageMetrics
from engine.partition import CauseFailed
from engine.reading import LogConsumer
from engine.settings import Settings
from engine.stage import Record
from topics.ids import Instant
from topics.registry import COMMANDS

log = logging.getLogger(__name__)

PENDING_HIGH, PENDING_LOW = 2000, 500
"""Records waiting in a partition above which it is paused, and below which it is resumed."""

HELD_AFTER = 3
"""Openings that may fail at one cause before it is set aside (DESIGN 5.5)."""

REOPEN_FIRST, REOPEN_MOST = 0.2, 10.0
"""Seconds to wait before opening again; doubled each time."""


class Opening(Protocol):
    """What the loop drives: one opening of one partition, with transactions (``Partition``) or without (``EdgePartition``)."""

    time: BrokerTime

    @property
    def tps(self) -> list[TopicPartition]: ...
    def give(self, records: Sequence[Record]) -> None:
        """Queue records that were fetched."""

    def waiting(self) -> int:
        """How many records wait."""

    async def open(self) -> None:
        """Make ready; the consumer is sought to the stored positions."""

    async def has_work(self) -> bool:
        """Whether a step would do something."""

    async def step(self) -> None:
        """Do one step."""

    def wants_barrier(self) -> bool:
        """Whether a due clock waits for the end of ``commands``."""

    def barrier(self, observed_at: Instant, end: int) -> None:
        """Take the end of ``commands``."""

    def seconds_to_next_due(self) -> float:
        """Wall seconds to the next clock."""

    async def close(self) -> None:
        """Let go of everything."""


class Slot:
    """One assigned partition through its openings, as long as it is assigned: its runner opens, steps, and opens again."""

    def __init__(self, loop: "PartitionLoop", key: object) -> None:
        """Start the runner."""
        self.loop, self.key = loop, key
        self.opening: Opening | None = None
        self.live = False
        self.paused = False
        self.wake = asyncio.Event()
        self._failures: dict[str, int] = {}
        self._stopping = False
        self._stepping = asyncio.Lock()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        pause = REOPEN_FIRST
        while not self._stopping:
            opening = self.opening = self.loop.make(self.key)
            try:
                await opening.open()
                self.live, self.paused = True, False
                self.loop.consumer.resume(*opening.tps)
                self.loop.metrics.count("openings", self.loop.stage, "opened")
                self.loop.live_changed()
                log.info("opened %s %s", self.loop.stage, self.key)
                while not self._stopping:
                    await self._step(opening)
                    pause = REOPEN_FIRST
            except asyncio.CancelledError:
                raise
            except PositionOutOfRange as exc:
                self.loop.fail(exc)
                return
            except ProducerFenced:
                # somebody else has opened it: the group will tell us within its session, or we are the owner after all
                self.loop.metrics.count("openings", self.loop.stage, "fenced")
                log.warning("fenced from %s %s; waiting for the group", self.loop.stage, self.key)
                pause = 2 * self.loop.settings.session_timeout_seconds
            except IllegalStateError:
                log.info("%s %s is no longer assigned", self.loop.stage, self.key)
            except CauseFailed as exc:
                self._count_failure(exc)
            except Exception as exc:
                self.loop.metrics.count("openings", self.loop.stage, "failed")
                log.warning("%s %s failed, opening again in %.1f s: %s", self.loop.stage, self.key, pause, told(exc), exc_info=not isinstance(exc, KafkaError))
            finally:
                self.live = False
                self.loop.live_changed()
                self._pause_input(opening)
                await asyncio.shield(opening.close())
            await asyncio.sleep(pause)
            pause = min(pause * 2, REOPEN_MOST)

    def _pause_input(self, opening: Opening) -> None:
        owned = self.loop.consumer.assignment()
        self.loop.consumer.pause(*[tp for tp in opening.tps if tp in owned])

    def _count_failure(self, exc: CauseFailed) -> None:
        self._failures[exc.cause] = self._failures.get(exc.cause, 0) + 1
        log.error("%s", exc, exc_info=exc.__cause__)
        self.loop.metrics.count("openings", self.loop.stage, "failed")
        if self._failures[exc.cause] >= HELD_AFTER:
            log.error("%s failed %d openings and is set aside", exc.cause, HELD_AFTER)
            self.loop.metrics.count("held", self.loop.stage)
            self.loop.held.add(exc.cause)

    async def _step(self, opening: Opening) -> None:
        self.wake.clear()
        if not await opening.has_work():
            if opening.wants_barrier():
                self.loop.request_barrier()
                wait = 1.0
            else:
                wait = min(1.0, opening.seconds_to_next_due() + 0.001)
            try:
                await asyncio.wait_for(self.wake.wait(), wait)
            except TimeoutError:
                return
        elif not self._stopping:
            await self.loop.turn()
            async with self._stepping:
                if self._stopping:
                    return
                began = time.perf_counter()
                await opening.step()
                self.loop.metrics.took(time.perf_counter() - began)
            self._flow(opening)

    def give(self, records: Sequence[Record]) -> None:
        """Queue fetched records; what comes while it is not live was fetched before it was sought, and is dropped."""
        if self.live and self.opening is not None:
            self.opening.give(records)
            self._flow(self.opening)
            self.wake.set()

    def _flow(self, opening: Opening) -> None:
        """Pause the input of a partition that has enough waiting, resume it when that is worked off."""
        waiting = opening.waiting()
        if not self.paused and waiting > PENDING_HIGH:
            self.loop.consumer.pause(*opening.tps)
            self.paused = True
        elif self.paused and waiting < PENDING_LOW and self.live:
            self.loop.consumer.resume(*opening.tps)
            self.paused = False

    async def stop(self) -> None:
        """Let the running step end (bounded), then end the runner and close the opening."""
        self._stopping = True
        self.wake.set()
        if self.live:
            try:
                await asyncio.wait_for(self._stepping.acquire(), 3)
                self._stepping.release()
            except TimeoutError:
                log.warning("%s %s did not end its step in 3 s; it is dropped", self.loop.stage, self.key)
        self.task.cancel()
        _, pending = await asyncio.wait({self.task}, timeout=3)
        if pending:  # what hangs in the broker's hands is fenced by the next opening, wherever that is
            log.warning("%s %s did not let go in 3 s; it is left behind", self.loop.stage, self.key)


class PartitionLoop(ConsumerRebalanceListener):  # type: ignore[misc]
    """One process's share of a stage."""

    def __init__(
        self,
        stage: str,
        settings: Settings,
        consumer: LogConsumer,
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
        self._fault: BaseException | None = None
        self._barrier_wanted = asyncio.Event()
        self._tokens, self._token_at = 4.0, time.monotonic()
        self.assigned_once = asyncio.Event()
        self.all_live = asyncio.Event()

    # -- the group ---------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Drop every partition; the protocol is eager, so all are revoked at once."""
        slots, self.slots = list(self.slots.values()), {}
        await asyncio.gather(*(slot.stop() for slot in slots))
        if slots:
            self._crash.at("revoked")

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Note what is ours and open it in the background: heartbeats wait for this call (DESIGN 5.2)."""
        tps = list(assigned)
        if tps:
            self.consumer.pause(*tps)
        for key in dict.fromkeys(self._key_of(tp) for tp in sorted(tps)):
            self.slots[key] = Slot(self, key)
        self.assigned_once.set()
        self.live_changed()

    # -- what slots ask for ------------------------------------------------------------------------------------

    def fail(self, exc: BaseException) -> None:
        """Stop the process with this fault; only a person can mend it."""
        self._fault = exc
        self.metrics.count("alarms", "position_out_of_range")

    def live_changed(self) -> None:
        """Tell whether everything assigned is open."""
        live = sum(slot.live for slot in self.slots.values())
        self.metrics.gauge("partitions_live", live, self.stage)
        if self.assigned_once.is_set() and live == len(self.slots):
            self.all_live.set()
        else:
            self.all_live.clear()

    def request_barrier(self) -> None:
        """Ask for the end of ``commands``, once for all partitions that wait for it."""
        self._barrier_wanted.set()

    async def turn(self) -> None:
        """Wait until this process may commit again: at most ``commits_per_second`` over all its partitions (DESIGN 5.7)."""
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
            PositionOutOfRange: A partition's log and state do not fit together.
        """
        barriers = asyncio.create_task(self._barriers())
        try:
            while self._fault is None:
                try:
                    fetched = await self.consumer.getmany(timeout_ms=200)
                except NoOffsetForPartitionError:
                    continue  # the group has no offset and nothing may be guessed: its opener will seek
                except OffsetOutOfRangeError as exc:
                    self.fail(PositionOutOfRange(f"the log no longer holds what we were about to read: {exc}; restore the topic"))
                    continue
                by_slot: dict[object, list[Record]] = {}
                for tp, raw in fetched.items():
                    by_slot.setdefault(self._key_of(tp), []).extend(self._records(tp, raw))
                for key, records in by_slot.items():
                    slot = self.slots.get(key)
                    if slot is not None:
                        records.sort(key=attrgetter("appended_ms"))
                        slot.give(records)
            raise self._fault
        finally:
            barriers.cancel()
            await asyncio.gather(barriers, return_exceptions=True)

    def _records(self, tp: TopicPartition, raw: Sequence[ConsumerRecord]) -> list[Record]:
        """Put fetched records into our form; those of one batch have one LogAppendTime."""
        topic, partition = tp.topic.removeprefix(self.settings.prefix), tp.partition
        moments = {ms: self._to_engine(ms) for ms in {one.timestamp for one in raw}}
        return [Record(topic, partition, one.offset, one.key, one.value, one.headers, one.timestamp, moments[one.timestamp]) for one in raw]

    async def _barriers(self) -> None:
        """Observe the end of ``commands`` for partitions whose clocks are due: after the moment, never before it."""
        topic = self.settings.prefix + COMMANDS.name
        while True:
            await self._barrier_wanted.wait()
            self._barrier_wanted.clear()
            waiting = [(slot, slot.opening) for slot in self.slots.values() if slot.live and slot.opening and slot.opening.wants_barrier()]
            tps = {tp: (slot, opening, opening.time.now()) for slot, opening in waiting for tp in opening.tps if tp.topic == topic}
            if not tps:
                continue
            try:
                ends = await self.consumer.end_offsets(list(tps))
            except (KafkaError, IllegalStateError) as exc:
                log.warning("could not observe the end of commands, trying again: %r", exc)
                await asyncio.sleep(0.2)
                continue
            for tp, end in ends.items():
                slot, opening, observed_at = tps[tp]
                opening.barrier(observed_at, end)
                slot.wake.set()
            await asyncio.sleep(0.005)  # at most 200 requests a second, however many clocks are due

    async def stop(self) -> None:
        """Drain: let steps end, close everything."""
        slots, self.slots = list(self.slots.values()), {}
        await asyncio.gather(*(slot.stop() for slot in slots))
