"""Whatever a producer may put into a batch, every stage lives, every good record is decided, every bad one accounted for (DESIGN 5, 11)."""

import asyncio
import urllib.request
from contextlib import suppress

import msgspec
import psutil
from aiokafka import AIOKafkaProducer, TopicPartition

from engine.audit.read import read_log
from engine.audit.report import audit
from engine.reading import LogConsumer
from engine.settings import Settings
from tests.kafka.test_poison import read_all
from tests.support.batches import CODECS, batch, bombs, packed, send_raw
from tests.support.poison import good
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from topics import codec
from topics.decision import Decision
from topics.ids import murmur2
from topics.registry import COMMANDS, DECISIONS, FANOUT_STATE, INCIDENTS, RAW, REFERENCE, REJECTED, STATE
from topics.rejected import Rejected

STAGES = ("intake", "dispatch", "fanout", "replies", "projector")
MEMORY = 400 * 1024 * 1024
"""What intake may take under bombs; unpacking one of them alone took 1.3 GB."""


async def send_good(settings: Settings, seed: int, count: int, compression: str | None) -> None:
    """Send sound reports by a producer that compresses as it likes."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", compression_type=compression, linger_ms=20)
    await producer.start()
    acks = [
        await producer.send(settings.prefix + RAW.name, value, key=key, headers=headers, partition=(murmur2(key or b"") & 0x7FFFFFFF) % settings.partitions)
        for key, value, headers in good(seed, count)
    ]
    await asyncio.gather(*acks)
    await producer.stop()


async def reasons(settings: Settings) -> list[tuple[str, str]]:
    """Everything rejected: id and reason."""
    found = [codec.decode(value or b"", Rejected) for _, value, _ in await read_all(settings, REJECTED.name, settings.partitions)]
    return [(one.id, one.reason) for one in found]


async def decided(settings: Settings) -> list[Decision]:
    """Every decision of ours."""
    found = []
    for _, value, _ in await read_all(settings, DECISIONS.name, settings.partitions):
        with suppress(msgspec.DecodeError):  # a stranger's
            found.append(codec.decode(value or b"", Decision))
    return found


def metrics(port: int) -> dict[str, float]:
    """Read a stage's metrics page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


async def test_no_batch_stops_a_stage(stack_settings: Settings) -> None:
    """Every codec, headers that are no text, bombs and strangers' junk on every topic of ours: 0 lost, 0 doubled, all stages live."""
    rig, settings = Rig(stack_settings), stack_settings
    ports = {stage: free_ports(1) for stage in STAGES}
    try:
        await rig.prepare("guancheng")
        for stage in STAGES:
            rig.start(stage, metrics_port=ports[stage])
        await rig.ready()
        for n, name in enumerate(CODECS):
            await send_good(settings, 100 + n, 20, None if name == "none" else name)
        junk, where = batch([b"junk"] * 3, bad_header_at=1), []
        bomb_ids = []
        for kind, bomb in bombs().items():
            if kind != 2:  # the broker itself turns away snappy that is none
                first = await send_raw(settings, RAW.name, 1, packed([b"a"], kind, bomb), 1)
                bomb_ids.append(f"{RAW.name}:1:{first}")
        for topic in (RAW.name, COMMANDS.name, INCIDENTS.name, DECISIONS.name, "dept.ranqi.replies"):
            where.append((topic, await send_raw(settings, topic, 2, junk, 3)))
        for topic in (STATE.name, FANOUT_STATE.name):
            await send_raw(settings, topic, 2, junk, 3)
        await send_raw(settings, REFERENCE.name, 0, junk, 3)
        await send_good(settings, 200, 30, "zstd")

        async def all_decided() -> bool:
            tickets = [one for one in await decided(settings) if one.cause == "incident"]
            return len(tickets) >= 20 * len(CODECS) + 30

        await eventually(all_decided, 60, "every good record has its ticket", every=1.0)
        found = await reasons(settings)
        for name in bomb_ids:
            assert (name, "unreadable_batch") in found
        for topic, first in where[:4]:
            assert (f"{topic}:2:{first + 1}", "unreadable_batch") in found, topic
        decisions = await decided(settings)
        refused = {one.id for one in decisions if one.reason == "unreadable"}
        assert {f"{topic}:2:{first + n}" for topic, first in where[1:3] for n in range(3)} <= refused
        replied = {one.command_id for one in decisions if one.reason == "unreadable"}
        assert {f"dept.ranqi.replies:2:{where[4][1] + n}" for n in range(3)} <= replied
        assert not [one for one in decisions if one.cause == "held"]
        for stage in STAGES:
            assert rig.workers[stage + "-1"].alive
            await eventually(lambda stage=stage: metrics(ports[stage])[f'gridwhistle_partitions_live{{stage="{stage}"}}'] >= 3, 20, f"{stage} lives")
        await eventually(lambda: metrics(ports["projector"]).get('gridwhistle_unreadable_total{topic="tickets.decisions"}', 0) >= 3, 20, "projector told")
        assert metrics(ports["intake"])['gridwhistle_alarms_total{kind="unreadable"}'] >= 4
        assert psutil.Process(rig.workers["intake-1"].process.pid).memory_info().rss < MEMORY
        # what is left of them after a restart: the state holds a stranger's junk
        for stage in ("dispatch", "fanout"):
            rig.terminate(stage + "-1")
            rig.start(stage)
        await rig.ready("dispatch-1", "fanout-1")
        report = audit(await read_log(settings))
        assert (report.lost, report.doubled, report.missing, report.unexplained) == (0, 0, 0, 0), report
    finally:
        rig.close()


async def test_a_flood_of_bombs_stays_within_the_bound(stack_settings: Settings) -> None:
    """60 batches of 15 MiB that 15 KiB carry, each below the bound: all rejected as too large, memory below the limit."""
    rig, settings = Rig(stack_settings), stack_settings
    try:
        await rig.prepare("guancheng")
        rig.start("intake")
        await rig.ready()
        raw = batch([b"a" * (15 << 20)], 0, 1)
        for n in range(60):
            await send_raw(settings, RAW.name, n % 3, raw, 1)
        process, most = psutil.Process(rig.workers["intake-1"].process.pid), 0

        async def all_rejected() -> bool:
            nonlocal most
            most = max(most, process.memory_info().rss)
            return len(await reasons(settings)) == 60

        await eventually(all_rejected, 120, "all are rejected", every=0.2)
        assert {reason for _, reason in await reasons(settings)} == {"too_large"}
        assert most < MEMORY
        print(f"intake took at most {most >> 20} MiB")
    finally:
        rig.close()


async def test_a_reader_passes_one_record_and_tells_of_it(stack_settings: Settings) -> None:
    """Anybody's reader: what lies beside it is read, what is passed by is counted."""
    rig, settings = Rig(stack_settings), stack_settings
    await rig.prepare("guancheng")
    await send_raw(settings, COMMANDS.name, 0, batch([b"a", b"b", b"c"], codec=4, bad_header_at=1), 3)
    reader = LogConsumer(bootstrap_servers=settings.kafka, auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([TopicPartition(settings.prefix + COMMANDS.name, 0)])
        values = [(await asyncio.wait_for(reader.getone(), 10)).value for _ in range(3)]
        assert [value for value in values if value in (b"a", b"c")] == [b"a", b"c"]
        assert reader.passed == 1
    finally:
        await reader.stop()
