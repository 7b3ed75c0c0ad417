"""Garbage in every topic of ours, all the while, and kills: it is passed by or answered, and never takes a good record
with it."""

import asyncio
import itertools
import random

import pytest
from aiokafka import AIOKafkaProducer

from tests.faults.conftest import Tell
from tests.faults.trial import Trial, trial
from tests.support import hostile
from tests.support.batches import batch, send_raw
from tests.support.poison import KINDS
from tests.support.rig import CRITICAL
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, RAW, REFERENCE, TOPICS, Delete, department_topics

SEED, SECONDS = 20260307, 60.0
BEYOND = frozenset({"key of a megabyte"})
"""The broker itself refuses these."""


async def throw(t: Trial, draw: random.Random) -> int:
    """Throw until cancelled: reports of every bad kind, junk under each key that we use, batches that no client can
    unpack."""
    producer = AIOKafkaProducer(bootstrap_servers=t.settings.kafka, acks="all", max_request_size=2**21, linger_ms=5)
    await producer.start()
    numbers, thrown = itertools.count(1), 0
    specs = [spec for spec in (*TOPICS, *department_topics("ranqi")) if spec is not REFERENCE]
    until = asyncio.get_running_loop().time() + SECONDS
    try:
        while asyncio.get_running_loop().time() < until:
            spec, n = draw.choice(specs), draw.randrange(3)
            if spec is RAW:
                key, value, headers = draw.choice([make for kind, (_, _, make) in KINDS.items() if kind not in BEYOND])(
                    next(numbers)
                )
            else:
                key, value = draw.choice(
                    [one for one in hostile.junk() if one[0] is not None or isinstance(spec.clean_up, Delete)]
                )
                headers = []
            n %= spec.partitions or t.settings.partitions
            await producer.send(t.settings.prefix + spec.name, value, key=key, headers=headers, partition=n)
            if thrown % 20 == 0 and (strange := draw.choice([RAW, COMMANDS, INCIDENTS])):
                await send_raw(t.settings, strange.name, n, batch([b"junk"] * 3, bad_header_at=1), 3)
            thrown += 1
            await asyncio.sleep(0.02)
    finally:
        await producer.stop()
    return thrown


@pytest.mark.long
async def test_garbage_in_every_topic_under_kills(tell: Tell) -> None:
    """A minute of it at every topic; meanwhile workers are killed, and open again on states that hold it."""
    draw = random.Random(SEED)
    async with trial(SEED, twice=CRITICAL) as t:
        throwing = asyncio.create_task(throw(t, random.Random(SEED + 1)))
        while not throwing.done():
            await t.work(draw, 1, 3)
            t.kill(
                draw.choice(
                    [name for name, worker in t.rig.workers.items() if worker.alive and worker.stage in CRITICAL]
                )
            )
            t.revive()
        thrown = await throwing
        await t.judged()
        assert t.audited["state_errors"] == 0
    tell(
        t,
        f"{thrown} records of garbage in {len(TOPICS) + 1} topics, {t.faults['kill -9']} kills -9",
        alarms=", ".join(sorted(t.alarms)),
    )
    assert {"unreadable"} <= t.alarms
    assert DECISIONS.name
