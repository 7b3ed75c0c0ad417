"""Puts a stage together: a Faust app without Kafka of its own, its agent on an in-memory channel, and the partition
loop."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import faust
from aiokafka import TopicPartition
from faust.app.base import BootStrategy

from engine.calling_off import called_off
from engine.errors import InvalidSettings
from engine.kafka.broker_time import BrokerTime
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.port import Log, Reader
from engine.kafka.reference import Reference
from engine.kafka.topic_admin import verify
from engine.observability.farewell import gone_within
from engine.observability.health import HealthServer
from engine.observability.metrics import StageMetrics
from engine.observability.traces import Tracing, tracing
from engine.observability.watchdog import Watchdog
from engine.security.private_files import make_missing
from engine.security.vault import Vault
from engine.settings import Settings
from engine.stages.groups import client_id, place_of
from engine.stages.outputs import outputs_of
from engine.stream.batch import Batch
from engine.stream.contracts import Core, Record
from engine.stream.crash_points import CrashPoint
from engine.stream.partition import Partition
from engine.stream.partition_loop import PartitionLoop
from engine.stream.readiness import Readiness, say_ready, tell
from engine.stream.wiring import Wiring
from topics.registry import TopicSpec

log = logging.getLogger(__name__)


class NoKafka(BootStrategy):  # type: ignore[misc]
    """Faust's own consumer and producer stay off: the partition loop owns Kafka (DESIGN 4)."""

    enable_kafka_consumer = False
    enable_kafka_producer = False
    enable_web = False


class StageApp(faust.App):  # type: ignore[misc]
    """The Faust app that hosts a stage's agent."""

    BootStrategy = NoKafka


def new_app(settings: Settings, stage: str) -> StageApp:
    """Make the Faust app of one stage: agents, supervision and sensors; no Kafka, no web, no tables."""
    datadir = settings.data_dir / "faust"
    make_missing(datadir)  # Faust makes only the last folder itself
    return StageApp(
        f"{settings.prefix}{stage}",
        broker="kafka://" + settings.kafka,
        store="memory://",
        datadir=str(datadir),
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        autodiscover=False,
        worker_redirect_stdouts=False,
    )


def decider(app: StageApp) -> Callable[[Batch], Awaitable[None]]:
    """Declare the stage's agent and return the way to it: one channel event is one batch of one partition."""
    batches = app.channel(maxsize=64)

    async def decide(stream: AsyncIterable[Batch]) -> None:
        """Decide each batch; what a decision raises travels on the batch's future, for the loop to answer."""
        async for batch in stream:
            fault: Exception | None = None
            try:
                await batch.decided()
            except Exception as exc:
                fault = exc
            if batch.done.done():
                continue  # nobody waits any more: the opening was dropped, or its time is out
            if fault is not None:
                batch.done.set_exception(fault)
            else:
                batch.done.set_result(None)

    app.agent(batches, name=f"{app.conf.id}.decide")(decide)

    async def send(batch: Batch) -> None:
        await batches.send(value=batch)
        await batch.done

    return send


@dataclass(kw_only=True)
class Host:
    """What a stage's factory gets to build on."""

    settings: Settings
    stage: str
    app: StageApp
    log: Log
    consumer: Reader
    reference: Reference
    metrics: StageMetrics
    crash: CrashPoint
    held: set[str]
    tracing: Tracing

    def new_time(self) -> BrokerTime:
        """Make engine time for one partition, by the stack's mapping."""
        assert self.reference.clock is not None
        return BrokerTime(self.reference.clock)

    def partitions(
        self,
        inputs: tuple[TopicSpec, ...],
        state: TopicSpec,
        core: Callable[[int], Core],
        prepare: Callable[[Iterable[Record]], Awaitable[None]],
        packs: Callable[[Iterable[str]], Awaitable[None]],
        vault: Vault | None = None,
    ) -> Callable[[Any], Partition]:
        """Return the maker of transactional openings for this stage."""
        wiring = Wiring(
            stage=self.stage,
            settings=self.settings,
            inputs=inputs,
            state=state,
            core=core,
            prepare=prepare,
            packs=packs,
            decide=decider(self.app),
            crash=self.crash,
            metrics=self.metrics,
            log=self.log,
            consumer=self.consumer,
            new_time=self.new_time,
            outputs=partial(outputs_of, self.stage, self.settings),
            held=self.held,
            vault=vault,
        )
        return lambda number: Partition(wiring, number)

    def loop(self, make: Callable[[Any], Any], key_of: Callable[[TopicPartition], object]) -> PartitionLoop:
        """Build the loop around a maker of openings."""
        assert self.reference.clock is not None
        return PartitionLoop(
            self.stage,
            self.settings,
            self.consumer,
            make=make,
            key_of=key_of,
            metrics=self.metrics,
            crash=self.crash,
            held=self.held,
            to_engine=self.reference.clock.engine,
        )


