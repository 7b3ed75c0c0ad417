"""A stand whose dispatch has many open tickets: decided here by its own core, written as a partition would have.

All are filed from nine in the morning on; some are due for the first time at eleven, or spread from then on, the others
much later.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.kafka import clients
from engine.kafka.reference import load_clock, start_clock
from engine.kafka.topic_admin import apply
from engine.kafka.transactions import TransactionalProducer
from engine.observability.metrics import StageMetrics
from engine.security.vault import make_master_key
from engine.settings import Settings
from engine.stages.dispatch import DispatchCore
from engine.stream.contracts import Out, Record
from engine.stream.positions import marking
from engine.stream.sending import send
from rules.law.compiled import Law
from tests.bench import sizes
from tests.bench.stand import Servers, Stand
from tests.support.poison import law_of
from topics import codec
from topics.ids import HomeCode, Instant, partition_of
from topics.incident import Incident
from topics.reference import EngineClock
from topics.registry import INCIDENTS, STATE
from topics.ticket import Marker

HOUR = 3_600_000
NINE = 1_795_482_000_000
"""2026-11-24, a working day, 09:00 in Shanghai."""

ELEVEN = NINE + 2 * HOUR
"""When a ticket of the middle kind must be accepted that was filed at nine."""

SOON, LATER = "bins_full", "neighbour_dispute"
"""Categories of the demonstration's law: to be accepted within two working hours, and within six."""

RUNGS = ("resolve:0:50", "accept:1:100")
"""What is due then of one of the middle kind: half of its limit is over, and nobody has accepted it. Each is a clock
that fires, and a decision."""

MARGIN_MS = 20_000
"""Between the last start and eleven, beside twice what the first one took."""


