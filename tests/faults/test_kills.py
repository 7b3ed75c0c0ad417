"""Real workers, a real broker, real kill -9: nothing lost, nothing doubled, nothing early, judged by the sender's
journal.

One stack, two workers for each critical stage, a feed of incidents and commands all the while. First every named step
of the loop is hit once in each critical stage, then workers are killed at random moments, stopped past their session,
and the broker itself is killed. What came of it is counted by the audit, which shares no code with the stages.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import DeleteGroupsRequest

from engine.kafka.broker_time import engine_now
from engine.kafka.reference import load_clock
from engine.kafka.send_journal import Journal, JournalEntry, digest
from engine.local import servers as local
from engine.settings import Settings
from engine.stream.crash_points import POINTS
from tests.faults.clocks import clocks_in_time
from tests.support.poison import good, law_of
from tests.support.rig import CRITICAL, Rig, eventually
from tests.support.servers import PATIENCE, free_ports, valkey
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import home_of, murmur2, partition_of
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, RAW
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role, Status

RATE, AHEAD = 220, 4_000
"""Incidents a second, commands come on top; and how many may wait undecided: a slow machine gets fewer, not later ones.
"""
SPEED, START_MS = 60, 1_772_409_600_000
"""Engine time runs at 60 ×, from Monday 2026-03-02 08:00 in Shanghai: accept clocks of the urgent end within seconds.
"""
IN_TIME_SECONDS = 5
"""Of the wall: dispatch may end once no clock is later than that. The audit calls one missing that is late by ten."""
AT_OPENING = ("fenced", "loaded", "opened")
RANDOM_KILLS, STOPS, BROKER_KILLS = 6, 2, 2
SEED = 20260302


class Feed:
    """A sender that goes on until told to end, and journals what the broker has taken."""

    def __init__(self, settings: Settings, journal: Path) -> None:
        self._settings = settings
        self.journal = journal
        self.ending = asyncio.Event()
        self.incidents = self.commands = self.decided = 0

    async def run(self) -> None:
        """Send incidents at a fixed rate and let somebody take, and half of the time finish, every third ticket."""
        settings = self._settings
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, request_timeout_ms=60_000
        )
        watcher = AIOKafkaConsumer(
            settings.prefix + DECISIONS.name,
            bootstrap_servers=settings.kafka,
            isolation_level="read_committed",
            fetch_max_wait_ms=100,
        )
        await producer.start()
        await watcher.start()
        try:
            with Journal(self.journal) as journal:
                self._journal = journal
                watching = asyncio.create_task(self._take_tickets(producer, watcher))
                await self._send_incidents(producer)
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await producer.flush()
        finally:
            await watcher.stop()
            await producer.stop()

    async def _send_incidents(self, producer: AIOKafkaProducer) -> None:
        began = time.monotonic()
        for key, value, headers in good(SEED, 10**9, occurred_at="2026-03-02T00:00:00Z"):
            if self.ending.is_set():
                return
            partition = (murmur2(key) & 0x7FFFFFFF) % self._settings.partitions
            ack = await producer.send(
                self._settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition
            )
            self._note(ack, "incident", key.decode(), RAW.name, value)
            self.incidents += 1
            ahead = self.incidents / RATE - (time.monotonic() - began)
            if ahead > 0.02:
                await asyncio.sleep(ahead)
            while self.incidents - self.decided > AHEAD and not self.ending.is_set():
                await asyncio.sleep(0.1)

    async def _take_tickets(self, producer: AIOKafkaProducer, watcher: AIOKafkaConsumer) -> None:
        clock, law = await load_clock(self._settings), law_of("guancheng")
        async for record in watcher:
            decision = codec.decode(record.value, Decision)
            self.decided += decision.cause == "incident"
            for change in decision.changes:
                ticket = codec.decode(bytes(change.after), Ticket) if change.after is not None else None
                if (
                    ticket is None
                    or int(ticket.id.rsplit("-", 1)[1]) % 3
                    or ticket.party not in {share.code for share in law.shares}
                ):
                    continue
                kind = {
                    Status.OFFERED: CommandKind.ACCEPT,
                    Status.ACCEPTED: CommandKind.START,
                    Status.HANDLING: CommandKind.FINISH,
                }.get(ticket.status)
                if kind is None or (kind is CommandKind.FINISH and int(ticket.id.rsplit("-", 1)[1]) % 2):
                    continue
                command = Command(
                    id=f"{ticket.id}:{kind}:{ticket.version}",
                    kind=kind,
                    actor=Actor(Role(ticket.party), ticket.person),
                    accepted_at=engine_now(clock),
                    ticket=ticket.id,
                    text="done",
                    proof=("photo",),
                )
                value, home = codec.encode(command), home_of(ticket.id)
                partition = partition_of(home, self._settings.partitions)
                ack = await producer.send(
                    self._settings.prefix + COMMANDS.name, value, key=home.encode(), partition=partition
                )
                self._note(ack, "command", command.id, COMMANDS.name, value)
                self.commands += 1

    def _note(self, ack: "asyncio.Future[Any]", kind: Any, name: str, topic: str, value: bytes) -> None:
        def done(future: "asyncio.Future[Any]") -> None:
            if not future.cancelled() and future.exception() is None:
                where = future.result()
                self._journal.add(
                    JournalEntry(
                        id=name,
                        kind=kind,
                        topic=topic,
                        partition=where.partition,
                        offset=where.offset,
                        sha256=digest(value),
                    )
                )

        ack.add_done_callback(done)


@asynccontextmanager
async def stack(folder: Path) -> AsyncIterator[tuple[Rig, "Broker"]]:
    """A broker that can be killed, a Valkey, and a prepared prefix."""
    broker = Broker(folder / "kafka", free_ports(2))
    with valkey() as redis_url:
        settings = Settings(
            kafka=f"127.0.0.1:{broker.port}",
            redis_url=redis_url,
            prefix="k.",
            partitions=4,
            replication_factor=1,
            min_insync_replicas=1,
            data_dir=folder / "data",
            session_timeout_seconds=3,
        )
        rig = Rig(settings)
        for n in (1, 2):
            rig.more[f"dispatch-{n}"] = {"GRIDWHISTLE_HTTP_BIND": f"127.0.0.1:{free_ports(1)}"}
        try:
            await rig.prepare("guancheng", START_MS, SPEED)
            yield rig, broker
        finally:
            rig.close()
            broker.server.kill()


class Broker:
    """Apache Kafka on a fixed port and folder, to be killed and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.port = folder, port
        self.start()

    def start(self) -> None:
        """Start it, on what the folder holds."""
        self.server = local.kafka(self._folder, self.port, self._folder / "log")
        self.server.wait_ready(PATIENCE)

    def restart_after_kill(self) -> None:
        """Kill it and start it again."""
        self.server.kill()
        time.sleep(0.5)
        self.start()


