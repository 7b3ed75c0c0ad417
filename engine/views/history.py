"""A ticket's history, read from the log."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.reference import Reference
from engine.settings import Settings
from rules.law import Law
from topics import codec
from topics.decision import Decision
from topics.ids import home_of, partition_of
from topics.registry import DECISIONS


async def history(settings: Settings, ticket: str) -> list[Decision]:
    """Read every decision about a ticket, in the order they were made."""
    partition = partition_of(home_of(ticket), settings.partitions)
    tp = TopicPartition(settings.prefix + DECISIONS.name, partition)
    reader = AIOKafkaConsumer(bootstrap_servers=settings.kafka, isolation_level="read_committed", auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([tp])
        await reader.seek_to_beginning(tp)
        end = (await reader.end_offsets([tp]))[tp]
        found, needle = [], ticket.encode()
        while await reader.position(tp) < end:
            for record in (await reader.getmany(tp, timeout_ms=500)).get(tp, []):
                if needle in record.value:
                    decision = codec.decode(record.value, Decision)
                    if decision.ticket == ticket or any(change.ticket == ticket for change in decision.changes):
                        found.append(decision)
        return found
    finally:
        await reader.stop()


async def laws(settings: Settings) -> dict[str, Law]:
    """Compile every pack that was published here."""
    reference = Reference(settings)
    await reference.refresh()
    return {ref: Law(ref, bundle) for ref, bundle in reference.bundles.items()}
