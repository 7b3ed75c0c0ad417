"""The gateway's one reader of what is decided: decisions for whoever waits and watches, rosters and packs in force as
the partitions have them."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka.driver_errors import KafkaFault, OffsetsGone
from engine.kafka.fetched_batches import Loose
from engine.kafka.port import Log, Reader
from engine.observability.json_logging import told
from engine.stream.positions import MARKER, load_state
from rules.law.compiled import Law
from rules.state.duty_roster import Rosters
from topics import codec
from topics.decision import Decision
from topics.ids import Instant
from topics.registry import DECISIONS, STATE
from topics.ticket import Duties, HeldCause, Marker
from topics.unreadable import UNREADABLE

log = logging.getLogger(__name__)

DUTY, HELD = b"d:", b"h:"
POLL_MS = 1_000
"""How long a look for decisions lasts where none comes; one that comes ends it at once."""
PAUSE_SECONDS = 0.5
NEAR = 10_000
"""Decisions of a partition that are read again at a start; queues that are further behind are waited for."""

Decided = Callable[[int, int, Decision], None]
"""Told of each decision: partition, offset, the decision."""


class Tail:
    """Follows ``tickets.decisions`` and what of ``tickets.state`` says who works and by which law."""

    def __init__(self, engine_log: Log, partitions: int) -> None:
        """Know nothing yet; ``start`` reads to the present."""
        self.log, self._numbers = engine_log, range(partitions)
        self.held: dict[int, dict[str, HeldCause]] = {number: {} for number in self._numbers}
        """Partition -> what our own fault kept from being decided there."""
        self.rosters = {number: Rosters() for number in self._numbers}
        self.packs: dict[int, str] = {}
        """Partition -> the pack in force there."""
        self.next: dict[int, int] = {}
        """Partition -> the offset of the next decision."""
        self.listeners: list[Decided] = []
        self.when_torn: list[Callable[[dict[int, int]], None]] = []
        """Told from where on they come again when decisions were missed: retention was faster than we."""
        self._is_torn = False
        self.moved_at = 0.0
        self._started = asyncio.Event()

    async def start(self, view: Mapping[int, int]) -> asyncio.Task[None]:
        """Read state to its end, then follow from where the queues stand; answers the task that does."""
        self._view = view
        for number in self._numbers:
            await self._load(number)
        task = asyncio.create_task(self._run(), name="gateway-tail")
        waiting = asyncio.create_task(self._started.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            task.result()
        return task

    async def _load(self, number: int) -> None:
        def take(key: bytes, value: bytes | None) -> None:
            if key[:2] in (DUTY, HELD):
                self._remembered(number, key, value)

        marker, _ = await load_state(self.log, STATE.name, number, take, lambda offset, why: None)
        if marker is not None and marker.pack is not None:
            self.packs[number] = marker.pack

    def law(self, laws: "dict[str, Law]", number: int, current: str, at: Instant) -> Law:
        """Give the law in force in a partition, with the roster as it is now."""
        known = laws.get(self.packs.get(number, current)) or laws[current]
        return self.rosters[number].law(known, at)

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except (KafkaFault, OSError) as exc:
                log.warning("decisions cannot be followed for now: %s", told(exc))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _follow(self) -> None:
        tps = [
            TopicPartition(self.log.prefix + topic.name, number)
            for topic in (DECISIONS, STATE)
            for number in self._numbers
        ]
        async with self.log.reading(tps) as reader:
            await self._seek(reader, tps)
            self._started.set()
            while True:
                try:
                    fetched = await reader.getmany(timeout_ms=POLL_MS)
                except OffsetsGone:
                    log.error("decisions were missed: retention took them before they were read here")
                    self.next.clear()
                    self._view, self._is_torn = {}, True
                    return
                for tp, records in fetched.items():
                    self._take(tp, records)
                self.moved_at = asyncio.get_running_loop().time()

    async def _seek(self, reader: Reader, tps: list[TopicPartition]) -> None:
        """Go on where we were; at first from where the queues stand, if that is near, else from the present end."""
        begins = await reader.beginning_offsets(tps)
        for tp, end in (await reader.end_offsets(tps)).items():
            if tp.topic == self.log.prefix + DECISIONS.name:
                at = self._view.get(tp.partition, end)
                end = self.next.setdefault(tp.partition, at if max(begins[tp], end - NEAR) <= at <= end else end)
            reader.seek(tp, end)
        if self._is_torn:
            self._is_torn = False
            for tell in self.when_torn:
                tell(self.next)

    def _take(self, tp: TopicPartition, records: list[ConsumerRecord]) -> None:
        is_state = tp.topic == self.log.prefix + STATE.name
        for record in records:
            if type(record) is Loose:
                continue  # our stages write in transactions: this is a stranger's
            if is_state:
                self._state(tp.partition, record)
            else:
                self._decision(tp.partition, record)
        if records and not is_state:
            self.next[tp.partition] = records[-1].offset + 1

    def _state(self, number: int, record: ConsumerRecord) -> None:
        key = record.key or b""
        if key[:2] in (DUTY, HELD):
            self._remembered(number, key, record.value)
        elif key == MARKER and record.value is not None and b'"pack"' in record.value:
            pack = codec.decode(record.value, Marker).pack
            if pack is not None:
                self.packs[number] = pack

    def _remembered(self, number: int, key: bytes, value: bytes | None) -> None:
        name = key[2:].decode()
        if key[:2] == DUTY:
            self.rosters[number].put(name, None if value is None else codec.decode(value, Duties))
        elif value is None:
            self.held[number].pop(name, None)
        else:
            self.held[number][name] = codec.decode(value, HeldCause)

    def _decision(self, number: int, record: ConsumerRecord) -> None:
        try:
            decision = codec.decode(record.value or b"", Decision)
        except (*UNREADABLE, ValueError):
            log.error("decision %d of partition %d cannot be read; a newer engine wrote it?", record.offset, number)
            return
        for listener in self.listeners:
            listener(number, record.offset, decision)
