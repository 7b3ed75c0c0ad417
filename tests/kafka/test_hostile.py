"""Whatever is thrown at whichever topic of ours, every stage lives, every good record is decided once, every bad one
accounted for (DESIGN 5, 11)."""

import asyncio
import collections
import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
from aiokafka import AIOKafkaProducer

from engine.audit.report import audit
from engine.kafka.broker_time import engine_now
from engine.kafka.log_reader import read_log
from engine.kafka.reference import load_clock
from engine.local.lag import lags_and_stopped
from engine.settings import Settings
from tests.kafka.test_aged import cli
from tests.kafka.test_hostile_fetch import STAGES, decided, metrics, reasons, send_good
from tests.kafka.test_poison import BEYOND_THE_BROKER
from tests.support import hostile
from tests.support.batches import CODECS, batch, bombs, packed, send_raw
from tests.support.poison import KINDS, Raw, report
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from topics import codec
from topics.decision import Decision, Event, Why
from topics.ids import DecisionId, home_of, murmur2, partition_of
from topics.registry import (
    COMMANDS,
    DECISIONS,
    FANOUT_STATE,
    INCIDENTS,
    INTAKE_STATE,
    RAW,
    REFERENCE,
    REJECTED,
    REPLIES_STATE,
    STATE,
    VAULT,
    Delete,
    department_topics,
)
from topics.task import Task
from topics.vocabulary import REFUSALS, Reason

MEMORY = 400 * 1024 * 1024
"""What each stage's process may hold afterwards; unpacking one of the bombs alone took 1.3 GB."""

EACH, GOOD = 2, 15
"""Of each kind of bad report, and sound ones by each codec."""

OURS = (REJECTED, INTAKE_STATE, STATE, DECISIONS, FANOUT_STATE, REPLIES_STATE, VAULT)
"""Topics that our stages alone write; ``incidents`` as well, each record of which is owed a decision."""

NEVER = ("past", "future", "law", "chief-law", "duty", "dept.ranqi.replies:0:0", "²", "\u202e")
"""Ids of commands that must be refused, whatever else."""


