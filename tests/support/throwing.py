"""Throws the worst at topics of a real broker, and says what is owed for each."""

import asyncio
import itertools
from collections.abc import Callable, Iterable

import msgspec
from aiokafka import AIOKafkaProducer

from engine.settings import Settings
from tests.support import hostile
from tests.support.batches import batch, bombs, packed, send_raw
from tests.support.poison import BEYOND_THE_BROKER, KINDS, Raw
from topics import codec
from topics.decision import Decision, Event, Why
from topics.ids import DecisionId, murmur2
from topics.registry import (
    COMMANDS,
    DECISIONS,
    FANOUT_STATE,
    INCIDENTS,
    INTAKE_STATE,
    RAW,
    REFERENCE,
    REJECTED,
    REPLIES_STATE,
    STATE,
    VAULT,
    Delete,
    department_topics,
)
from topics.task import Task
from topics.vocabulary import Reason

EACH = 2
"""Of each kind of bad report."""

OURS = (REJECTED, INTAKE_STATE, STATE, DECISIONS, FANOUT_STATE, REPLIES_STATE, VAULT)
"""Topics that our stages alone write; ``incidents`` as well, each record of which is owed a decision."""


async def send(settings: Settings, topic: str, records: Iterable[Raw], partition: int | None = None) -> list[str]:
    """Send records one by one; answers their positions."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", max_request_size=2**21, linger_ms=5)
    await producer.start()
    try:
        acks = [
            await producer.send(
                settings.prefix + topic, value, key=key, headers=headers,
                partition=(murmur2(key or b"") & 0x7FFFFFFF) % settings.partitions if partition is None else partition,
            )
            for key, value, headers in records
        ]  # fmt: skip
        return [f"{topic}:{ack.partition}:{ack.offset}" for ack in await asyncio.gather(*acks)]
    finally:
        await producer.stop()


def reports() -> dict[str, tuple[str | None, list[Raw]]]:
    """Every kind of bad report: kind -> reason and records."""
    kinds: dict[str, tuple[str | None, Callable[[int], Raw]]] = {
        kind: (str(reason), make) for kind, (reason, _, make) in KINDS.items() if kind not in BEYOND_THE_BROKER
    }
    kinds |= {kind: (reason and str(reason), make) for kind, (reason, make) in hostile.WORST.items()}
    numbers = itertools.count(1)
    return {kind: (reason, [make(next(numbers)) for _ in range(EACH)]) for kind, (reason, make) in kinds.items()}


async def throw_reports(settings: Settings) -> tuple[dict[str, str], int]:
    """Throw them at the door; answers the reason that each position must get, and how many are reports all the same."""
    owed: dict[str, str] = {}
    taken = 0
    for reason, raws in reports().values():
        if reason is None:
            taken += len(await send(settings, RAW.name, raws))
        else:
            owed |= dict.fromkeys(await send(settings, RAW.name, raws), reason)
    for kind, bomb in bombs().items():
        if kind != 2:  # the broker itself turns away snappy that is none
            owed[f"{RAW.name}:1:{await send_raw(settings, RAW.name, 1, packed([b'a'], kind, bomb), 1)}"] = (
                "unreadable_batch"
            )
    return owed, taken


async def throw_junk(settings: Settings) -> list[str]:
    """Throw junk and headers that are no text at every topic of ours; answers the positions that are owed a
    decision."""
    strange, owed = batch([b"junk"] * 3, bad_header_at=1), []
    for spec in (*OURS, REFERENCE, department_topics("ranqi")[0]):
        for partition in range(spec.partitions or settings.partitions):
            # the broker itself refuses what has no key on a compacted topic
            await send(
                settings,
                spec.name,
                [
                    (key, value, [])
                    for key, value in hostile.junk()
                    if key is not None or isinstance(spec.clean_up, Delete)
                ],
                partition,
            )
            await send_raw(settings, spec.name, partition, strange, 3)
    for topic in (INCIDENTS.name, COMMANDS.name):
        owed += await send(settings, topic, [(key, value, []) for key, value in hostile.junk() if value != b""], 2)
        first = await send_raw(settings, topic, 2, strange, 3)
        owed += [f"{topic}:2:{first + n}" for n in range(3)]
    return owed


def forged(home: str) -> bytes:
    """A decision that no stage of ours has written, sound in every member, with a task for a department that is
    none."""
    task = Task(
        id="f#nosuch#0",
        event="dispatched",
        department="nosuch",
        ticket=f"{home}-20261124-1",
        role="owner",
        at="2026-11-24T01:00:00Z",
    )
    event = Event("TaskDispatched", task.ticket, msgspec.to_builtins(task))
    return codec.encode(
        Decision(
            id=DecisionId("incidents:0:999999"),
            at=1,
            cause="incident",
            reason=Reason.REPORTED,
            home=home,
            events=(event,),
            why=Why(pack=None),
            engine="0",
        )
    )
