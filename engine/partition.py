"""One partition of a critical stage: take, decide, begin, send, offsets, acks, commit (DESIGN 5).

Exactly-once rests on four things: the producer's transactional id is the input partition's, so that opening fences
whoever had it before; the state and the positions are read only after that; outputs, state and positions are one
transaction; and whatever fails, the memory of the partition is thrown away and loaded anew.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from engine.crash import CrashPoint
from engine.engine_clock import BrokerTime
from engine.errors import PositionOutOfRange
from engine.metrics import StageMetrics
from engine.reading import LogConsumer
from engine.settings import Settings
from engine.stage import Core, Out, Record
from topics import codec
from topics.ids import Instant
from topics.registry import COMMANDS, RAW, TopicSpec
from topics.ticket import Marker

MARKER = b"m:"
"""Key of the marker in a state topic."""

MAX_CAUSES, STEP_SECONDS = 2000, 0.075
"""A step ends after so many causes, or after so long: below 100 ms of CPU whatever the records are like (DESIGN 5.7)."""

NO_HEADERS: list[tuple[str, bytes]] = []
"""The library's builder takes a list and nothing else; this one is never changed."""

BATCH_BYTES = 1_900_000
"""Largest batch sent: below ``max.message.bytes`` of every topic but ``incidents.raw``. Fewer
requests are worth it: each costs 0.5 to 1 ms, whatever its size."""


class CauseFailed(Exception):
    """Deciding a record or a clock raised. After three openings it is set aside as ``held`` (DESIGN 5.5)."""

    def __init__(self, cause: str) -> None:
        """Remember the id of the decision that was not made."""
        super().__init__(f"deciding {cause} raised")
        self.cause = cause


@dataclass
class Batch:
    """One step's work, handed to the stage's agent, and what the agent makes of it."""

    core: Core
    records: list[Record]
    now: Instant
    horizon: Instant
    """Clocks due at or before this may fire: ``commands`` has been read past it."""
    last_at: Instant
    held: AbstractSet[str] = frozenset()
    """Ids of causes that failed three openings: set aside instead of decided."""
    budget: int = MAX_CAUSES
    outs: list[Out] = field(default_factory=list)
    taken: int = 0
    """How many of ``records`` were decided; the rest waits for the next step."""
    fired: int = 0
    began: float = field(default_factory=perf_counter)
    taking: Record | None = None
    """The record being decided; what deciding it raises is on ``done``."""
    firing: bool = False
    """Whether a clock is being decided."""
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def decide(self) -> None:
        """Decide the records in order, each through all rules before the next, and between them the clocks that are due.

        A clock due before a command was handed in fires before it; at the same instant the command goes first (LAW 4).
        """
        core, outs = self.core, self.outs
        # the horizon has passed, although a newer sample of the broker's time may estimate a few milliseconds less
        at = max(self.last_at, self.now, self.horizon)
        for record in self.records:
            if self._is_full():
                break
            if record.appended_at > at:
                at = record.appended_at
            if record.topic == COMMANDS.name and not self._fire(record.appended_at - 1, at):
                break
            self.taking = record
            outs.extend(core.hold(record, at) if self.held and record.id in self.held else core.take(record, at))
            self.taking = None
            self.taken += 1
        else:
            self._fire(self.horizon, at)
        outs.extend(core.flush())
        self.last_at = at

    def _is_full(self) -> bool:
        """Whether the step has done enough; where it ends shows in no outcome."""
        done = self.fired + self.taken
        return done >= self.budget or (done & 31 == 31 and perf_counter() - self.began > STEP_SECONDS)

    def _fire(self, until: Instant, at: Instant) -> bool:
        """Fire what is due until then; ``False`` when the budget ended first."""
        due = self.core.next_due()
        while due is not None and due <= until:
            if self._is_full():
                return False
            self.firing = True
            fired = self.core.hold_due(at) if self.held and self.core.due_id() in self.held else self.core.fire(until, at)
            self.firing = False
            if fired is None:
                return True
            self.outs.extend(fired)
            self.fired += 1
            due = self.core.next_due()
        return True


@dataclass(frozen=True)
class Wiring:
    """What all partitions of a stage share."""

    stage: str
    settings: Settings
    inputs: tuple[TopicSpec, ...]
    state: TopicSpec
    core: Callable[[int], Core]
    """Makes the core of one partition, empty."""
    prepare: Callable[[Iterable[Record]], Awaitable[None]]
    """Fetches what deciding these records will look up (packs); awaited before the agent sees them."""
    decide: Callable[[Batch], Awaitable[None]]
    """Sends a batch through the stage's Faust agent."""
    crash: CrashPoint
    metrics: StageMetrics
    consumer: LogConsumer
    new_time: Callable[[], BrokerTime]
    held: set[str] = field(default_factory=set)
    """Causes that failed three openings in this process."""

    @property
    def group(self) -> str:
        """The consumer group: prefix and stage."""
        return f"{self.settings.prefix}{self.stage}"