@dataclass(frozen=True)
class Wanted:
    """How many are open, how many of them have clocks due from eleven on, and over how long these are spread."""

    open: int
    due: int
    spread_ms: int = 0

    @classmethod
    def of_clocks(cls, clocks: int, open: int, spread_ms: int = 0) -> "Wanted":
        """So many clocks: two of each ticket that is due."""
        return cls(open=open, due=clocks // len(RUNGS), spread_ms=spread_ms)

    def filed_at(self, number: int) -> Instant:
        """The due ones first, the others within half an hour."""
        if number < self.due:
            return NINE + number * self.spread_ms // self.due
        return NINE + self.spread_ms + number * HOUR // 2 // self.open


@dataclass(frozen=True)
class Aged:
    """A stand that is made; its stages are not started."""

    stand: Stand
    clock: EngineClock
    due: dict[str, Instant]
    """Decision -> when the clock that it comes of is due, of those due from eleven on."""


async def aged(servers: Servers, folder: Path, prefix: str, wanted: Wanted, stages: tuple[str, ...]) -> Aged:
    """Write the tickets, and start a clock at which nothing is due for an hour."""
    stand = Stand.of(servers, folder, prefix, sizes.PARTITIONS, *stages)
    for name in ("run", "logs", "journals"):
        (stand.settings.data_dir / name).mkdir()
    make_master_key(stand.settings.key_file)
    await apply(stand.settings, [])
    due: dict[str, Instant] = {}
    size = await _write(stand.settings, wanted, due)
    print(
        f"{wanted.open} open tickets written, {size / wanted.open:.0f} B each; {len(due)} clocks due from eleven on",
        flush=True,
    )
    assert len(due) == wanted.due * len(RUNGS), f"{len(due)} are due of {wanted.due} tickets: the law has other limits"
    await stand.rig.prepare("guancheng", start_ms=NINE + HOUR)
    return Aged(stand, await load_clock(stand.settings), due)


async def shortly_before_eleven(made: Aged, start_seconds: float) -> Aged:
    """Set the clock so that there is time for one more start of the stages, which take so long, and start them."""
    stand = made.stand
    kill(stand)
    at = ELEVEN - int(2000 * start_seconds) - MARGIN_MS
    clock = await start_clock(stand.settings, at, 1, anew=True)  # no decision about a ticket was made by the former
    await stand.start()
    return replace(made, clock=clock)


def kill(stand: Stand) -> None:
    """End its stages as a power cut would."""
    for stage in stand.stages:
        stand.rig.kill(f"{stage}-1")


def seconds_left(made: Aged) -> float:
    """Until eleven, by the wall clock."""
    return made.clock.broker(ELEVEN) / 1000 - time.time()


async def _write(settings: Settings, wanted: Wanted, due: dict[str, Instant]) -> int:
    """Write each partition's state as its own transactions do; answers the bytes."""
    producer, law, size = clients.transactional(settings, "bench"), law_of("guancheng"), 0
    await producer.start()
    for partition in range(settings.partitions):
        core = _decided(law, partition, settings.partitions, wanted)
        due |= due_of(core, ELEVEN + wanted.spread_ms)
        records = [*core.book.records()]
        del core
        marker = marking(STATE.name, partition, Marker(at=NINE + HOUR, positions={}, pack=law.ref))
        for first in range(0, len(records), sizes.AT_ONCE):
            some = [Out(STATE.name, partition, *one) for one in records[first : first + sizes.AT_ONCE]] + [marker]
            size += await _commit(producer, settings.prefix, some)
    await producer.stop()
    return size


def due_of(core: DispatchCore, until: Instant) -> dict[str, Instant]:
    """Decision -> moment, of the clocks that are due until then."""
    soon = {name: at for name, at in core.book._due_at.items() if at <= until}
    return {f"clock:{name}:0:{rung}": at for name, at in soon.items() for rung in RUNGS}


async def _commit(producer: TransactionalProducer, prefix: str, records: list[Out]) -> int:
    async with producer.transaction():
        for ack in await send(producer, prefix, records):
            await ack
    return sum(len(one.value or b"") for one in records)


def _decided(law: Law, partition: int, partitions: int, wanted: Wanted) -> DispatchCore:
    """A core that has decided its share."""
    core = DispatchCore(partition, partitions, {law.ref: law}, metrics=StageMetrics("dispatch"))
    core.opened(law.ref, NINE)
    for number, record in enumerate(_incidents(law, partition, partitions, wanted), 1):
        core.take(record, record.appended_at)
        if number % 5000 == 0:
            core.book.let_go()
    core.book.let_go()
    return core


def leaves_of(law: Law) -> list[tuple[str, str]]:
    """The smallest grids, each with its home."""
    parents = {node.parent for node in law.bundle.nodes}
    homes = [(n.code, law.home_of(n.code)) for n in law.bundle.nodes if n.code not in parents]
    return [(leaf, home) for leaf, home in homes if home not in (None, law.bundle.unplaced)]


def _incidents(law: Law, partition: int, partitions: int, wanted: Wanted) -> Iterator[Record]:
    leaves = leaves_of(law)
    mine = [n for n, (_, home) in enumerate(leaves) if partition_of(home, partitions) == partition]
    numbers = (first + n for first in range(0, wanted.open, len(leaves)) for n in mine if first + n < wanted.open)
    for number in numbers:
        leaf, home = leaves[number % len(leaves)]
        at = wanted.filed_at(number)
        incident = Incident(
            identity=f"aged:{number}",
            home=HomeCode(home),
            occurred_at=at,
            received_at=at,
            channel="app",
            pack=law.ref,
            placed_by="grid",
            category=SOON if number < wanted.due else LATER,
            leaf=leaf,
            text=f"report {number} of many, bins overflowing",
            token="v-86e3d7a06123f70de254077e",
            can_reach_reporter=True,
        )
        yield Record(
            topic=INCIDENTS.name,
            partition=partition,
            offset=number,
            key=home.encode(),
            value=codec.encode(incident),
            headers=(),
            appended_ms=at,
            appended_at=at,
        )
