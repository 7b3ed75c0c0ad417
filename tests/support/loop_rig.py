"""The product's partition loop on the log in memory: workers of a stage, who may be killed at any step, and a small
decider that says what it was given. Only Faust's channel is left out: a batch is decided where it is handed over."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Self

from aiokafka import TopicPartition

from engine.calling_off import called_off
from engine.kafka.broker_time import BrokerTime
from engine.kafka.memory.broker import MemoryLog
from engine.kafka.memory.writer import MemoryWriter
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stream.batch import Batch
from engine.stream.contracts import Core, Out
from engine.stream.partition import Partition
from engine.stream.partition_loop import PartitionLoop
from engine.stream.wiring import Wiring
from tests.support.loop_tally import Decided, Tally
from tests.support.still_time import now, until
from topics import codec
from topics.reference import EngineClock
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, STATE, TOPICS, TopicSpec

START = 1_795_482_000_000
"""The broker's time when the loop's is 0, in milliseconds; engine time is the same."""


class Steps:
    """In the place of the crash points: remembers what was passed, and does what a test wants done at one of them."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.wanted: dict[tuple[str, int], Callable[[], None]] = {}

    def on(self, point: str, do: Callable[[], None], nth: int = 1) -> None:
        """At the nth passing from now."""
        self.wanted[point, self.passed[point] + nth] = do

    def at(self, point: str) -> None:
        self.passed[point] += 1
        if do := self.wanted.pop((point, self.passed[point]), None):
            do()


class Worker:
    """One process of a stage."""

    def __init__(self, rig: "LoopRig", name: str) -> None:
        self.rig, self.name, self.prefix = rig, name, rig.log.prefix
        self.metrics, self.steps, self.held = StageMetrics(rig.stage), Steps(), set[str]()
        self.reader = rig.log.member(rig.stage, name)
        self.writers, self.cores = list[MemoryWriter](), list[Any]()
        self.packs: Callable[[Iterable[str]], Any] = self._nothing
        self.prepare: Callable[[Iterable[Any]], Any] = self.packs
        self.decide: Callable[[Batch], Any] = self._decide
        self.ready, self.is_dead = list[bool](), False
        wiring = Wiring(
            stage=rig.stage,
            settings=rig.settings,
            inputs=rig.inputs,
            state=rig.state,
            core=self._core,
            prepare=lambda records: self.prepare(records),
            packs=lambda refs: self.packs(refs),
            decide=lambda batch: self.decide(batch),
            crash=self.steps,  # type: ignore[arg-type]
            metrics=self.metrics,
            log=self,
            consumer=self.reader,
            new_time=lambda: BrokerTime(rig.mapping, now),
            outputs=rig.outputs,
            held=self.held,
        )
        self.make: Callable[[Any], Any] = lambda key: Partition(wiring, key)
        self.loop = PartitionLoop(
            rig.stage,
            rig.settings,
            self.reader,
            make=lambda key: self.make(key),
            key_of=rig.key_of,
            metrics=self.metrics,
            crash=self.steps,  # type: ignore[arg-type]
            held=self.held,
            to_engine=rig.mapping.engine,
        )
        self.loop.on_ready = self.ready.append
        self.task: asyncio.Task[None] | None = None

    # a Log, which remembers its writers: those of a killed process say no farewell

    def writer(self, name: str) -> MemoryWriter:
        self.writers.append(self.rig.log.writer(name))
        return self.writers[-1]

    def reading(self, tps: Iterable[TopicPartition], partition_bytes: int = 0, pairs: bool = False) -> Any:
        return self.rig.log.reading(tps)

    def member(self, stage: str, client: str, place: str | None = None) -> Any:
        return self.rig.log.member(stage, client)

    def _core(self, number: int) -> Core:
        core: Core = self.rig.core(number)
        self.cores.append(core)
        return core

    async def _nothing(self, what: Any) -> None: ...

    async def _decide(self, batch: Batch) -> None:
        await batch.decided()

    async def start(self, ready: bool = True) -> "Worker":
        """Join the group, and wait until all that was given stands open."""
        self.reader.subscribe([self.prefix + spec.name for spec in self.rig.inputs], listener=self.loop)
        await self.reader.start()
        self.task = asyncio.create_task(self.loop.run())
        if ready:
            await until(lambda: self.loop.ready)
        return self

    async def stop(self) -> None:
        """As a process does on TERM."""
        if self.task is not None:
            await called_off(self.task)
        await self.loop.stop()
        await self.reader.stop()

    def kill(self) -> None:
        """End the process where it stands: no abort, no farewell; the group misses it at once."""
        self.is_dead = True
        for writer in self.writers:
            writer.dies()
        for task in (self.task, *[slot.task for slot in self.loop.slots.values()]):
            if task is not None:
                task.cancel()
        self.reader.dies()

    def counted(self, name: str, *labels: str) -> int:
        """A counter's value."""
        return self.metrics.counters.get((name, labels), 0)  # type: ignore[call-overload, no-any-return]

    def opening(self, number: int = 0) -> Any:
        """What a slot drives now."""
        return self.loop.slots[number].opening


