"""The ``reference`` topic: which packs there are, which one is current, and how engine time is mapped."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from engine.errors import InvalidSettings
from engine.reading import LogConsumer
from topics import codec
from topics.ids import Instant
from topics.pack import PackBundle
from topics.reference import CLOCK_KEY, CURRENT_KEY, CurrentPack, EngineClock
from topics.registry import DECISIONS, REFERENCE

if TYPE_CHECKING:
    from engine.settings import Settings


class Reference:
    """What ``reference`` says, read to its end; ``refresh`` reads what has come since."""

    def __init__(self, settings: "Settings") -> None:
        """Prepare; nothing is read before ``refresh``."""
        self._settings = settings
        self._next = 0
        self.bundles: dict[str, PackBundle] = {}
        self.current: str | None = None
        self.clock: EngineClock | None = None

    def in_force(self) -> PackBundle:
        """Give the current pack.

        Raises:
            InvalidSettings: None was published.
        """
        if self.current is None:
            raise InvalidSettings("no pack in force; bring the stack up with 'gridwhistle up', or 'gridwhistle pack publish'")
        return self.bundles[self.current]

    async def refresh(self) -> None:
        """Read on to the present end of the topic."""
        records, self._next = await read_partition(self._settings, REFERENCE.name, 0, self._next)
        for key, value in records:
            if value is None:
                continue
            if key == CLOCK_KEY:
                self.clock = codec.decode(value, EngineClock)
            elif key == CURRENT_KEY:
                self.current = codec.decode(value, CurrentPack).ref
            else:
                self.bundles[key] = codec.decode(value, PackBundle)


async def read_partition(settings: "Settings", topic: str, partition: int, start: int = 0) -> tuple[list[tuple[str, bytes | None]], int]:
    """Read a small partition from ``start`` to its present end: (key, value) pairs and the offset to go on from."""
    tp = TopicPartition(settings.prefix + topic, partition)
    consumer = LogConsumer(
        bootstrap_servers=settings.kafka, group_id=None, enable_auto_commit=False, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign([tp])
        begin = (await consumer.beginning_offsets([tp]))[tp]
        end = (await consumer.end_offsets([tp]))[tp]
        consumer.seek(tp, max(begin, start))
        found: list[tuple[str, bytes | None]] = []
        while await consumer.position(tp) < end:
            batch = await consumer.getmany(tp, timeout_ms=500)
            found += [((record.key or b"").decode(), record.value) for record in batch.get(tp, [])]
        return found, end
    finally:
        await consumer.stop()


async def load_clock(settings: "Settings") -> EngineClock:
    """Read the mapping of engine time.

    Raises:
        InvalidSettings: There is none; the stack was never brought up on this prefix.
    """
    reference = Reference(settings)
    await reference.refresh()
    if reference.clock is None:
        raise InvalidSettings(f"no clock on {settings.prefix}{REFERENCE.name}; bring the stack up with 'gridwhistle up', or 'gridwhistle topics apply'")
    return reference.clock


async def put(settings: "Settings", records: Mapping[str, bytes]) -> None:
    """Write records to ``reference`` and wait until the broker has them."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, max_request_size=REFERENCE.max_bytes)
    await producer.start()
    try:
        for key, value in records.items():
            await producer.send_and_wait(settings.prefix + REFERENCE.name, value, key=key.encode(), partition=0)
    finally:
        await producer.stop()


async def start_clock(settings: "Settings", start_ms: Instant | None, speed: int, anew: bool = False) -> EngineClock:
    """Write the mapping for this start of the stack.

    A live clock (``start_ms`` ``None``, speed 1, none before) is the broker's own. An accelerated one begins at
    ``start_ms``; at a later start it goes on from the last ``at`` in the log, since it stood still meanwhile. ``anew``: a
    mapping that stands there is of a start that failed before anything was decided by it, and gives way.
    """
    reference = Reference(settings)
    await reference.refresh()
    before = None if anew else reference.clock
    now = int(time.time() * 1000)
    if before is not None and before.speed == 1 and before.start_at == before.origin_at:
        return before
    if before is None:
        clock = EngineClock(start_at=now if start_ms is None else start_ms, origin_at=now, speed=speed)
    else:
        last = await _last_at(settings)
        clock = EngineClock(start_at=max(before.start_at, last), origin_at=now, speed=before.speed)
    await put(settings, {CLOCK_KEY: codec.encode(clock)})
    return clock


async def _last_at(settings: "Settings") -> Instant:
    """Find the latest decision time in the log: the last record of each partition of ``tickets.decisions``."""
    consumer = LogConsumer(bootstrap_servers=settings.kafka, group_id=None, enable_auto_commit=False, isolation_level="read_committed")
    await consumer.start()
    try:
        tps = [TopicPartition(settings.prefix + DECISIONS.name, p) for p in range(settings.partitions)]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        latest = 0
        for tp in tps:
            # the last offsets may be commit markers: step back until a record comes
            for back in (2, 20, 200):
                if ends[tp] == 0:
                    break
                consumer.seek(tp, max(0, ends[tp] - back))
                got = (await consumer.getmany(tp, timeout_ms=300)).get(tp, [])
                if got:
                    latest = max(latest, codec.decode(got[-1].value, _At).at)
                    break
        return latest
    finally:
        await consumer.stop()


class _At(msgspec.Struct):
    at: Instant