class Partition:
    """One opening of one partition. It never comes back to life: after a fault or a revocation a new one is made."""

    def __init__(self, wiring: Wiring, number: int) -> None:
        """Prepare partition ``number``; ``open`` does the work."""
        self._w = wiring
        self.number = number
        self.core = wiring.core(number)
        self.time = wiring.new_time()
        self.pending: deque[Record] = deque()
        self.positions: dict[str, int] = {}
        self._last_at: Instant = 0
        self._barrier: tuple[Instant, int] | None = None
        self._horizon: Instant = 0
        self._producer: AIOKafkaProducer | None = None

    @property
    def tps(self) -> list[TopicPartition]:
        """The input partitions it reads."""
        return [TopicPartition(self._w.settings.prefix + spec.name, self.number) for spec in self._w.inputs]

    async def open(self) -> None:
        """Fence the former owner, load the state, find the positions and the broker's time.

        Raises:
            PositionOutOfRange: The log does not reach back to where we stood, or the group stands further than our state.
        """
        w = self._w
        self._producer = AIOKafkaProducer(
            bootstrap_servers=w.settings.kafka,
            transactional_id=f"{w.settings.prefix}{w.stage}.p{self.number}",
            transaction_timeout_ms=15_000,
            max_batch_size=BATCH_BYTES,
            max_request_size=w.state.max_bytes,
            retry_backoff_ms=5,
            request_timeout_ms=15_000,
        )
        await self._producer.start()
        w.crash.at("fenced")
        marker = await self._load()
        w.crash.at("loaded")
        if marker is not None:
            self.positions = dict(marker.positions)
            self._last_at = marker.at
        await w.prepare(())
        self.core.opened(marker.pack if marker else None, self._last_at)
        await self._check_positions()
        await self._commit([], {})  # learns the broker's time, and proves that we may write
        for spec, tp in zip(w.inputs, self.tps, strict=True):
            w.consumer.seek(tp, self.positions.get(spec.name, 0))
        w.crash.at("opened")

    async def _load(self) -> Marker | None:
        """Fold the state topic's partition from its beginning to its end."""
        w = self._w
        tp = TopicPartition(w.settings.prefix + w.state.name, self.number)
        marker: Marker | None = None
        reader = LogConsumer(
            bootstrap_servers=w.settings.kafka,
            group_id=None,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=8 * 1024 * 1024,
        )
        await reader.start()
        try:
            reader.assign([tp])
            await reader.seek_to_beginning(tp)
            end = (await reader.end_offsets([tp]))[tp]
            while await reader.position(tp) < end:
                for record in (await reader.getmany(tp, timeout_ms=500)).get(tp, ()):
                    if record.key == MARKER:
                        marker = codec.decode(record.value, Marker)
                    else:
                        self.core.load(record.key, record.value)
        finally:
            await reader.stop()
        return marker

    async def _check_positions(self) -> None:
        """Refuse to go on where the log and our state do not fit: an alarm and a stop, never a reset (DESIGN 5.3)."""
        consumer = self._w.consumer
        begins, ends = await consumer.beginning_offsets(self.tps), await consumer.end_offsets(self.tps)
        for spec, tp in zip(self._w.inputs, self.tps, strict=True):
            ours = self.positions.get(spec.name, 0)
            group = await consumer.committed(tp) or 0
            if not begins[tp] <= ours <= ends[tp]:
                raise PositionOutOfRange(
                    f"{tp.topic}/{tp.partition}: our state stands at {ours}, the log holds {begins[tp]} to {ends[tp]}; "
                    "records were dropped or the topic was made anew. Restore the topic, or set up a new prefix"
                )
            if group > ours:
                raise PositionOutOfRange(
                    f"{tp.topic}/{tp.partition}: the group stands at {group}, our state only at {ours}; "
                    f"{self._w.state.name} has lost records. Restore it; nothing was redone"
                )

    def give(self, records: Sequence[Record]) -> None:
        """Queue records that were fetched."""
        self.pending.extend(records)

    def waiting(self) -> int:
        """How many records wait."""
        return len(self.pending)

    async def has_work(self) -> bool:
        """Whether a step now would have something to decide."""
        await self._advance_horizon()
        due = self.core.next_due()
        return bool(self.pending) or (due is not None and due <= self._horizon)

    def wants_barrier(self) -> bool:
        """Whether a clock is due that may not fire before ``commands`` is known to be read past it."""
        due = self.core.next_due()
        return due is not None and self._barrier is None and self._horizon < due <= self.time.now()

    def barrier(self, observed_at: Instant, end: int) -> None:
        """Take an end offset of ``commands`` that was observed at or after ``observed_at``."""
        self._barrier = (observed_at, end)

    async def _advance_horizon(self) -> None:
        """Once ``commands`` is read to the barrier, and nothing of it waits, clocks until its moment may fire."""
        if self._barrier is None:
            return
        observed_at, end = self._barrier
        tp = next((tp for spec, tp in zip(self._w.inputs, self.tps, strict=True) if spec is COMMANDS), None)
        if tp is None or (await self._w.consumer.position(tp) >= end and len(self.pending) <= MAX_CAUSES):
            self._horizon, self._barrier = observed_at, None

    def seconds_to_next_due(self) -> float:
        """Wall seconds until a clock is due; a long time when there is none."""
        due = self.core.next_due()
        return 3600.0 if due is None else self.time.seconds_until(due)

    async def step(self) -> None:
        """Decide what waits and commit it as one transaction. Any exception means: throw this opening away."""
        w = self._w
        records = list(islice(self.pending, MAX_CAUSES))
        if records:
            w.crash.at("polled")
            await w.prepare(records)
        batch = Batch(self.core, records, self.time.now(), self._horizon, self._last_at, w.held)
        try:
            await w.decide(batch)
        except Exception as exc:
            cause = self.core.due_id() if batch.firing else batch.taking.id if batch.taking is not None else None
            if cause is None:
                raise
            raise CauseFailed(cause) from exc
        if not batch.taken and not batch.fired:
            return
        w.crash.at("decided")
        offsets: dict[TopicPartition, int] = {}
        last = {record.topic: record for record in records[: batch.taken]}
        for topic, record in last.items():
            self.positions[topic] = offsets[TopicPartition(w.settings.prefix + topic, record.partition)] = record.offset + 1
        for _ in range(batch.taken):
            self.pending.popleft()
        self._last_at = batch.last_at
        await self._commit(batch.outs, offsets)
        w.metrics.stepped(batch, self.time)
        w.crash.at("applied")

    async def _commit(self, outs: list[Out], offsets: dict[TopicPartition, int]) -> None:
        """Write outputs, marker and offsets in one transaction; await every send before the commit."""
        w, producer = self._w, self._producer
        assert producer is not None
        # nothing is awaited between the marker's making and its sending, so it says what this transaction does
        marker = codec.encode(Marker(at=self._last_at, positions=self.positions, pack=self.core.pack()))
        await producer.begin_transaction()
        w.crash.at("begun")
        acks = await self._send([*outs, Out(w.state.name, self.number, MARKER, marker)])
        w.crash.at("sent")
        if offsets:
            await producer.send_offsets_to_transaction(offsets, w.group)
        w.crash.at("offsets")
        newest = 0
        for ack in acks:
            newest = max(newest, (await ack).timestamp)
        self.time.seen(newest)
        w.crash.at("acked")
        commit = asyncio.ensure_future(producer.commit_transaction())
        await asyncio.sleep(0)
        w.crash.at("committing")
        await commit
        w.crash.at("committed")

    async def _send(self, outs: list[Out]) -> list[Any]:
        """Send records in batches of their partition: a third of the cost of sending them one by one."""
        producer, prefix = self._producer, self._w.settings.prefix
        assert producer is not None
        builders: dict[tuple[str, int], BatchBuilder] = {}
        acks = []
        for out in outs:
            where = (out.topic, out.partition)
            headers = list(out.headers) if out.headers else NO_HEADERS
            builder = builders.get(where)
            if builder is None:
                builder = builders[where] = producer.create_batch()
            elif out.topic == RAW.name:  # one alone may be as large as that topic allows
                acks.append(await producer.send_batch(builder, prefix + out.topic, partition=out.partition))
                builder = builders[where] = producer.create_batch()
            if builder.append(timestamp=None, key=out.key, value=out.value, headers=headers) is None:
                acks.append(await producer.send_batch(builder, prefix + out.topic, partition=out.partition))
                builder = builders[where] = producer.create_batch()
                builder.append(timestamp=None, key=out.key, value=out.value, headers=headers)
        for (topic, partition), builder in builders.items():
            acks.append(await producer.send_batch(builder, prefix + topic, partition=partition))
        return acks

    async def close(self) -> None:
        """Let go of the producer; an open transaction is aborted so that readers need not wait for its time-out."""
        self._w.metrics.closed(self.number)
        producer, self._producer = self._producer, None
        if producer is None:
            return
        txn = producer._txn_manager
        if txn is not None and txn.is_in_transaction() and not txn.is_fatal_error():
            with suppress(Exception):
                await asyncio.wait_for(producer.abort_transaction(), 2)
        with suppress(Exception):
            await asyncio.wait_for(producer.stop(), 2)
