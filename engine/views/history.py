"""A ticket's history, and everybody's, read from the log."""

from collections.abc import AsyncIterator

from aiokafka import TopicPartition

from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import read_sieved
from engine.kafka.read_to_end import to_end
from engine.kafka.reference import Reference
from engine.settings import Settings
from rules.law.compiled import Law
from topics.decision import Decision
from topics.ids import home_of, partition_of
from topics.registry import DECISIONS
from topics.vocabulary import Reason


async def decisions(settings: Settings, partition: int, needles: tuple[bytes, ...] = ()) -> AsyncIterator[Decision]:
    """Read a partition's decisions in the order they were made; with needles only those whose bytes hold one of
    them."""
    async for records in to_end(KafkaLog(settings), DECISIONS.name, [partition]):
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
    partition's roster."""
    partition = partition_of(home_of(ticket), settings.partitions)
    needles = (ticket.encode(), *([Reason.DUTY_SET.encode()] if rosters else []))
    return [
        decision
        async for decision in decisions(settings, partition, needles)
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
