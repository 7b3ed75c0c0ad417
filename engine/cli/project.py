"""``gridwhistle project``: the live queues' state, and building them anew from the log."""

import asyncio
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from aiokafka import TopicPartition
from rich.progress import Progress

from engine.cli import run_async
from engine.kafka import clients
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.newer_records import read_sieved
from engine.kafka.reference import Reference
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.stages.pack_cache import Laws
from engine.terminal import console
from engine.views.comparison import Compared, compared, digest, held, put_in_place, written
from engine.views.from_state import rebuild
from engine.views.hold import Hold, holding
from engine.views.redis_view import AT_ONCE, RedisView
from engine.views.rows import read_foldable
from topics.decision import Decision
from topics.registry import DECISIONS, STATE

NEAR = 2_000
"""Decisions that may be left to fold while the running view stands still."""
SHOWN = 400
"""Characters of a value that differs."""

Counting = Callable[[int], None]


def project(
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the queues anew from the log, compare, and put them in place.")
    ] = False,
) -> None:
    """Print how far the live queues are, and their digest. With --rebuild exit 1 if the running ones differed."""
    settings = settings_of(data)
    if not run_async(_rebuild(settings) if rebuild else _show(settings)):
        raise typer.Exit(1)


CATCH_UP_SECONDS = 5.0
"""How long the running view may take to fold what was on the log when the rebuilding began."""


async def _show(settings: Settings) -> bool:
    view = RedisView(settings)
    try:
        positions, counts = await view.positions(), await view.counts()
        for partition, position in sorted(positions.items()):
            print(f"{settings.prefix}{DECISIONS.name}/{partition}: folded to {position}")
        print(f"{len(counts)} queues, digest {await digest(view)}")
        return True
    finally:
        await view.close()


async def _rebuild(settings: Settings) -> bool:
    """Make a shadow view of state and log up to where the running one stands, compare the two, and put right what
    differs."""
    known = Laws(Reference(settings), placing=False)
    await known.refresh()
    live, shadow = RedisView(settings), RedisView(settings, "shadow", known.laws, learn=known.refresh)
    consumer = clients.watcher(settings, auto_offset_reset="earliest")
    await consumer.start()
    try:
        with Progress(console=console(error=True), disable=not sys.stderr.isatty(), transient=True) as bar:
            await shadow.drop()
            return await _Rebuilding(settings, live, shadow, consumer=consumer, bar=bar).run()
    finally:
        await consumer.stop()
        await shadow.drop()
        await live.close()
        await shadow.close()


class _Rebuilding:
    """The steps of one rebuilding, with how far they are."""

    def __init__(
        self, settings: Settings, live: RedisView, shadow: RedisView, consumer: LogConsumer, bar: Progress
    ) -> None:
        self._settings, self._live, self._shadow, self._consumer, self._bar = settings, live, shadow, consumer, bar
        self._tps = [TopicPartition(settings.prefix + DECISIONS.name, number) for number in range(settings.partitions)]
        self._at = dict.fromkeys(range(settings.partitions), 0)

    async def run(self) -> bool:
        """Fold most while the running view goes on, the rest and the comparison while it stands still."""
        self._consumer.assign(self._tps)
        await _begin(self._consumer, self._shadow, self._settings, self._tps, self._at)
        ends = await self._come_near()
        await _caught_up(self._live, ends)
        async with holding(self._live) as hold:
            stands = await self._live.positions()
            # a view that was made from another log may stand behind the end of this one: nothing to fold up to there
            most = await self._ends()
            await self._fold_up_to(
                {number: max(end, min(stands.get(number, 0), most[number])) for number, end in ends.items()}
            )
            beyond = [number for number, end in most.items() if stands.get(number, 0) > end]
            found = await compared(self._live, self._shadow, self._counting("comparing", await self._live.size()))
            return await self._judge(hold, found, beyond)

    async def _come_near(self) -> dict[int, int]:
        """Fold while the log's end comes nearer; where as much comes as is folded the rest is left for the hold."""
        left, ends = math.inf, await self._ends()
        while NEAR < (gap := sum(ends.values()) - sum(self._at.values())) < left:
            await self._fold_up_to(ends)
            left, ends = gap, await self._ends()
        await self._fold_up_to(ends)
        return ends

    async def _ends(self) -> dict[int, int]:
        return {tp.partition: end for tp, end in (await self._consumer.end_offsets(self._tps)).items()}

    async def _fold_up_to(self, to: dict[int, int]) -> None:
        done = self._counting("folding", sum(to.values()) - sum(self._at.values()))
        for tp in self._tps:
            await _fold_up_to(self._consumer, self._shadow, tp, self._at, to[tp.partition], done)

    def _counting(self, what: str, total: int) -> Counting:
        task = self._bar.add_task(what, total=total)
        return lambda by: self._bar.advance(task, by)

    async def _judge(self, hold: Hold, found: Compared, beyond: list[int]) -> bool:
        ours = f"made from another log: it stands behind the end of {beyond}" if beyond else written(found.live)
        print(f"running {ours}\nrebuilt {written(found.new)}")
        if found.is_same and not beyond:
            print("they are the same")
            return True
        if found.differing:
            first = found.differing[:1]
            was, new = await held(self._live, first), await held(self._shadow, first)
            print(
                f"they differ in {len(found.differing)} keys, first at {first[0]}: running {_short(was)}, rebuilt"
                f" {_short(new)}"
            )
        await hold.demand()
        done = self._counting("putting in place", len(found.differing))
        await put_in_place(self._live, self._shadow, found.differing, done)
        print("the rebuilt one is in place now")
        return False


def _short(found: dict[str, object]) -> str:
    """Show what stands under a key, as much as a screen takes."""
    (value,) = found.values()
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


async def _begin(
    consumer: LogConsumer, shadow: RedisView, settings: Settings, tps: list[TopicPartition], at: dict[int, int]
) -> None:
    """Begin each partition where its log does; where that is no longer 0, with what the state holds."""
    for tp, begin in (await consumer.beginning_offsets(tps)).items():
        if begin > 0:
            at[tp.partition] = await rebuild(shadow, settings, tp.partition, 0, begin)
            print(
                f"{tp.topic}/{tp.partition} begins at {begin}: made from {settings.prefix}{STATE.name}, then the log"
                f" from {at[tp.partition]}"
            )


async def _caught_up(live: RedisView, ends: dict[int, int]) -> None:
    """Wait a while until the running view has come as far as we have; one that stands still is shown to differ."""
    until = time.monotonic() + CATCH_UP_SECONDS
    while time.monotonic() < until:
        stands = await live.positions()
        if all(stands.get(partition, 0) >= end for partition, end in ends.items()):
            return
        await asyncio.sleep(0.2)


async def _fold_up_to(
    consumer: LogConsumer, shadow: RedisView, tp: TopicPartition, at: dict[int, int], end: int, done: Counting
) -> None:
    consumer.seek(tp, at[tp.partition])
    while at[tp.partition] < end:
        got = (await consumer.getmany(tp, timeout_ms=1000, max_records=AT_ONCE)).get(tp, [])
        records = [record for record in got if record.offset < end]
        after = (
            records[-1].offset + 1 if records and len(records) == len(got) else min(end, await consumer.position(tp))
        )
        read = [
            decision
            for record in records
            if (decision := read_sieved(DECISIONS.name, record, Decision, read_foldable)) is not None
        ]
        await shadow.fold(tp.partition, read, at[tp.partition], after)
        done(after - at[tp.partition])
        at[tp.partition] = after