def audit(rig: Rig, journal: Path) -> dict[str, Any]:
    """Run the audit as a person would."""
    command = [sys.executable, "-m", "engine.cli", "audit", "--json", "--journal", str(journal)]
    done = subprocess.run(command, env=rig.environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


async def settled(rig: Rig) -> None:
    """Wait until what was sent is decided and clocks fire as they fall due, end dispatch (time would go on), and let
    fan-out work off the rest."""
    from engine.local.lag import lags_and_stopped

    lags: dict[str, int] = {}
    stopped: list[Any] = []

    async def caught_up(*stages: str) -> bool:
        now, *stopped[:] = await lags_and_stopped(rig.settings)
        lags.update(now)
        return set(stages) <= set(lags) and not any(lags[stage] for stage in stages)

    try:
        await eventually(lambda: caught_up("intake", "dispatch"), 300, "intake and dispatch caught up", every=1.0)
        await clocks_in_time(rig, IN_TIME_SECONDS * SPEED, 300)
        rig.terminate("dispatch-1", "dispatch-2")
        await eventually(lambda: caught_up("fanout"), 300, "fan-out caught up", every=1.0)
    except AssertionError as exc:
        alive = {worker.name: worker.log.read_text()[-1500:] for worker in rig.workers.values() if worker.alive}
        raise AssertionError(f"{exc}; behind: {lags}; stopped: {stopped}; alive: {alive}") from exc


def revive(rig: Rig) -> None:
    """Start again whatever ended, as a supervisor would."""
    for worker in list(rig.workers.values()):
        if not worker.alive:
            rig.start(worker.stage, int(worker.name.rsplit("-", 1)[1]))


async def through_every_step(rig: Rig, stage: str, report: list[str]) -> None:
    """Let the first worker of a stage be killed at each step of the loop in turn; the second goes on meanwhile."""
    for point in POINTS:
        await hit(rig, stage, point)
        report.append(f"{stage}:{point}")


async def hit(rig: Rig, stage: str, point: str) -> None:
    """Let the first worker of a stage be killed at one step of the loop; another takes its place later."""
    name, second = f"{stage}-1", f"{stage}-2"
    if rig.workers[name].alive:
        rig.kill(name)
    worker = rig.start(stage, 1, f"{point}:{1 if point in AT_OPENING or point == 'revoked' else 4}")
    if point == "revoked":  # it is passed when somebody else joins or leaves while partitions are held
        await rig.ready(name, within=90)
        rig.kill(second)
        rig.start(stage, 2)
    await eventually(lambda: not worker.alive, 90, f"{stage} killed at {point}")
    assert worker.process.returncode == -signal.SIGKILL, f"{stage} at {point}: {worker.log.read_text()[-2000:]}"
    rig.kills += 1


@pytest.mark.alone(reason="as many reports a second as both cores take, and sessions of 3 s that only kills may end")
async def test_nothing_is_lost_doubled_or_early_under_kills() -> None:
    """Every named step of each critical stage, then random kills, stops past the session, and broker kills."""
    draw = random.Random(SEED)
    report: list[str] = []
    with tempfile.TemporaryDirectory(prefix="gridwhistle-kills-") as scratch:
        async with stack(Path(scratch)) as (rig, broker):
            for stage in CRITICAL:
                rig.start(stage, 1)
                rig.start(stage, 2)
            for stage in ("replies", "projector"):
                rig.start(stage)
            await rig.ready()
            feed = Feed(rig.settings, Path(scratch) / "journal.jsonl")
            feeding = asyncio.create_task(feed.run())
            # each stage at its own pace: none waits for the slowest, and they are hit at different steps at a time
            async with asyncio.TaskGroup() as group:
                for stage in CRITICAL:
                    group.create_task(through_every_step(rig, stage, report))
            assert not feeding.done(), feeding.exception()
            assert len(report) == len(POINTS) * len(CRITICAL)
            revive(rig)
            names = [f"{stage}-{n}" for stage in CRITICAL for n in (1, 2)]
            for n in range(RANDOM_KILLS):
                await asyncio.sleep(draw.uniform(0.3, 2.0))
                victim = draw.choice(names)
                if rig.workers[victim].alive:
                    rig.kill(victim)
                    report.append(f"{victim}:random")
                revive(rig)
                if n % 4 == 3 and sum("stopped" in line for line in report) < STOPS:
                    await _stop_past_session(
                        rig, draw.choice([name for name in names if rig.workers[name].alive]), report
                    )
            while sum("stopped" in line for line in report) < STOPS:
                await _stop_past_session(rig, draw.choice([name for name in names if rig.workers[name].alive]), report)
            for _ in range(BROKER_KILLS):
                await asyncio.sleep(2)
                await asyncio.to_thread(broker.restart_after_kill)
                report.append("broker:killed")
                await _goes_on(rig, feed)
            feed.ending.set()
            await asyncio.wait_for(feeding, 90)
            revive(rig)
            await settled(rig)
            found = audit(rig, feed.journal)
    print(
        f"faults: {len(report)} ({rig.kills} kills), seed {SEED}; {feed.incidents} incidents, {feed.commands} commands;"
        f" rungs {found['rungs']}"
    )
    assert {name: found[name] for name in ("lost", "doubled", "early", "missing", "held")} == dict.fromkeys(
        ("lost", "doubled", "early", "missing", "held"), 0
    ), found["problems"]
    assert found["tickets"] == feed.incidents
    assert found["rungs"].get("100.accept", 0) > 100


async def _goes_on(rig: Rig, feed: Feed) -> None:
    """Wait until more is decided: whatever comes next meets a stack that works."""
    wanted = feed.decided + RATE

    def goes_on() -> bool:
        revive(rig)
        return feed.decided >= wanted

    try:
        await eventually(goes_on, 300, "decisions go on")
    except AssertionError as exc:
        last = {worker.name: worker.log.read_text()[-600:] for worker in rig.workers.values()}
        raise AssertionError(f"{exc}; sent {feed.incidents}, decided {feed.decided} of {wanted}; {last}") from exc


async def _stop_past_session(rig: Rig, name: str, report: list[str]) -> None:
    """Freeze a worker until the group has given its partitions away, then let it wake up as a zombie."""
    pid = rig.workers[name].process.pid
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(2.2 * rig.settings.session_timeout_seconds)
    os.kill(pid, signal.SIGCONT)
    report.append(f"{name}:stopped")
    await asyncio.sleep(1)
    revive(rig)


async def test_a_group_without_offsets_redoes_nothing(stack_settings: Settings) -> None:
    """Positions are ours: dispatch stopped, its group deleted, started again, decides only what is new."""
    rig = Rig(stack_settings)
    try:
        await rig.prepare("guancheng")
        for stage in ("intake", "dispatch"):
            rig.start(stage)
        await rig.ready()
        await _send(rig.settings, 1, 300)
        await eventually(lambda: _decided(rig.settings, 300), 60, "300 incidents decided", every=0.5)
        rig.terminate("dispatch-1")
        await _delete_group(rig.settings, f"{rig.settings.prefix}dispatch")
        await _send(rig.settings, 2, 50)
        rig.start("dispatch")
        await rig.ready("dispatch-1")
        await eventually(lambda: _decided(rig.settings, 350), 60, "the 50 new ones decided", every=0.5)
        await asyncio.sleep(2)
        ids = [decision.id for decision in await _decisions(rig.settings)]
        incidents = [name for name in ids if name.startswith(INCIDENTS.name)]
        assert len(ids) == len(set(ids))
        assert len(incidents) == 350
    finally:
        rig.close()


async def _send(settings: Settings, seed: int, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True)
    await producer.start()
    for key, value, headers in good(seed, count):
        await producer.send(
            settings.prefix + RAW.name,
            value,
            key=key,
            headers=headers,
            partition=(murmur2(key) & 0x7FFFFFFF) % settings.partitions,
        )
    await producer.stop()


async def _decisions(settings: Settings) -> list[Decision]:
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await reader.start()
    try:
        tps = [TopicPartition(settings.prefix + DECISIONS.name, p) for p in range(settings.partitions)]
        reader.assign(tps)
        await reader.seek_to_beginning(*tps)
        ends = await reader.end_offsets(tps)
        found: list[Decision] = []
        while any([await reader.position(tp) < ends[tp] for tp in tps]):
            for records in (await reader.getmany(timeout_ms=300)).values():
                found += [codec.decode(record.value, Decision) for record in records]
        return found
    finally:
        await reader.stop()


async def _decided(settings: Settings, count: int) -> bool:
    return sum(decision.cause == "incident" for decision in await _decisions(settings)) >= count


async def _delete_group(settings: Settings, group: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        coordinator = await admin.find_coordinator(group)
        response = await admin._send_request_to_node(coordinator, DeleteGroupsRequest([group]))
        assert response.results == [(group, 0)], response
    finally:
        await admin.close()
