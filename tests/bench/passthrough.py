"""The ruler: a plain aiokafka process that consumes a topic and sends each record on, in the library's ordinary way.

``getmany`` of 500, ``send`` to an explicit partition, lingering 5 ms for batches of 64 KiB, gathered and committed once
a
poll: what somebody writes who knows the library and tunes nothing else.
"""

import asyncio
import resource
import sys
import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition


async def main(bootstrap: str, source: str, target: str, partitions: int, starts: list[int], count: int) -> None:
    """Pass ``count`` records from the given offsets on, committing after each poll; print CPU seconds spent on them."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=f"bench-{uuid.uuid4().hex}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=5, max_batch_size=65_536
    )
    await consumer.start()
    await producer.start()
    tps = [TopicPartition(source, p) for p in range(partitions)]
    consumer.assign(tps)
    for tp, start in zip(tps, starts, strict=True):
        consumer.seek(tp, start)
    passed, begun = 0, _cpu()
    while passed < count:
        batch = await consumer.getmany(timeout_ms=500, max_records=500)
        sends = []
        for tp, records in batch.items():
            for record in records:
                sends.append(await producer.send(target, record.value, key=record.key, partition=tp.partition))
            passed += len(records)
        await asyncio.gather(*sends)
        if sends:
            await consumer.commit()
    print(f"{_cpu() - begun:.6f}", flush=True)
    await consumer.stop()
    await producer.stop()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(
        main(
            sys.argv[1],
            sys.argv[2],
            sys.argv[3],
            int(sys.argv[4]),
            [int(x) for x in sys.argv[5].split(",")],
            int(sys.argv[6]),
        )
    )
