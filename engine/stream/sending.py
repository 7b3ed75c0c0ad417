"""Sends one step's records in batches of their partition: a third of the cost of sending them one by one."""

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from engine.security.connections import kafka_arguments
from engine.settings import Settings
from engine.stream.contracts import Out
from engine.stream.limits import BATCH_BYTES, REQUEST_BYTES
from topics.registry import RAW

NO_HEADERS: list[tuple[str, bytes]] = []
"""The library's builder takes a list and nothing else; this one is never changed."""


def transactional_producer(settings: Settings, name: str) -> AIOKafkaProducer:
    """Make the producer of one input partition; its transactional id is ``<prefix><name>``."""
    return AIOKafkaProducer(
        **kafka_arguments(settings),
        transactional_id=f"{settings.prefix}{name}",
        transaction_timeout_ms=15_000,
        max_batch_size=BATCH_BYTES,
        max_request_size=REQUEST_BYTES,
        retry_backoff_ms=5,
        request_timeout_ms=15_000,
    )


async def send(producer: AIOKafkaProducer, prefix: str, outs: Iterable[Out]) -> list[Any]:
    """Hand everything to the producer; answers the acknowledgements to be awaited.

    Raises:
        ValueError: The builder takes a record not even alone; nothing may be lost in silence.
    """
    builders: dict[tuple[str, int], BatchBuilder] = {}
    acks = []
    for out in outs:
        where = (out.topic, out.partition)
        headers = list(out.headers) if out.headers else NO_HEADERS
        builder = builders.get(where)
        if builder is None:
            builder = builders[where] = producer.create_batch()
        elif out.topic == RAW.name:  # one alone may be as large as that topic allows
            acks.append(await producer.send_batch(builder, prefix + out.topic, partition=out.partition))
            builder = builders[where] = producer.create_batch()
        if builder.append(timestamp=None, key=out.key, value=out.value, headers=headers) is None:
            acks.append(await producer.send_batch(builder, prefix + out.topic, partition=out.partition))
            builder = builders[where] = producer.create_batch()
            if builder.append(timestamp=None, key=out.key, value=out.value, headers=headers) is None:
                raise ValueError(f"a record for {out.topic} fits into no batch")
    for (topic, partition), builder in builders.items():
        acks.append(await producer.send_batch(builder, prefix + topic, partition=partition))
    return acks
