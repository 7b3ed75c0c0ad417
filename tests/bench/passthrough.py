"""The ruler: a plain aiokafka process that consumes a topic and sends each record on.

``send``: ``getmany`` of 500, ``send`` to an explicit partition, lingering 5 ms for batches of 64 KiB, gathered and
committed once a poll: what somebody writes who knows the library and tunes nothing else. ``batches``: the library's own
batches, filled and sent whole; the cheapest that can be written with it.
"""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

POLL = {"send": 500, "batches": 2000}
BATCH_BYTES = {"send": 65_536, "batches": 900_000}


async def sent(producer: AIOKafkaProducer, target: str, partition: int, records: Sequence[Any]) -> list[Any]:
    """Send one by one; answers what to wait for."""
    return [await producer.send(target, one.value, key=one.key, partition=partition) for one in records]


async def packed(producer: AIOKafkaProducer, target: str, partition: int, records: Sequence[Any]) -> list[Any]:
    """Send in batches filled by hand; answers what to wait for."""
    acks, batch = [], producer.create_batch()
    for one in records:
        if batch.append(timestamp=None, key=one.key, value=one.value, headers=[]) is None:
            acks.append(await producer.send_batch(batch, target, partition=partition))
            batch = producer.create_batch()
            batch.append(timestamp=None, key=one.key, value=one.value, headers=[])
    return [*acks, await producer.send_batch(batch, target, partition=partition)]


async def pass_on(consumer: Any, producer: Any, how: str, target: str, count: int) -> None:
    """Pass so many records on, committing after each poll."""
    passed = 0
    while passed < count:
        acks = []
        for tp, records in (await consumer.getmany(timeout_ms=500, max_records=POLL[how])).items():
            acks += await (sent if how == "send" else packed)(producer, target, tp.partition, records)
            passed += len(records)
        await asyncio.gather(*acks)
        if acks:
            await consumer.commit()


async def main(kafka: str, source: str, target: str, how: str, starts: list[int], count: int) -> None:
    """Pass ``count`` records from the given offsets on; print CPU seconds spent on them."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        group_id=f"bench-{uuid.uuid4().hex}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, linger_ms=5, max_batch_size=BATCH_BYTES[how]
    )
    await consumer.start()
    await producer.start()
    tps = [TopicPartition(source, p) for p in range(len(starts))]
    consumer.assign(tps)
    for tp, start in zip(tps, starts, strict=True):
        consumer.seek(tp, start)
    began = time.process_time()
    await pass_on(consumer, producer, how=how, target=target, count=count)
    print(json.dumps({"cpu": time.process_time() - began, "records": count}), flush=True)
    await consumer.stop()
    await producer.stop()


if __name__ == "__main__":
    asyncio.run(
        main(
            kafka=sys.argv[1],
            source=sys.argv[2],
            target=sys.argv[3],
            how=sys.argv[4],
            starts=[int(x) for x in sys.argv[5].split(",")],
            count=int(sys.argv[6]),
        )
    )