class LoopRig:
    """A log in memory with every topic, and the workers on it."""

    stage, state = "dispatch", STATE
    inputs: tuple[TopicSpec, ...] = (INCIDENTS, COMMANDS)

    def __init__(
        self,
        partitions: int = 1,
        core: Callable[[int], Any] = Tally,
        log: MemoryLog | None = None,
        **settings: Any,
    ) -> None:
        self.settings = Settings(partitions=partitions, **settings)
        self.mapping = EngineClock(START, START, 1)
        self.log = log or MemoryLog(lambda: START + int(now() * 1000), self.settings.prefix)
        if log is None:
            self.log.create_all(TOPICS, partitions)
        self.core = core
        self.workers: list[Worker] = []
        self.sent: list[str] = []
        self._known: dict[int, tuple[int, list[Decided]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for worker in self.workers:
            if not worker.is_dead:
                await worker.stop()

    def key_of(self, tp: TopicPartition) -> object:
        return tp.partition

    async def outputs(self) -> Iterable[TopicSpec]:
        """What the stage writes beside its state."""
        return ()

    def worker(self, name: str = "w1") -> Worker:
        """One more process; ``start`` brings it up."""
        self.workers.append(Worker(self, name))
        return self.workers[-1]

    async def send(self, *values: str, partition: int = 0, topic: TopicSpec = COMMANDS) -> None:
        """Write to an input: to commands as a door does, to incidents in a transaction as intake does."""
        if topic is COMMANDS:
            for value in values:
                offset = self.log.append(topic.name, partition, value.encode())
                self.sent.append(f"{topic.name}:{partition}:{offset}")
            return
        await self.transaction([Out(topic.name, partition, b"k", value.encode()) for value in values])

    async def transaction(self, outs: list[Out], abort: bool = False) -> None:
        """Write as a stage before this one does."""
        writer = self.log.writer(f"before.p{outs[0].partition}")
        await writer.start()
        await writer.begin_transaction()
        for out in outs:
            batch = writer.create_batch()
            batch.append(key=out.key, value=out.value, headers=out.headers)
            ack = await (await writer.send_batch(batch, self.log.prefix + out.topic, partition=out.partition))
            if not abort:
                self.sent.append(f"{out.topic}:{out.partition}:{ack.offset}")
        if not abort:
            await writer.commit_transaction()
        await writer.let_go()

    def decided(self, partition: int | None = None) -> list[Decided]:
        """What may be read of the decisions, in order."""
        chosen = range(self.settings.partitions) if partition is None else [partition]
        return [one for number in chosen for one in self._decisions(number)]

    def _decisions(self, number: int) -> list[Decided]:
        at, known = self._known.setdefault(number, (0, []))
        stored = self.log.stored(TopicPartition(self.log.prefix + DECISIONS.name, number))
        records, self._known[number] = stored.read(at, stored.end)[0], (stored.stable, known)
        known += [codec.decode(one.value, Decided) for one in records if not one.value.startswith(b"x")]
        return known

    def ids(self, partition: int | None = None) -> list[str]:
        """The causes that were decided, in order."""
        return [one.id for one in self.decided(partition)]

    def each_once(self) -> bool:
        """Whether everything sent is decided; a second time fails at once."""
        found = Counter(self.ids())
        assert [name for name, count in found.items() if count > 1] == []
        return set(self.sent) <= set(found)

    async def all_decided(self, within: float = 300.0) -> float:
        """Wait until everything sent is decided, each once."""
        return await until(self.each_once, within)

    def marker(self, partition: int = 0) -> Any:
        """The newest marker of a partition."""
        from topics.ticket import Marker

        found = [one.value for one in self.log.all(self.state.name, partition) if one.key == b"m:"]
        return codec.decode(found[-1], Marker) if found else None
