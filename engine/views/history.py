"""A ticket's history, and everybody's, read from the log."""

from collections.abc import AsyncIterator

from aiokafka import TopicPartition

from engine.reading import LogConsumer
from engine.reference import Reference
from engine.security import kafka_arguments
from engine.settings import Settings
from rules.law import Law
from topics import codec
from topics.decision import Decision
from topics.ids import home_of, partition_of
from topics.registry import DECISIONS
from topics.vocabulary import Reason


async def decisions(settings: Settings, partition: int, needles: tuple[bytes, ...] = ()) -> AsyncIterator[Decision]:
    """Read a partition's decisions in the order they were made; with needles only those whose bytes hold one of them."""
    tp = TopicPartition(settings.prefix + DECISIONS.name, partition)
    reader = LogConsumer(**kafka_arguments(settings), isolation_level="read_committed", auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([tp])
        await reader.seek_to_beginning(tp)
        end = (await reader.end_offsets([tp]))[tp]
        while await reader.position(tp) < end:
            for record in (await reader.getmany(tp, timeout_ms=500)).get(tp, []):
                if not needles or any(needle in record.value for needle in needles):
                    yield codec.decode(record.value, Decision)
    finally:
        await reader.stop()


async def history(settings: Settings, ticket: str, rosters: bool = False) -> list[Decision]:
    """Read every decision about a ticket, in the order they were made; with ``rosters`` also those that changed its partition's roster."""
    partition = partition_of(home_of(ticket), settings.partitions)
    needles = (ticket.encode(), *([Reason.DUTY_SET.encode()] if rosters else []))
    return [
        decision
        async for decision in decisions(settings, partition, needles)
        if decision.ticket == ticket or (rosters and decision.reason == Reason.DUTY_SET) or any(change.ticket == ticket for change in decision.changes)
    ]


def reaches_back(told: list[Decision], ticket: str) -> bool:
    """Whether the log still holds how a ticket began."""
    return any(change.ticket == ticket and change.version == 1 for decision in told for change in decision.changes)


async def laws(settings: Settings) -> dict[str, Law]:
    """Compile every pack that was published here."""
    reference = Reference(settings)
    await reference.refresh()
    return {ref: Law(ref, bundle) for ref, bundle in reference.bundles.items()}