async def send(settings: Settings, topic: str, records: Iterable[Raw], partition: int | None = None) -> list[str]:
    """Send records one by one; answers their positions."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", max_request_size=2**21, linger_ms=5)
    await producer.start()
    try:
        acks = [
            await producer.send(
                settings.prefix + topic, value, key=key, headers=headers,
                partition=(murmur2(key or b"") & 0x7FFFFFFF) % settings.partitions if partition is None else partition,
            )
            for key, value, headers in records
        ]  # fmt: skip
        return [f"{topic}:{ack.partition}:{ack.offset}" for ack in await asyncio.gather(*acks)]
    finally:
        await producer.stop()


def reports() -> dict[str, tuple[str | None, list[Raw]]]:
    """Every kind of bad report: kind -> reason and records."""
    kinds: dict[str, tuple[str | None, Callable[[int], Raw]]] = {
        kind: (str(reason), make) for kind, (reason, _, make) in KINDS.items() if kind not in BEYOND_THE_BROKER
    }
    kinds |= {kind: (reason and str(reason), make) for kind, (reason, make) in hostile.WORST.items()}
    numbers = itertools.count(1)
    return {kind: (reason, [make(next(numbers)) for _ in range(EACH)]) for kind, (reason, make) in kinds.items()}


async def throw_reports(settings: Settings) -> tuple[dict[str, str], int]:
    """Throw them at the door; answers the reason that each position must get, and how many are reports all the same."""
    owed: dict[str, str] = {}
    taken = 0
    for reason, raws in reports().values():
        if reason is None:
            taken += len(await send(settings, RAW.name, raws))
        else:
            owed |= dict.fromkeys(await send(settings, RAW.name, raws), reason)
    for kind, bomb in bombs().items():
        if kind != 2:  # the broker itself turns away snappy that is none
            owed[f"{RAW.name}:1:{await send_raw(settings, RAW.name, 1, packed([b'a'], kind, bomb), 1)}"] = (
                "unreadable_batch"
            )
    return owed, taken


async def throw_junk(settings: Settings) -> list[str]:
    """Throw junk and headers that are no text at every topic of ours; answers the positions that are owed a
    decision."""
    strange, owed = batch([b"junk"] * 3, bad_header_at=1), []
    for spec in (*OURS, REFERENCE, department_topics("ranqi")[0]):
        for partition in range(spec.partitions or settings.partitions):
            # the broker itself refuses what has no key on a compacted topic
            await send(
                settings,
                spec.name,
                [
                    (key, value, [])
                    for key, value in hostile.junk()
                    if key is not None or isinstance(spec.clean_up, Delete)
                ],
                partition,
            )
            await send_raw(settings, spec.name, partition, strange, 3)
    for topic in (INCIDENTS.name, COMMANDS.name):
        owed += await send(settings, topic, [(key, value, []) for key, value in hostile.junk() if value != b""], 2)
        first = await send_raw(settings, topic, 2, strange, 3)
        owed += [f"{topic}:2:{first + n}" for n in range(3)]
    return owed


async def a_whistled_ticket(settings: Settings) -> Decision:
    """Some decision by which ranqi was called."""
    return next(
        one
        for one in await decided(settings)
        if any(e.type == "TaskDispatched" and e.facts["department"] == "ranqi" for e in one.events)
    )


async def answered(settings: Settings, replied: list[str]) -> bool:
    """Whether each reply came to a decision."""
    return set(replied) <= {one.command_id for one in await decided(settings)}


def forged(home: str) -> bytes:
    """A decision that no stage of ours has written, sound in every member, with a task for a department that is
    none."""
    task = Task("f#nosuch#0", "dispatched", "nosuch", f"{home}-20261124-1", "owner", "2026-11-24T01:00:00Z")
    event = Event("TaskDispatched", task.ticket, msgspec.to_builtins(task))
    return codec.encode(
        Decision(
            DecisionId("incidents:0:999999"),
            1,
            "incident",
            Reason.REPORTED,
            home,
            events=(event,),
            why=Why(pack=None),
            engine="0",
        )
    )


FEED = "source: clerk\nid: number\noccurred_at: when\ntext: words\nlocation: {grid: {column: grid, format: '{}'}}\n"


async def check_commands(rig: Rig, folder: Path) -> None:
    """The commands that read those topics work beside the junk."""
    (folder / "feed.yaml").write_text(FEED)
    (folder / "rows.csv").write_text(
        f"number,when,words,grid\n1,{datetime.now(UTC).isoformat()},a lamp is out,{report()['location']['grid']}\n"
    )
    commands = {
        ("feed", str(folder / "rows.csv"), "--pack", str(folder), "--speed", "0"): "1 rows sent: 1 have a ticket",
        ("report", "--text", "a lamp is out", "--grid", report()["location"]["grid"], "--id", "7"): "dongguannanli-",
        ("project", "--rebuild"): "they are the same",
        (
            "pack",
            "rebase",
            "--as",
            "chief:chief-1",
            "--reason",
            "new hours",
            "--dry-run",
        ): "open tickets are under another pack",
    }
    for words, said in commands.items():
        done = await asyncio.to_thread(cli, rig, *words)
        assert done.returncode == 0 and said in done.stdout, (words, done.stdout, done.stderr)


async def test_nothing_that_is_thrown_stops_a_stage(stack_settings: Settings, tmp_path: Path) -> None:
    """At every topic: live afterwards, also started anew; good ones decided once, bad ones told by reason; nothing
    held; bounded memory."""
    rig, settings = Rig(stack_settings), stack_settings
    ports = {stage: free_ports(1) for stage in STAGES}

    async def have(count: int) -> bool:
        return len([one for one in await decided(settings) if one.cause == "incident"]) >= count

    async def worked_off() -> bool:
        lags, stopped = await lags_and_stopped(settings)
        assert not any(stopped.values()), stopped
        # its inputs are many, and are not counted
        return set(STAGES) - {"replies"} <= set(lags) and not any(lags.values())

    try:
        await rig.prepare("guancheng")
        for stage in STAGES:
            rig.start(stage, metrics_port=ports[stage])
        await rig.ready()
        for n, name in enumerate(CODECS):
            await send_good(settings, 100 + n, GOOD, None if name == "none" else name)
        good = GOOD * len(CODECS)
        await eventually(lambda: have(good), 300, "the first tickets", every=0.5)

        whistled = await a_whistled_ticket(settings)
        ticket = whistled.changes[0].ticket
        told, taken = await throw_reports(settings)
        owed = await throw_junk(settings)
        at, partition = engine_now(await load_clock(settings)), partition_of(home_of(ticket), settings.partitions)
        asked = await send(
            settings, COMMANDS.name, [(b"x", value, []) for value in hostile.commands(7, ticket, at)], partition
        )
        replied = await send(
            settings, "dept.ranqi.replies", [(b"x", value, []) for value in hostile.replies(ticket)], 2
        )
        unread = await send_raw(settings, "dept.ranqi.replies", 2, batch([b"junk"], bad_header_at=0), 1)
        replied += [f"dept.ranqi.replies:2:{unread}"]
        await send_good(settings, 200, 30, "zstd")
        good += 30 + taken
        await eventually(lambda: have(good), 300, "every good record has its ticket", every=1.0)
        await eventually(worked_off, 300, "everything is read", every=1.0)

        await eventually(lambda: answered(settings, replied), 300, "each reply has its decision", every=1.0)
        found = await reasons(settings)
        assert {position: dict(found).get(position) for position in told} == told
        assert len([position for position, _ in found if position.startswith(RAW.name)]) == len(told)
        decisions = await decided(settings)
        times = collections.Counter[str](one.id for one in decisions)
        assert {position: times[position] for position in (*owed, *asked)} == dict.fromkeys((*owed, *asked), 1)
        reason_of: dict[str, str] = {one.id: one.reason for one in decisions}
        assert {reason_of[position] for position in owed} == {Reason.UNREADABLE}
        assert {
            one.command_id: one.reason for one in decisions if one.command_id in NEVER and one.reason not in REFUSALS
        } == {}
        assert set(NEVER) <= {one.command_id for one in decisions}
        assert {
            position: len([one for one in decisions if one.command_id == position]) for position in replied
        } == dict.fromkeys(replied, 1)
        assert not [one.id for one in decisions if one.cause == "held"]
        for stage in STAGES:
            assert rig.workers[stage + "-1"].alive
            page = metrics(ports[stage])
            assert page[f'gridwhistle_partitions_live{{stage="{stage}"}}'] >= 3, stage
            assert not [name for name, value in page.items() if "held_total" in name and value], stage
            assert psutil.Process(rig.workers[stage + "-1"].process.pid).memory_info().rss < MEMORY, stage
        assert metrics(ports["projector"])['gridwhistle_unreadable_total{topic="tickets.decisions"}'] >= 3
        assert metrics(ports["intake"])['gridwhistle_alarms_total{kind="unreadable"}'] >= 3

        # what is left of it after a restart: the states and the reference hold a stranger's junk
        for stage in STAGES:
            rig.terminate(stage + "-1")
            rig.start(stage, metrics_port=ports[stage])
        await rig.ready()
        await send_good(settings, 300, 20, None)
        await eventually(lambda: have(good + 20), 300, "tickets go on after the restart", every=0.5)
        await eventually(worked_off, 300, "everything is read after the restart", every=1.0)
        report = audit(await read_log(settings))
        assert (report.lost, report.doubled, report.missing, report.unexplained, report.early, report.held) == (
            0,
        ) * 6, report.problems
        assert report.state_errors == 0, report.problems
        assert report.clean

        # nor does what is sound in every member, and calls a department that has no topic
        for partition in range(3):
            await send(settings, DECISIONS.name, [(b"x", forged("tawan"), [])], partition)
        tasks = metrics(ports["fanout"]).get('gridwhistle_tasks_sent_total{department="ranqi"}', 0)
        await send_good(settings, 400, 40, None)
        await eventually(
            lambda: metrics(ports["fanout"]).get('gridwhistle_tasks_sent_total{department="ranqi"}', 0) > tasks,
            300,
            "fan-out goes on",
            every=0.5,
        )
        await eventually(worked_off, 300, "nothing waits behind it", every=1.0)
        await check_commands(rig, tmp_path)
    finally:
        rig.close()
