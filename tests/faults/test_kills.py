"""Real workers, a real broker, real kill -9: nothing lost, nothing doubled, nothing early, judged by the sender's
journal.

One stack, two workers for each critical stage, a feed of incidents and commands all the while. First every named step
of the loop is hit once in each critical stage, then workers are killed at random moments, stopped past their session,
and the broker itself is killed. What came of it is counted by the audit, which shares no code with the stages.
"""

import asyncio
import os
import random
import signal
import tempfile
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import DeleteGroupsRequest

from engine.settings import Settings
from engine.stream.crash_points import POINTS
from tests.faults.conftest import is_long
from tests.faults.kill_feed import LONG_RATE, RATE, SEED, Feed
from tests.faults.kill_stand import audit, revive, settled, stack
from tests.support.poison import good
from tests.support.rig import CRITICAL, Rig, eventually
from topics import codec
from topics.decision import Decision
from topics.ids import murmur2
from topics.registry import DECISIONS, INCIDENTS, RAW

AT_OPENING = ("fenced", "loaded", "opened")
RANDOM_KILLS, STOPS, BROKER_KILLS = 6, 2, 2
NONE = ("lost", "doubled", "early", "missing", "held")


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
        await asyncio.to_thread(rig.terminate, second)  # killed it would keep its place, and nobody be told of it
        rig.start(stage, 2)
    await eventually(lambda: not worker.alive, 90, f"{stage} killed at {point}")
    assert worker.process.returncode == -signal.SIGKILL, f"{stage} at {point}: {worker.log.read_text()[-2000:]}"
    rig.kills += 1


@pytest.mark.alone(reason="sessions of 3 s that only kills may end, and both cores at work")
async def test_nothing_is_lost_doubled_or_early_under_kills(pytestconfig: pytest.Config) -> None:
    """Every named step of each critical stage, then random kills, stops past the session, and broker kills."""
    draw, report = random.Random(SEED), list[str]()
    with tempfile.TemporaryDirectory(prefix="gridwhistle-kills-") as scratch:
        async with stack(Path(scratch)) as (rig, broker):
            await all_started(rig)
            rate = LONG_RATE if is_long(pytestconfig) else RATE
            feed = Feed(rig.settings, Path(scratch) / "journal.jsonl", rate)
            feeding = asyncio.create_task(feed.run())
            # each stage at its own pace: none waits for the slowest, and they are hit at different steps at a time
            async with asyncio.TaskGroup() as group:
                for stage in CRITICAL:
                    group.create_task(through_every_step(rig, stage, report))
            assert not feeding.done(), feeding.exception()
            assert len(report) == len(POINTS) * len(CRITICAL)
            revive(rig)
            await at_random(rig, draw, report)
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
    assert {name: found[name] for name in NONE} == dict.fromkeys(NONE, 0), found["problems"]
    assert found["tickets"] == feed.incidents
    assert found["rungs"].get("100.accept", 0) > 100


async def all_started(rig: Rig) -> None:
    """Two workers for each critical stage, one for the others."""
    for stage in CRITICAL:
        rig.start(stage, 1)
        rig.start(stage, 2)
    for stage in ("replies", "projector"):
        rig.start(stage)
    await rig.ready()


async def at_random(rig: Rig, draw: random.Random, report: list[str]) -> None:
    """Kill workers at random moments, and stop some past their session."""
    names = [f"{stage}-{n}" for stage in CRITICAL for n in (1, 2)]

    def stops() -> int:
        return sum("stopped" in line for line in report)

    def alive() -> str:
        return draw.choice([name for name in names if rig.workers[name].alive])

    for n in range(RANDOM_KILLS):
        await asyncio.sleep(draw.uniform(0.3, 2.0))
        victim = draw.choice(names)
        if rig.workers[victim].alive:
            rig.kill(victim)
            report.append(f"{victim}:random")
        revive(rig)
        if n % 4 == 3 and stops() < STOPS:
            await _stop_past_session(rig, alive(), report)
    while stops() < STOPS:
        await _stop_past_session(rig, alive(), report)


async def _goes_on(rig: Rig, feed: Feed) -> None:
    """Wait until more is decided: whatever comes next meets a stack that works."""
    wanted = feed.decided + feed.rate

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
