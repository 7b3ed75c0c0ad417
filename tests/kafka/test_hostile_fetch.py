"""Whatever a producer may put into a batch, every stage lives, every good record is decided, every bad one accounted
for (DESIGN 5, 11)."""

import asyncio
import urllib.request
from contextlib import suppress

import msgspec
import psutil
from aiokafka import AIOKafkaProducer, TopicPartition

from engine.kafka.log_consumer import LogConsumer
from engine.settings import Settings
from tests.kafka.test_poison import read_all
from tests.support.batches import batch, send_raw
from tests.support.poison import good
from tests.support.rig import Rig, eventually
from topics import codec
from topics.decision import Decision
from topics.ids import murmur2
from topics.registry import COMMANDS, DECISIONS, RAW, REJECTED
from topics.rejected import Rejected

STAGES = ("intake", "dispatch", "fanout", "replies", "projector")
MEMORY = 400 * 1024 * 1024
"""What intake may take under bombs; unpacking one of them alone took 1.3 GB."""


async def send_good(settings: Settings, seed: int, count: int, compression: str | None) -> None:
    """Send sound reports by a producer that compresses as it likes."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", compression_type=compression, linger_ms=20
    )
    await producer.start()
    acks = [
        await producer.send(
            settings.prefix + RAW.name,
            value,
            key=key,
            headers=headers,
            partition=(murmur2(key or b"") & 0x7FFFFFFF) % settings.partitions,
        )
        for key, value, headers in good(seed, count)
    ]
    await asyncio.gather(*acks)
    await producer.stop()


async def reasons(settings: Settings) -> list[tuple[str, str]]:
    """Everything rejected: id and reason."""
    found = []
    for _, value, _ in await read_all(settings, REJECTED.name, settings.partitions):
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # a stranger's
            found.append(codec.decode(value or b"", Rejected))
    return [(one.id, one.reason) for one in found]


async def decided(settings: Settings) -> list[Decision]:
    """Every decision of ours."""
    found = []
    for _, value, _ in await read_all(settings, DECISIONS.name, settings.partitions):
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # a stranger's
            found.append(codec.decode(value or b"", Decision))
    return found


def metrics(port: int) -> dict[str, float]:
    """Read a stage's metrics page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


async def test_a_flood_of_bombs_stays_within_the_bound(stack_settings: Settings) -> None:
    """60 batches of 15 MiB that 15 KiB carry, each below the bound: all rejected as too large, memory below the
    limit."""
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
