"""One assigned partition through its openings: its runner opens, steps, and opens again, more slowly while nothing
moves."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.errors import PackNotThere, PartitionStops, PositionOutOfRange
from engine.kafka.driver_errors import Fenced, KafkaFault, NotAssigned
from engine.observability.json_logging import told
from engine.stream.batch import CauseFailed, StepFailed
from engine.stream.contracts import Record
from engine.stream.limits import (
    HELD_AFTER,
    IDLE_SECONDS,
    PENDING_BYTES,
    PENDING_HIGH,
    PENDING_LOW,
)
from engine.stream.opening import Opening
from engine.stream.pace import Pace

if TYPE_CHECKING:
    from engine.stream.partition_loop import PartitionLoop

log = logging.getLogger(__name__)


class Slot:
    """One assigned partition, as long as it is assigned."""

    def __init__(self, loop: "PartitionLoop", key: object) -> None:
        """Start the runner."""
        self.loop, self.key = loop, key
        self.opening: Opening | None = None
        self.open = False
        self.paused = False
        self.waiting_bytes = 0
        self.stopped_by: PartitionStops | None = None
        self.pace = Pace()
        self.wake = asyncio.Event()
        self.beat = time.monotonic()
        """When an opening, a step or a look for work last came to an end."""
        self._failures: dict[str, int] = {}
        self._stopping = False
        self._doubted = False
        """Whether the opening before found that state and log do not fit."""
        self._idle_since: float | None = None
        self._stepping = asyncio.Lock()
        self.task = asyncio.create_task(self._run())

    @property
    def label(self) -> str:
        """Name it in metrics: the partition's number, of an edge the input as well."""
        if isinstance(self.key, int):
            return str(self.key)
        key: tuple[str, int] = self.key  # type: ignore[assignment]
        return f"{key[0].removeprefix(self.loop.settings.prefix)}:{key[1]}"

    @property
    def live(self) -> bool:
        """Whether it is open and moves."""
        return self.open and not self.pace.stalled

    async def _run(self) -> None:
        loop = self.loop
        while not self._stopping:
            opening = self.opening = loop.make(self.key)
            opening.budget, opening.hurried = self.pace.budget, loop.hurried
            opening.stand, opening.took = loop.offsets.stand, loop.turns.took
            self.beat = time.monotonic()
            pause = None
            try:
                await opening.open()
                self._opened(opening)
                while not self._stopping:
                    self.beat = time.monotonic()
                    await self._step(opening)
            except asyncio.CancelledError as exc:
                if self.task.cancelling():
                    raise
                self._failed(exc)  # the driver's own: it awaits what it has cancelled itself
            except PartitionStops as exc:
                if not self._looks_again(exc):
                    return self.stop_for(exc)
                pause = self._until_told
            except Fenced:
                loop.metrics.count("openings", loop.stage, "fenced")
                log.warning("fenced from %s %s; waiting for the group", loop.stage, self.label)
                pause = self._until_told
            except NotAssigned:
                log.info("%s %s is no longer assigned", loop.stage, self.label)
            except Exception as exc:
                self._failed(exc)
            finally:
                self.open, self.waiting_bytes, self.beat = False, 0, time.monotonic()
                self._pause_input(opening)
                await asyncio.shield(opening.close())
                loop.live_changed()
            await asyncio.sleep(max(pause or 0, self.pace.failed()))
            loop.live_changed()

    @property
    def _until_told(self) -> float:
        """Seconds after which the group has told us that somebody else has opened it, or we are the owner after all."""
        return 2.0 * self.loop.settings.session_timeout_seconds

    def _looks_again(self, exc: PartitionStops) -> bool:
        """Whether state and log, which an opening reads one after the other, may fit when they are read once more.

        Whoever slept in between compares what was before with what the next owner has written since; and a broker that
        has just come back may not yet say all that it has.
        """
        if self.open or self._doubted or not isinstance(exc, PositionOutOfRange):
            return False
        self._doubted = True
        self.loop.metrics.count("openings", self.loop.stage, "failed")
        log.warning("%s %s: %s. Looking again in %.0f s", self.loop.stage, self.label, exc, self._until_told)
        return True

    def _opened(self, opening: Opening) -> None:
        self.open, self.paused, self.waiting_bytes, self._idle_since = True, False, 0, None
        self._doubted = False
        self.loop.consumer.resume(*opening.tps)
        self.loop.metrics.count("openings", self.loop.stage, "opened")
        self.loop.live_changed()
        log.info("opened %s %s", self.loop.stage, self.label)

    def _failed(self, exc: BaseException) -> None:
        """Say what went wrong and whose fault it is: of a cause, of several together, or of what we stand on."""
        loop = self.loop
        loop.metrics.count("openings", loop.stage, "failed")
        if isinstance(exc, CauseFailed):
            self._count_failure(exc)
        elif isinstance(exc, StepFailed):
            self.pace.halve(exc.causes)
            log.error("%s %s: %s; trying %d at once", loop.stage, self.label, exc, self.pace.budget)
        elif isinstance(exc, PackNotThere):
            loop.metrics.count("alarms", "pack_not_there")
            log.error("%s %s waits: %s", loop.stage, self.label, exc)
        else:
            log.warning(
                "%s %s failed, opening again in %.1f s: %s",
                loop.stage,
                self.label,
                self.pace.pause,
                told(exc),
                exc_info=not isinstance(exc, KafkaFault),
            )
        if self.pace.fruitless + 1 == HELD_AFTER:
            loop.metrics.count("alarms", "partition_stalled")
            log.error(
                "%s %s has been opened %d times and nothing moves: it is not ready", loop.stage, self.label, HELD_AFTER
            )

    def stop_for(self, exc: PartitionStops) -> None:
        """Stop this partition alone, with an alarm; the others go on. Somebody must mend it and start the process
        again."""
        self.stopped_by = exc
        self.loop.metrics.count("alarms", exc.reason)
        self.loop.metrics.gauge("partition_stopped", 1, self.loop.stage, self.label)
        log.error("%s %s is stopped: %s", self.loop.stage, self.label, exc, extra={"fields": exc.fields})
        if asyncio.current_task() is not self.task:
            self.task.cancel()

    def _pause_input(self, opening: Opening) -> None:
        owned = self.loop.consumer.assignment()
        self.loop.consumer.pause(*[tp for tp in opening.tps if tp in owned])

    def _count_failure(self, exc: CauseFailed) -> None:
        self._failures[exc.cause] = self._failures.get(exc.cause, 0) + 1
        log.error("%s", exc, exc_info=exc.__cause__)
        if self._failures[exc.cause] >= HELD_AFTER:
            log.error("%s failed %d openings and is set aside", exc.cause, HELD_AFTER)
            self.loop.metrics.count("held", self.loop.stage)
            self.loop.held.add(exc.cause)

    async def _step(self, opening: Opening) -> None:
        self.wake.clear()
        if not await opening.has_work():
            await self._idle(opening)
        elif not self._stopping:
            if opening.wants_barrier():  # a backlog does not keep a due clock waiting
                self.loop.barriers.want()
            await self.loop.turns.take(len(self.loop.slots))
            async with self._stepping:
                if self._stopping:
                    return  # type: ignore[unreachable]  # set while it waited
                began = time.perf_counter()
                await opening.step()
                self.loop.metrics.took(time.perf_counter() - began)
            self._moved(opening)
            self._flow(opening)

    def _moved(self, opening: Opening) -> None:
        stalled = self.pace.stalled
        self.pace.moved()
        opening.budget, self._idle_since = self.pace.budget, None
        if stalled:
            self.loop.live_changed()

    async def _idle(self, opening: Opening) -> None:
        """Wait for records or for a clock; standing open for a while with nothing to do is being well."""
        if opening.wants_barrier():
            self.loop.barriers.want()
            wait = 1.0
        else:
            wait = min(IDLE_SECONDS + 0.1, opening.seconds_to_next_due() + 0.001)
        now = time.monotonic()
        if self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since > IDLE_SECONDS and not opening.wants_barrier():
            async with self._stepping:
                await opening.settle()
            self._moved(opening)
            self._idle_since = now
        try:
            async with asyncio.timeout(wait):
                await self.wake.wait()
        except TimeoutError:
            return

    def give(self, records: Sequence[Record]) -> None:
        """Queue fetched records; what comes while it is not open was fetched before it was sought, and is dropped."""
        if self.open and self.opening is not None:
            self.opening.give(records)
            self.waiting_bytes += _bytes_of(records)
            self._flow(self.opening)
            self.wake.set()

    def _flow(self, opening: Opening) -> None:
        """Pause the input of a partition that has enough waiting, resume it when that is worked off."""
        waiting = opening.waiting()
        if not waiting:
            self.waiting_bytes = 0
        elif self.waiting_bytes > PENDING_BYTES:  # only what came is added up as it comes: count what is left
            self.waiting_bytes = _bytes_of(opening.pending)
        if not self.paused and (waiting > PENDING_HIGH or self.waiting_bytes > PENDING_BYTES):
            self.loop.consumer.pause(*opening.tps)
            self.paused = True
        elif self.paused and waiting < PENDING_LOW and self.waiting_bytes <= PENDING_BYTES and self.open:
            self.loop.consumer.resume(*opening.tps)
            self.paused = False

    async def stop(self) -> None:
        """Let the running step end (bounded), then end the runner and close the opening."""
        self._stopping = True
        self.loop.metrics.forget(self.label)
        self.wake.set()
        if self.open:
            try:
                await asyncio.wait_for(self._stepping.acquire(), 3)
                self._stepping.release()
            except TimeoutError:
                log.warning("%s %s did not end its step in 3 s; it is dropped", self.loop.stage, self.label)
        self.task.cancel()
        _, pending = await asyncio.wait({self.task}, timeout=3)
        if pending:  # what hangs in the broker's hands is fenced by the next opening, wherever that is
            log.warning("%s %s did not let go in 3 s; it is left behind", self.loop.stage, self.label)


def _bytes_of(records: Iterable[Record]) -> int:
    """Add up the values, which are what may be large."""
    return sum([len(record.value) for record in records if record.value is not None])
