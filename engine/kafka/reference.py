"""The ``reference`` topic: which packs there are, which one is current, and how engine time is mapped."""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.kafka.fetched_batches import Loose
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.port import Log, Reader
from topics import codec, reference
from topics.ids import Instant
from topics.pack import PackBundle
from topics.reference import CLOCK_KEY, CURRENT_KEY, EngineClock
from topics.registry import DECISIONS, REFERENCE
from topics.unreadable import UNREADABLE

if TYPE_CHECKING:
    from engine.observability.metrics import StageMetrics
    from engine.settings import Settings

log = logging.getLogger(__name__)


_PLAIN = re.compile(r"[a-z0-9-]{1,40}(@[0-9a-f]{16})?")
"""Keys as ours are."""


MOST_TOLD = 3
"""So many foreign records are named at each reading; the rest is counted."""


class Reference:
    """What ``reference`` says, read to its end; ``refresh`` reads what has come since."""

    def __init__(self, settings: "Settings", metrics: "StageMetrics | None" = None) -> None:
        """Prepare; nothing is read before ``refresh``. What is passed by is counted in ``metrics``."""
        self._settings, self._metrics = settings, metrics
        self._next = 0
        self.bundles: dict[str, PackBundle] = {}
        self.current: str | None = None
        self.clock: EngineClock | None = None
        self.foreign = 0
        """Records that were passed by: no publisher of ours wrote them."""
        self.spoilt: set[str] = set()
        """Bundles whose last record is foreign: compaction will keep that one, so publishing writes ours again."""
        self._said = 0
        self._named: list[str] = []
        self._begun: EngineClock | None = None

    def in_force(self) -> PackBundle:
        """Give the current pack.

        Raises:
            InvalidSettings: None was published.
        """
        if self.current is None:
            raise InvalidSettings(
                "no pack in force; bring the stack up with 'gridwhistle up', or 'gridwhistle pack publish'"
            )
        return self.bundles[self.current]

    async def refresh(self) -> None:
        """Read on to the present end of the topic."""
        records, self._next = await read_partition(self._settings, REFERENCE.name, 0, self._next)
        for key, value in records:
            self.take(key, value)
        self.settle()

    def take(self, key: str, value: bytes | None) -> None:
        """Fold one record. Whoever may write here may write anything, so what is not ours is passed by, said once and
        counted."""
        try:
            found = reference.read(key, value) if value is not None else None
        except reference.Foreign as exc:
            return self.pass_by(key, str(exc))
        if isinstance(found, PackBundle):
            self.bundles.setdefault(key, found)
            self.spoilt.discard(key)
        elif isinstance(found, EngineClock):
            if not reference.follows(self._begun, found):
                return self.pass_by(
                    key, "a clock of another speed, one that goes back or ahead, or one beside the live one"
                )
            self.clock = self._begun = found
        elif found is not None:
            self._named.append(found.ref)
        elif key in self.bundles:
            self.spoilt.add(key)
        elif key == CLOCK_KEY:
            self._begun = None  # a start that failed gives way to another, of any speed
        return None

    def settle(self) -> None:
        """Once all is read: the pack named last is current, if it is here and of this city; its bundle may stand behind
        its name."""
        for ref in self._named:
            if ref not in self.bundles:
                self.pass_by(CURRENT_KEY, "names a pack of which there is no bundle")
            elif self.current is not None and self.bundles[ref].name != self.bundles[self.current].name:
                self.pass_by(CURRENT_KEY, "names a pack of another city")
            else:
                self.current = ref
        self._named.clear()
        if (more := self._said - MOST_TOLD) > 0:
            log.warning("%d more of %s%s are passed by", more, self._settings.prefix, REFERENCE.name)
        self._said = 0

    def pass_by(self, key: str, why: str) -> None:
        """Leave a record out, loudly: the alarm says that somebody else writes here. A thousand of them are no
        thousand lines before each command's answer."""
        self.foreign += 1
        if key in self.bundles:
            self.spoilt.add(key)
        if self._metrics is not None:
            self._metrics.count("alarms", "foreign_reference")
        self._said += 1
        if self._said > MOST_TOLD:
            return
        # no log repeats what a stranger wrote
        shown = key if _PLAIN.fullmatch(key) else f"a key of {len(key)} characters"
        log.warning("a record of %s%s under %s is passed by: %s", self._settings.prefix, REFERENCE.name, shown, why)


