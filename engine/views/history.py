"""A ticket's history, and everybody's, read from the log."""

import logging
from collections.abc import AsyncIterator

from aiokafka import TopicPartition

from engine.errors import DependencyDown
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import read_sieved
from engine.kafka.read_to_end import to_end
from engine.kafka.reference import Reference
from engine.settings import Settings
from rules.law.compiled import Law
from topics import codec
from topics.decision import Decision
from topics.ids import home_of, partition_of
from topics.registry import DECISIONS
from topics.vocabulary import Reason

log = logging.getLogger(__name__)


async def decisions(
    settings: Settings, partition: int, needles: tuple[bytes, ...] = (), start: int = 0
) -> AsyncIterator[Decision]:
    """Read a partition's decisions in the order they were made, from a place on; with needles only those whose bytes
    hold one of them."""
    async for records in to_end(KafkaLog(settings), DECISIONS.name, [partition], start):
        for record in records:
            value = record.value or b""
            if needles and not any(needle in value for needle in needles):
                continue
            decision = read_sieved(DECISIONS.name, record, Decision)
            if decision is not None:
                yield decision


async def cut_partitions(settings: Settings) -> set[int]:
    """Name the partitions whose first decisions retention has taken."""
    tps = [TopicPartition(settings.prefix + DECISIONS.name, partition) for partition in range(settings.partitions)]
    async with KafkaLog(settings).reading(tps) as consumer:
        return {tp.partition for tp, begin in (await consumer.beginning_offsets(tps)).items() if begin > 0}


async def history(settings: Settings, ticket: str, rosters: bool = False) -> list[Decision]:
    """Read every decision about a ticket, in the order they were made; with ``rosters`` also those that changed its
    partition's roster.

    Where there is an archive they are found there by the ticket's key, and of the log only what the archive has not
    folded yet is read.
    """
    partition = partition_of(home_of(ticket), settings.partitions)
    past, start = await _archived(settings, ticket, partition, rosters)
    known = {decision.id for decision in past}
    return past + [
        decision for decision in await _on_log(settings, ticket, partition, rosters, start) if decision.id not in known
    ]


async def _archived(settings: Settings, ticket: str, partition: int, rosters: bool) -> tuple[list[Decision], int]:
    """What the archive has, and from where on the log must tell; an archive that is away is done without."""
    if not settings.database_url:
        return [], 0
    from engine.archive.store import Archive

    archive = Archive(settings)
    try:
        if not await archive.is_there():
            return [], 0
        start = (await archive.positions()).get(partition, 0)  # before the rows: what comes between is there twice
        found = [codec.decode(one, Decision) for one in await archive.history(ticket, partition if rosters else None)]
        return found, start
    except DependencyDown as exc:
        log.warning("the archive is away and the log is read instead: %s", exc)
        return [], 0
    finally:
        await archive.close()


async def _on_log(settings: Settings, ticket: str, partition: int, rosters: bool, start: int) -> list[Decision]:
    needles = (ticket.encode(), *([Reason.DUTY_SET.encode()] if rosters else []))
    return [
        decision
        async for decision in decisions(settings, partition, needles, start)
        if decision.ticket == ticket
        or (rosters and decision.reason == Reason.DUTY_SET)
        or any(change.ticket == ticket for change in decision.changes)
    ]


def reaches_back(told: list[Decision], ticket: str) -> bool:
    """Whether the log still holds how a ticket began."""
    return any(change.ticket == ticket and change.version == 1 for decision in told for change in decision.changes)


async def laws(settings: Settings) -> dict[str, Law]:
    """Compile every pack that was published here."""
    reference = Reference(settings)
    await reference.refresh()
    return {ref: Law(ref, bundle) for ref, bundle in reference.bundles.items()}
