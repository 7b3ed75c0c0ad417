"""``gridwhistle archive``: how far the archive is, its digest, and making it anew from the log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from aiokafka import TopicPartition

from engine.archive.fold import Read, packs_of
from engine.archive.store import Archive
from engine.cli import run_async
from engine.errors import DependencyDown, InvalidSettings
from engine.kafka.fetched_batches import Loose
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import read_own
from engine.kafka.read_to_end import to_end
from engine.kafka.reference import Reference
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.stages.pack_cache import Laws
from topics.decision import Decision
from topics.registry import DECISIONS

Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]

BATCH = 500
"""Decisions in one transaction."""

archive = typer.Typer(
    help="The archive in PostgreSQL: how far it is, its digest, making it anew from the log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@archive.command()
def digest(data: Data = None) -> None:
    """Print how far each partition is folded, what there is, and the digest of each table.

    Example: gridwhistle archive digest
    """
    run_async(_digest(settings_of(data)))


@archive.command()
def rebuild(data: Data = None) -> None:
    """Make the archive anew from the log beside the running one, compare, and put it in place where they differ.

    Exit 1 if they differed. Refused where the log no longer reaches back as far as the archive does: restore a dump.
    """
    if not run_async(_rebuild(settings_of(data))):
        raise typer.Exit(1)


@asynccontextmanager
async def _opened(settings: Settings, part: str = "archive") -> AsyncIterator[Archive]:
    found = Archive(settings, part)
    try:
        yield found
    finally:
        await found.close()


async def _digest(settings: Settings) -> None:
    async with _opened(settings) as live:
        if not await live.is_there():
            raise InvalidSettings("nothing was archived here yet; 'gridwhistle run archive' does it")
        for partition, position in sorted((await live.positions()).items()):
            print(f"{settings.prefix}{DECISIONS.name}/{partition}: folded to {position}")
        counts = await live.counts()
        for table, total in (await live.digest()).items():
            print(f"{table:<10} {counts[table]:>10} rows  {total}")


async def _rebuild(settings: Settings) -> bool:
    async with _opened(settings) as live, _opened(settings, "archive.new") as shadow:
        await live.fit()
        stands = await live.positions()
        await _demand_whole(settings)
        await shadow.drop()
        await shadow.fit()
        try:
            for partition, end in sorted(stands.items()):
                await _fold_up_to(settings, shadow, partition, end)
            ours, theirs = await shadow.digest(), await live.digest()
            if await live.positions() != stands:
                raise DependencyDown(
                    "the archive went on while it was compared: try again when less happens, or end its stage first"
                )
            return await _judge(live, shadow, ours, theirs)
        finally:
            await shadow.drop()


async def _demand_whole(settings: Settings) -> None:
    """What retention has taken from the log would be missing in what is made of it."""
    tps = [TopicPartition(settings.prefix + DECISIONS.name, n) for n in range(settings.partitions)]
    async with KafkaLog(settings).reading(tps) as consumer:
        cut = [tp.partition for tp, begin in (await consumer.beginning_offsets(tps)).items() if begin > 0]
    if cut:
        raise InvalidSettings(
            f"{DECISIONS.name} no longer begins at its beginning in partitions {cut}: an archive made of it would lack"
            " what is older; restore a dump of the database instead (docs/operations.md)"
        )


async def _fold_up_to(settings: Settings, shadow: Archive, partition: int, end: int) -> None:
    """Fold a partition of the log up to where the running archive stands."""
    laws = Laws(Reference(settings), placing=False)
    at, last, batch = 0, None, list[Read]()

    async def put(after: int) -> None:
        nonlocal at, batch
        await laws.have(packs_of(batch))
        await shadow.write(partition, batch, laws.laws, at, after, last)
        at, batch = after, []

    async for records in to_end(KafkaLog(settings), DECISIONS.name, [partition]):
        for record in records:
            if record.offset >= end or type(record) is Loose:
                continue
            value = record.value or b""
            last = record.offset, record.timestamp
            where = f"{DECISIONS.name}/{partition} offset {record.offset}"
            batch.append(
                Read(
                    partition=partition, position=record.offset, value=value, decision=read_own(where, value, Decision)
                )
            )
            if len(batch) >= BATCH:
                await put(record.offset + 1)
    if at < end:
        await put(end)


async def _judge(live: Archive, shadow: Archive, ours: dict[str, str], theirs: dict[str, str]) -> bool:
    for table in ours:
        print(f"{table:<10} running {theirs[table]}\n{'':<10} rebuilt {ours[table]}")
    if ours == theirs:
        print("they are the same")
        return True
    await shadow.take_place_of(live)
    print("they differ; the rebuilt one is in place now")
    return False