async def read_partition(
    settings: "Settings", topic: str, partition: int, start: int = 0
) -> tuple[list[tuple[str, bytes | None]], int]:
    """Read a small partition from ``start`` to its present end: (key, value) pairs and the offset to go on from."""
    tp = TopicPartition(settings.prefix + topic, partition)
    async with KafkaLog(settings).reading([tp]) as consumer:
        begin = (await consumer.beginning_offsets([tp]))[tp]
        end = (await consumer.end_offsets([tp]))[tp]
        consumer.seek(tp, max(begin, start))
        found: list[tuple[str, bytes | None]] = []
        while await consumer.position(tp) < end:
            batch = await consumer.getmany(tp, timeout_ms=500)
            found += [((record.key or b"").decode(errors="replace"), record.value) for record in batch.get(tp, [])]
        return found, end


async def load_clock(settings: "Settings") -> EngineClock:
    """Read the mapping of engine time.

    Raises:
        InvalidSettings: There is none; the stack was never brought up on this prefix.
    """
    found = Reference(settings)
    await found.refresh()
    if found.clock is None:
        raise InvalidSettings(
            f"no clock on {settings.prefix}{REFERENCE.name}; bring the stack up with 'gridwhistle up', or 'gridwhistle"
            " topics apply'"
        )
    return found.clock


async def put(settings: "Settings", records: Mapping[str, bytes | None]) -> None:
    """Write records to ``reference`` and wait until the broker has them."""
    producer = clients.sender(settings, max_request_size=REFERENCE.max_bytes)
    await producer.start()
    try:
        for key, value in records.items():
            await producer.send_and_wait(settings.prefix + REFERENCE.name, value, key=key.encode(), partition=0)
    finally:
        await producer.stop()


async def start_clock(
    settings: "Settings", start_ms: Instant | None, speed: int, anew: bool = False, lead_ms: int = 0
) -> EngineClock:
    """Write the mapping for this start of the stack.

    A live clock (``start_ms`` ``None``, speed 1, none before) is the broker's own. An accelerated one begins at
    ``start_ms``; at a later start it goes on from the last ``at`` in the log, since it stood still meanwhile. ``anew``:
    a
    mapping that stands there is of a start that failed before anything was decided by it, and gives way. ``lead_ms``: a
    first start reaches ``start_ms`` so much later, once the stages are there.
    """
    found = Reference(settings)
    await found.refresh()
    before = None if anew else found.clock
    now = int(time.time() * 1000)
    if before is not None and before.speed == 1 and before.start_at == before.origin_at:
        return before
    if before is None:
        clock = EngineClock(now, now, speed) if start_ms is None else EngineClock(start_ms, now + lead_ms, speed)
    else:
        last = await _last_at(settings)
        clock = EngineClock(start_at=max(before.start_at, last), origin_at=now, speed=before.speed)
    if anew and found.clock is not None:
        await put(settings, {CLOCK_KEY: None})
    await put(settings, {CLOCK_KEY: codec.encode(clock)})
    return clock


async def _last_at(settings: "Settings") -> Instant:
    """Find the latest decision time in the log: the last record of each partition of ``tickets.decisions``.

    However slow the broker is, what is there is waited for: a clock set back by what was not read would go on in the
    past.
    """
    return max([0, *[at for _, at in await last_decided(KafkaLog(settings), range(settings.partitions))]])


async def last_decided(log: Log, partitions: Iterable[int]) -> list[tuple[int, Instant]]:
    """Give when each of these partitions decided last, by its decisions; a stranger's, written outside of any
    transaction, are none."""
    found = await last_records(
        log, DECISIONS.name, partitions, lambda record: type(record) is not Loose and _at(record.value or b"") > 0
    )
    return [(partition, _at(record.value)) for partition, record in found]


def _at(value: bytes) -> Instant:
    try:
        return codec.decode(value, _At).at
    except (*UNREADABLE, ValueError):
        return 0


async def last_records(
    log: Log, topic: str, partitions: Iterable[int], wanted: Callable[[ConsumerRecord], bool]
) -> list[tuple[int, ConsumerRecord]]:
    """Give the last record that is wanted of each partition of a topic, reading back from its end as far as need be."""
    tps = [TopicPartition(log.prefix + topic, p) for p in partitions]
    async with log.reading(tps) as consumer:
        begins, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        return [
            (tp.partition, record)
            for tp in tps
            if (record := await _last(consumer, tp, begins[tp], ends[tp], wanted)) is not None
        ]


async def _last(
    consumer: Reader, tp: TopicPartition, begin: int, end: int, wanted: Callable[[ConsumerRecord], bool]
) -> ConsumerRecord | None:
    """Step back from the end, ten times as far each time: the last offsets are transaction markers, or what was
    aborted."""
    back = 2
    while end > begin:
        consumer.seek(tp, max(begin, end - back))
        found = None
        while await consumer.position(tp) < end:
            for record in (await consumer.getmany(tp, timeout_ms=1000)).get(tp, []):
                if record.value is not None and wanted(record):
                    found = record
        if found is not None or end - back <= begin:
            return found
        back *= 10
    return None


class _At(msgspec.Struct):
    at: Instant
