"""Where the partitions of a stack stand, for the report of a run that went wrong: by the log, by what was committed of
it, and by the group."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.local.lag import STATES
from engine.settings import Settings
from engine.stream.positions import MARKER
from topics import codec
from topics.ticket import Marker

BACK = 60
"""Offsets that are looked through from the end."""


async def standings(settings: Settings) -> list[str]:
    """Say of each partition of the critical stages what its state's last marker is, committed and not, and where its
    group stands."""
    said = []
    for stage, state in STATES.items():
        for number in range(settings.partitions):
            tp = TopicPartition(settings.prefix + state.name, number)
            found = [
                await _last_marker(settings, tp, isolation) for isolation in ("read_committed", "read_uncommitted")
            ]
            topics = found[-1][1].positions if found[-1][1] else ()
            async with _reader(settings, f"{settings.prefix}{stage}") as member:
                stood = {
                    topic: await member.committed(TopicPartition(settings.prefix + topic, number)) for topic in topics
                }
            said.append(f"{stage} {number}: committed {found[0]}, written {found[1]}, group {stood}")
    return said


@asynccontextmanager
async def _reader(settings: Settings, group: str | None, isolation: str = "") -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=group,
        enable_auto_commit=False,
        isolation_level=isolation or "read_committed",
    )
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def _last_marker(settings: Settings, tp: TopicPartition, isolation: str) -> tuple[int, Marker | None]:
    """Its end, and the last marker before it."""
    async with _reader(settings, None, isolation) as reader:
        reader.assign([tp])
        end, found = (await reader.end_offsets([tp]))[tp], None
        reader.seek(tp, max(0, end - BACK))
        while await reader.position(tp) < end:
            for record in (await reader.getmany(tp, timeout_ms=300)).get(tp, []):
                found = record if record.key == MARKER else found
        return end, None if found is None else codec.decode(found.value, Marker)
