"""``gridwhistle project``: the live queues' state, and building them anew from the log."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from aiokafka import TopicPartition

from engine.cli import run_async
from engine.kafka import clients
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.newer_records import read_sieved
from engine.kafka.reference import Reference
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.stages.pack_cache import Laws
from engine.views.from_state import rebuild
from engine.views.redis_view import RedisView
from engine.views.rows import read_foldable
from topics.decision import Decision
from topics.registry import DECISIONS, STATE

HOLD_SECONDS = 60
"""Longest time the running view stands still while it is compared; it catches up from the log."""


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
        print(f"{len(counts)} queues, digest {await view.digest()}")
        return True
    finally:
        await view.close()


async def _rebuild(settings: Settings) -> bool:
    """Make a shadow view of state and log up to where the running one stands, compare the two, and swap."""
    known = Laws(Reference(settings))
    await known.refresh()
    live, shadow = RedisView(settings), RedisView(settings, "shadow", known.laws, learn=known.refresh)
    consumer = clients.watcher(settings, auto_offset_reset="earliest")
    await consumer.start()
    try:
        await shadow.drop()
        tps = [TopicPartition(settings.prefix + DECISIONS.name, partition) for partition in range(settings.partitions)]
        consumer.assign(tps)
        at = await _begin(consumer, shadow, settings, tps)
        ends = {tp.partition: end for tp, end in (await consumer.end_offsets(tps)).items()}
        await _fold_up_to(consumer, shadow, tps, at, ends)  # most of the work, while the view goes on
        await _caught_up(live, ends)
        await live.hold(HOLD_SECONDS)
        stands = await live.positions()
        # a view that was made from another log may stand behind the end of this one: there is nothing to fold up to
        most = {tp.partition: end for tp, end in (await consumer.end_offsets(tps)).items()}
        to = {number: max(end, min(stands.get(number, 0), most[number])) for number, end in ends.items()}
        await _fold_up_to(consumer, shadow, tps, at, to)
        beyond = [number for number, end in most.items() if stands.get(number, 0) > end]
        was = f"made from another log: it stands behind the end of {beyond}" if beyond else await live.digest()
        return await _swap(live, shadow, await shadow.content(), await live.content(), was, await shadow.digest())
    finally:
        await live.release()
        await consumer.stop()
        await live.close()
        await shadow.close()


async def _begin(
    consumer: LogConsumer, shadow: RedisView, settings: Settings, tps: list[TopicPartition]
) -> dict[int, int]:
    """Begin each partition where its log does; where that is no longer 0, with what the state holds."""
    at = dict.fromkeys(range(settings.partitions), 0)
    for tp, begin in (await consumer.beginning_offsets(tps)).items():
        if begin > 0:
            at[tp.partition] = await rebuild(shadow, settings, tp.partition, 0, begin)
            print(
                f"{tp.topic}/{tp.partition} begins at {begin}: made from {settings.prefix}{STATE.name}, then the log"
                f" from {at[tp.partition]}"
            )
    return at


async def _caught_up(live: RedisView, ends: dict[int, int]) -> None:
    """Wait a while until the running view has come as far as we have; one that stands still is shown to differ."""
    until = time.monotonic() + CATCH_UP_SECONDS
    while time.monotonic() < until:
        stands = await live.positions()
        if all(stands.get(partition, 0) >= end for partition, end in ends.items()):
            return
        await asyncio.sleep(0.2)


async def _fold_up_to(
    consumer: LogConsumer, shadow: RedisView, tps: list[TopicPartition], at: dict[int, int], to: dict[int, int]
) -> None:
    for tp in tps:
        end = to[tp.partition]
        consumer.seek(tp, at[tp.partition])
        while at[tp.partition] < end:
            got = (await consumer.getmany(tp, timeout_ms=1000, max_records=500)).get(tp, [])
            records = [record for record in got if record.offset < end]
            after = (
                records[-1].offset + 1
                if records and len(records) == len(got)
                else min(end, await consumer.position(tp))
            )
            read = [
                decision
                for record in records
                if (decision := read_sieved(DECISIONS.name, record, Decision, read_foldable)) is not None
            ]
            await shadow.fold(tp.partition, read, at[tp.partition], after)
            at[tp.partition] = after


BESIDE = ("positions", "changes")
"""Keys of a view that are no content; its stream of changes begins with its own generation, so readers begin anew."""


async def _swap(
    live: RedisView,
    shadow: RedisView,
    ours: dict[str, object],
    theirs: dict[str, object],
    digest_live: str,
    digest_new: str,
) -> bool:
    print(f"running {digest_live}\nrebuilt {digest_new}")
    same = digest_live == digest_new
    if not same:
        key = next((key for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)), "positions")
        print(f"they differ first at {key}: running {theirs.get(key)!r}, rebuilt {ours.get(key)!r}")
        async with live.redis.pipeline(transaction=True) as pipe:
            for key in {*theirs, *BESIDE, "last"}:
                pipe.delete(live.prefix + key)
            for key in {*ours, *BESIDE}:
                pipe.rename(shadow.prefix + key, live.prefix + key)
            await pipe.execute()
        print("the rebuilt one is in place now")
    else:
        await shadow.drop()
        print("they are the same")
    return same