def _answer(host: Host, loop: PartitionLoop) -> None:
    """Answer probes and Prometheus, where an address is set.

    Raises:
        OSError: It cannot be had.
    """
    address = host.settings.http_address
    if address is None:
        return
    readiness = Readiness(loop, host.reference, host.settings)
    host.metrics.when_asked.append(tell(readiness, loop, host.metrics, host.settings))
    HealthServer(address, host.metrics, readiness.checks).start()


class LoopService(faust.Service):  # type: ignore[misc]
    """The Faust service that owns Kafka: starts the consumer, runs the loop, drains it at the end."""

    def __init__(
        self, loop: PartitionLoop, subscribe: Callable[[Reader, PartitionLoop], None], watchdog: Watchdog
    ) -> None:
        """Keep the loop; ``on_start`` connects."""
        super().__init__()
        self.partition_loop, self._watchdog = loop, watchdog
        self._subscribe = subscribe
        self.ended: asyncio.Task[None] | None = None

    async def on_start(self) -> None:
        """Subscribe, then join the group."""
        consumer = self.partition_loop.consumer
        self._subscribe(consumer, self.partition_loop)
        await consumer.start()
        self.ended = asyncio.create_task(self.partition_loop.run())
        self._watchdog.start()

    async def on_stop(self) -> None:
        """Let running steps end, close the partitions, leave the group."""
        self._watchdog.stop()
        if self.ended is not None:
            await called_off(self.ended)
        await self.partition_loop.stop()
        try:
            await asyncio.wait_for(self.partition_loop.consumer.stop(), 3)
        except TimeoutError:
            log.warning("the group did not let go in 3 s; its session will end by itself")


StageApp.logger = LoopService.logger = logging.getLogger("faust")
"""The framework tells what it does all day under the module of whoever derives from it: that is no word of ours."""


async def run_stage(settings: Settings, stage: str, ready: Path | None = None) -> None:
    """Run one stage until TERM or INT.

    Raises:
        InvalidSettings: The topics or the stack are not such that nothing is lost; each fault with its mend.
        PositionOutOfRange: The log and our state do not fit together.
    """
    from engine.stages import plan

    gc.set_threshold(50_000, 20, 50)  # tickets are long-lived: young collections over and over find nothing (FIELD 6)
    crash = CrashPoint(stage, settings.crash_at, settings.faults == "allow")
    build = plan(stage)
    await verify(settings)
    metrics = StageMetrics(stage)
    host = await _host(settings, stage, crash, metrics, place_of(stage, ready))
    built = await build(host)
    _answer(host, built.loop)
    watchdog = Watchdog(stage, settings.watchdog_seconds, built.loop.watch.standings)
    service = LoopService(built.loop, built.subscribe, watchdog)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await host.app.start()
        host.app.flow_control.resume()  # no consumer of Faust's does it here; without it channels never deliver
        await host.app.add_runtime_dependency(service)
        await _until_ended(service, stopping, ready)
    finally:
        gone_within(stage)
        await host.app.stop()
        await built.close()
        host.tracing.close()


async def _host(settings: Settings, stage: str, crash: CrashPoint, metrics: StageMetrics, place: str | None) -> Host:
    """Make what a stage stands on, with the clock and the pack in force."""
    reference = Reference(settings, metrics)
    await reference.refresh()
    if reference.clock is None or reference.current is None:
        missing = "clock" if reference.clock is None else "pack"
        raise InvalidSettings(
            f"no {missing} in force on prefix {settings.prefix!r}; run 'gridwhistle up', or 'gridwhistle pack publish'"
        )
    log_of = KafkaLog(settings)
    return Host(
        settings=settings,
        stage=stage,
        app=new_app(settings, stage),
        log=log_of,
        consumer=log_of.member(stage, client_id(stage), place),
        reference=reference,
        metrics=metrics,
        crash=crash,
        held=set(),
        tracing=tracing(stage, os.environ),
    )


async def _until_ended(service: LoopService, stopping: asyncio.Event, ready: Path | None) -> None:
    """Say when everything assigned moves, and when it does not; wait for a signal or for the loop's fault."""
    assert service.ended is not None
    loop = service.partition_loop
    loop.on_ready = lambda is_ready: say_ready(loop.stage, is_ready, ready)
    if loop.ready:
        loop.on_ready(True)
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({service.ended, stop}, return_when=asyncio.FIRST_COMPLETED)
    loop.on_ready = lambda is_ready: None
    stop.cancel()
    if service.ended.done():
        service.ended.result()
