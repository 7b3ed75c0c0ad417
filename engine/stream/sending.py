"""Sends one step's records in batches of their partition: a third of the cost of sending them one by one."""

from collections.abc import Iterable
from typing import Any

from engine.kafka.driver_errors import NoSuchTopic
from engine.kafka.port import Batching, Writer
from engine.stream.contracts import Out
from topics.registry import RAW


async def send(producer: Writer, prefix: str, outs: Iterable[Out]) -> list[Any]:
    """Hand everything to the producer; answers the acknowledgements to be awaited.

    Raises:
        ValueError: The builder takes a record not even alone; nothing may be lost in silence.
        NoSuchTopic: Somebody has deleted one; it is named with the mend.
    """
    builders: dict[tuple[str, int], Batching] = {}
    acks = []
    for out in outs:
        where = (out.topic, out.partition)
        builder = builders.get(where)
        if builder is None:
            builder = builders[where] = producer.create_batch()
        elif out.topic == RAW.name:  # one alone may be as large as that topic allows
            acks.append(await _sent(producer, builder, prefix + out.topic, out.partition))
            builder = builders[where] = producer.create_batch()
        if not builder.append(key=out.key, value=out.value, headers=out.headers):
            acks.append(await _sent(producer, builder, prefix + out.topic, out.partition))
            builder = builders[where] = producer.create_batch()
            if not builder.append(key=out.key, value=out.value, headers=out.headers):
                raise ValueError(f"a record for {out.topic} fits into no batch")
    for (topic, partition), builder in builders.items():
        acks.append(await _sent(producer, builder, prefix + topic, partition))
    return acks


async def _sent(producer: Writer, batch: Batching, topic: str, partition: int) -> Any:
    try:
        return await producer.send_batch(batch, topic, partition=partition)
    except NoSuchTopic as exc:
        raise NoSuchTopic(f"{topic} is not there; 'gridwhistle topics apply' makes it, and all goes on") from exc
