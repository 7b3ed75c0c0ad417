"""One partition of a critical stage: take, decide, begin, send, offsets, acks, commit (DESIGN 5).

Exactly-once rests on four things: the producer's transactional id is the input partition's, so that opening fences
whoever had it before; the state and the positions are read only after that; outputs, state and positions are one
transaction; and whatever fails, the memory of the partition is thrown away and loaded anew.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from aiokafka import TopicPartition

from engine.errors import OutputTooLarge, PackNotThere, PartitionStops
from engine.kafka.driver_errors import Fenced, lies_in_the_content
from engine.kafka.port import Writer
from engine.kafka.reference import last_decided
from engine.observability.json_logging import told
from engine.stream.batch import AgentSilent, Batch, CauseFailed, StepFailed
from engine.stream.begun import has_begun
from engine.stream.contracts import Out, Record
from engine.stream.ends import reach_of
from engine.stream.horizon import Horizon
from engine.stream.limits import COMMIT_SECONDS, DECIDE_SECONDS, MAX_CAUSES, unfit
from engine.stream.passed_by import stranger_passed_by
from engine.stream.pinned_key import demand_same
from engine.stream.positions import (
    demand_newest,
    demand_readable,
    load_state,
    lost_marker,
    marking,
    naming_unfit,
    position,
)
from engine.stream.sending import send
from engine.stream.wiring import Wiring
from rules.errors import UnfitTicket
from topics.ids import Instant
from topics.registry import COMMANDS, DECISIONS, STATE
from topics.ticket import Marker


class Partition:
    """One opening of one partition. It never comes back to life: after a fault or a revocation a new one is made."""

    def __init__(self, wiring: Wiring, number: int) -> None:
        """Prepare partition ``number``; ``open`` does the work."""
        self._w = wiring
        self.number = number
        self.core = wiring.core(number)
        self.time = wiring.new_time()
        self.pending: deque[Record] = deque()
        self.budget = MAX_CAUSES
        """Causes that a step may take: fewer where a larger step could not be committed."""
        self.hurried: Callable[[], bool] = lambda: False
        self.stand: Callable[[Mapping[TopicPartition, int]], None] = lambda offsets: None
        self.took: Callable[[float, int], None] = lambda seconds, causes: None
        self.positions: dict[str, int] = {}
        self._last_at: Instant = 0
        self._horizon = Horizon()
        self._newest_ms = 0
        self._producer: Writer | None = None
        self._decisions = wiring.settings.prefix + DECISIONS.name

    @property
    def tps(self) -> list[TopicPartition]:
        """The input partitions it reads."""
        return [TopicPartition(self._w.settings.prefix + spec.name, self.number) for spec in self._w.inputs]

    async def open(self) -> None:
        """Fence the former owner, load the state and the packs it rests on, find the positions and the broker's time.

        Raises:
            PartitionStops: The log does not reach back to where we stood, the group stands further than our state, or
                our own state cannot be read.
            PackNotThere: A pack that the state rests on is not on ``reference``.
        """
        w = self._w
        self._producer = w.log.writer(f"{w.stage}.p{self.number}")
        await self._producer.start()
        w.crash.at("fenced")
        async with w.loading:
            core, name = self.core, w.state.name
            marker, vouched = await load_state(w.log, name, self.number, core.load, self._stranger, core.load_many)
        await self._check_the_log_is_no_further(marker)
        demand_same(marker, w.vault, w.settings.accept_key, f"{w.state.name}/{self.number}")
        w.crash.at("loaded")
        if marker is not None:
            self.positions = dict(marker.positions)
            self._last_at = marker.at
            self.time.not_before(marker.at)
        await w.packs([marker.pack] if marker and marker.pack else [])
        async with naming_unfit(w.log, w.state.name, self.number):
            for _ in () if vouched else self.core.check():
                await asyncio.sleep(0)  # the group's heartbeats come between
            self.core.opened(marker.pack if marker else None, self._last_at)
        await w.packs(self.core.packs())
        await self._check_positions()
        await self._commit([], {})  # learns the broker's time, and proves that we may write
        for spec, tp in zip(w.inputs, self.tps, strict=True):
            w.consumer.seek(tp, self.positions.get(spec.name, 0))
        w.crash.at("opened")

    def _stranger(self, offset: int, why: str) -> None:
        stranger_passed_by(self._w.metrics, self._w.state.name, self.number, offset, why)

    async def _check_the_log_is_no_further(self, marker: Marker | None) -> None:
        """What the log says was done must be in the state, whatever the group still knows: it would be done a second
        time."""
        w = self._w
        if marker is None:
            if await has_begun(w.log, w.consumer, w.state, self.number, w.settings.partitions, w.outputs):
                raise lost_marker(w.state.name, self.number)
        elif w.state is STATE:
            for number, decided in await last_decided(w.log, [self.number]):
                demand_newest(number, marker.at, decided)

    async def _check_positions(self) -> None:
        begins, ends = await reach_of(self._w.consumer, self.tps)
        for spec, tp in zip(self._w.inputs, self.tps, strict=True):
            ours, group = self.positions.get(spec.name, 0), await self._w.consumer.committed(tp)
            found = position(spec.name, self.number, ours, begins[tp], ends[tp], group, self._w.state.name)
            if found != ours:
                self.positions[spec.name] = found

    def give(self, records: Sequence[Record]) -> None:
        """Queue records that were fetched."""
        self.pending.extend(records)

    def waiting(self) -> int:
        """How many records wait."""
        return len(self.pending)

    async def has_work(self) -> bool:
        """Whether a step now would have something to decide."""
        if self._horizon.is_looking:
            tp = next((tp for spec, tp in zip(self._w.inputs, self.tps, strict=True) if spec is COMMANDS), None)
            self._horizon.read_to(None if tp is None else await self._w.consumer.position(tp), self.pending)
        due = self.core.next_due()
        return bool(self.pending) or (due is not None and due <= self._horizon.at)

    def wants_barrier(self) -> bool:
        """Whether a clock is due that may not fire before ``commands`` is known to be read past it."""
        return self._horizon.wants(self.core.next_due(), self.time.now())

    def barrier(self, observed_at: Instant, end: int) -> None:
        """Take an end offset of ``commands`` that was observed at or after ``observed_at``."""
        self._horizon.observe(observed_at, end)

    def seconds_to_next_due(self) -> float:
        """Wall seconds until a clock is due; a long time when there is none."""
        due = self.core.next_due()
        return 3600.0 if due is None else self.time.seconds_until(due)

    def overdue_seconds(self) -> float:
        """Engine seconds since the oldest clock that has not fired was due."""
        due = self.core.next_due()
        return 0.0 if due is None else max(0, self.time.now() - due) / 1000

    async def step(self) -> None:
        """Decide what waits and commit it as one transaction. Any exception means: throw this opening away."""
        w = self._w
        ahead = list(islice(self.pending, self.budget))
        if ahead:
            w.crash.at("polled")
            await w.prepare(ahead)  # a pack that is not there is waited for by this partition, not by all in its turn
        async with w.deciding, naming_unfit(w.log, w.state.name, self.number):
            # what waits and is due when its turn comes, not what did when it began to wait for it
            await self.has_work()  # looks how far commands was read meanwhile
            records = list(islice(self.pending, self.budget))
            await w.prepare(records[len(ahead) :])
            batch = Batch(
                core=self.core,
                records=records,
                now=self.time.now(),
                horizon=self._horizon.at,
                last_at=self._last_at,
                held=w.held,
                budget=self.budget,
                lead=self._horizon.lead,
                hurried=self.hurried(),
            )
            await self._decide(batch)
        if not batch.taken and not batch.fired:
            return
        w.crash.at("decided")
        offsets = self._took(batch)
        offsets |= await self._behind_markers()
        self._last_at = batch.last_at
        await self._commit_causes(batch, offsets)
        self.core.written(self._newest_ms)
        w.metrics.stepped(batch)
        w.crash.at("applied")

    def _took(self, batch: Batch) -> dict[TopicPartition, int]:
        """Stand behind what was decided."""
        last = {record.topic: record.offset + 1 for record in batch.records[: batch.taken]}
        self.positions.update(last)
        for _ in range(batch.taken):
            self.pending.popleft()
        self._horizon.taken(batch.taken)
        return {TopicPartition(self._w.settings.prefix + topic, self.number): at for topic, at in last.items()}

    async def _decide(self, batch: Batch) -> None:
        """Let the agent decide, and tell which cause it was that raised."""
        demand_readable(batch.records)
        try:
            async with asyncio.timeout(DECIDE_SECONDS):
                await self._w.decide(batch)
        except TimeoutError as exc:
            raise AgentSilent(f"the agent of {self._w.stage} has not answered for {DECIDE_SECONDS:.0f} s") from exc
        except (PartitionStops, PackNotThere, UnfitTicket):
            raise
        except Exception as exc:
            cause = self.core.due_id() if batch.firing else batch.taking.id if batch.taking is not None else None
            if cause is None:
                raise
            raise CauseFailed(cause) from exc

    async def _commit_causes(self, batch: Batch, offsets: dict[TopicPartition, int]) -> None:
        """Commit; what cannot be written is told as the fault of the causes it comes of."""
        causes = batch.taken + batch.fired
        try:
            if too_large := unfit(batch.outs):
                raise OutputTooLarge(too_large)
            await self._commit(batch.outs, offsets, causes)
        except Fenced:
            raise
        except Exception as exc:
            if not lies_in_the_content(exc):
                raise
            if causes > 1:
                raise StepFailed(causes, told(exc)) from exc
            raise CauseFailed(batch.only(), "writing what follows from") from exc

    async def settle(self) -> None:
        """Move positions behind transaction markers and aborted records that were read since the last step."""
        if offsets := await self._behind_markers():
            await self._commit([], offsets)

    async def _behind_markers(self) -> dict[TopicPartition, int]:
        """Once nothing waits, all that was read is decided: positions stand behind it, transaction markers and aborted
        records included.

        Left behind, one falls off the log's beginning once retention has taken the marker: did a record lie there?
        """
        prefix = self._w.settings.prefix
        read = {tp: await self._w.consumer.position(tp) for tp in self.tps}
        moved = {tp: at for tp, at in read.items() if at > self.positions.get(tp.topic.removeprefix(prefix), 0)}
        if self.pending:  # looked at last: what came meanwhile is not decided
            return {}
        self.positions.update({tp.topic.removeprefix(prefix): at for tp, at in moved.items()})
        return moved

    async def _commit(self, outs: list[Out], offsets: dict[TopicPartition, int], causes: int = 0) -> None:
        """Write outputs, marker and offsets in one transaction; await every send before the commit."""
        w, producer = self._w, self._producer
        assert producer is not None
        # nothing is awaited between the marker's making and its sending, so it says what this transaction does
        marker = Marker(
            at=self._last_at,
            positions=self.positions,
            pack=self.core.pack(),
            vault_key=w.vault.id if w.vault else None,
        )
        outs = [*outs, marking(w.state.name, self.number, marker)]
        stamps, decided, began = list[int](), 0, asyncio.get_running_loop().time()
        async with asyncio.timeout(COMMIT_SECONDS):  # the library would try again without an end
            await producer.begin_transaction()
            w.crash.at("begun")
            self.time.sends()
            acks = await send(producer, w.settings.prefix, outs)
            w.crash.at("sent")
            for ack in acks:
                written = await ack
                stamps.append(written.timestamp)
                if written.topic == self._decisions:
                    decided = written.offset + 1
            self.time.seen(min(stamps))  # of brokers whose clocks differ the one behind: nobody's record is early
            self._newest_ms = max(stamps)
            w.crash.at("acked")
            commit = asyncio.ensure_future(producer.commit_transaction())
            await asyncio.sleep(0)
            w.crash.at("committing")
            await commit
        if decided and w.state is STATE:
            # the next marker says so: a view begins there that the log no longer tells all
            self.positions[DECISIONS.name] = decided
        w.crash.at("committed")
        self.took(asyncio.get_running_loop().time() - began, causes)
        self.stand(offsets)

    async def close(self) -> None:
        """Let go of the producer; an open transaction is aborted so that readers need not wait for its time-out."""
        self._w.metrics.closed(self.number)
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.let_go()
