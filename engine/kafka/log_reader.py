"""Reads a stack's topics from their beginning into a ``Log``, read_committed, without joining any group."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import ConsumerRecord, TopicPartition

from engine.kafka import clients
from engine.kafka.fetched_batches import Loose, Unreadable
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.log_snapshot import MARKER_KEY, Entry, Log
from engine.kafka.send_journal import read_journal
from topics.codec import decode
from topics.decision import Decision
from topics.departments import department_of, is_tasks
from topics.errors import GridwhistleError
from topics.registry import COMMANDS, DECISIONS, FANOUT_STATE, INCIDENTS, INTAKE_STATE, RAW, REFERENCE, REJECTED, STATE
from topics.rejected import Rejected
from topics.task import Task
from topics.ticket import Marker, Quota, Ticket
from topics.unreadable import UNREADABLE

if TYPE_CHECKING:
    from engine.settings import Settings

STATES = (INTAKE_STATE.name, STATE.name, FANOUT_STATE.name)
MARKERS_ALONE = frozenset({INTAKE_STATE.name, FANOUT_STATE.name})
"""Of these only the markers matter here."""

OTHERS = (REFERENCE.name, RAW.name, REJECTED.name, INCIDENTS.name, COMMANDS.name)

INPUTS = frozenset({RAW.name, INCIDENTS.name, COMMANDS.name})
"""Topics of which each offset is owed an answer, what cannot be read included."""

SETTLE_SECONDS = 0.5
"""A transaction's markers reach its partitions one after the other: ends seen this much later include all of it."""

STALLED_SECONDS = 30.0
"""Reading fails when nothing has come for so long: an open transaction or a dead broker holds it up."""


class NoStack(GridwhistleError):
    """There is nothing to audit at this address and prefix."""


class ReadingStalled(GridwhistleError):
    """The broker gives no more records before the end that it named."""


async def read_log(
    settings: "Settings",
    journals: Iterable[Path] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
    only: Collection[str] = (),
    starts: Mapping[tuple[str, int], int] | None = None,
) -> Log:
    """Read everything up to the ends seen at the start.

    The ends are taken in three steps, so that what one topic says has happened is surely on the next: first the
    decisions, then the states with the stages' positions, then all else (and the decisions again).

    Args:
        settings: Of the stack.
        journals: Files that senders wrote.
        progress: Told how many offsets of how many are behind us.
        only: Logical names of the topics to read, ``reference`` among them; empty: all.
        starts: By logical name and partition the offset from which on to read; missing: from the beginning.

    Raises:
        NoStack: There is no ``reference`` topic under this prefix.
        ReadingStalled: Records before a named end do not come.
        OSError, JournalDamaged: A journal cannot be read.
    """
    log = Log(journals=[entry for path in journals for entry in read_journal(path)])
    topics = await _topics(settings, only)
    async with KafkaLog(settings).reading([tp for tps in topics.values() for tp in tps]) as consumer:
        ends = await _ends(consumer, topics, settings.prefix, log)
        begins = {tp: (starts or {}).get((tp.topic.removeprefix(settings.prefix), tp.partition), 0) for tp in ends}
        await _read(consumer, ends, begins, settings.prefix, log, progress)
    for entries in log.entries.values():
        entries.sort(key=lambda entry: (entry.partition, entry.offset))
    return log


async def _topics(settings: "Settings", only: Collection[str]) -> dict[str, list[TopicPartition]]:
    """The stack's topics by logical name, each with its partitions."""
    wanted, prefix = set(only) or {*STATES, *OTHERS, DECISIONS.name}, settings.prefix
    admin = clients.admin(settings)
    await admin.start()
    try:
        names = [name.removeprefix(prefix) for name in await admin.list_topics() if name.startswith(prefix)]
        ours = [prefix + name for name in names if name in wanted or (not only and department_of(name))]
        if prefix + REFERENCE.name not in ours:
            raise NoStack(f"there is no topic {prefix}{REFERENCE.name}; bring the stack up with 'gridwhistle up'")
        described = await admin.describe_topics(ours)
    finally:
        await admin.close()
    return {
        topic["topic"].removeprefix(prefix): sorted(
            TopicPartition(topic["topic"], partition["partition"]) for partition in topic["partitions"]
        )
        for topic in described
    }


async def _ends(
    consumer: LogConsumer, topics: dict[str, list[TopicPartition]], prefix: str, log: Log
) -> dict[TopicPartition, int]:
    """Where to read to; see ``read_log`` for the order."""
    decisions = topics.get(DECISIONS.name, [])
    log.settled = (
        {tp.partition: end for tp, end in (await consumer.end_offsets(decisions)).items()} if decisions else {}
    )
    pause = SETTLE_SECONDS if decisions else 0
    await asyncio.sleep(pause)
    ends = dict(await consumer.end_offsets([tp for name in STATES for tp in topics.get(name, ())]))
    await asyncio.sleep(pause)
    rest = [tp for name, tps in topics.items() if name not in STATES for tp in tps]
    ends |= await consumer.end_offsets(rest)
    log.begins = {
        (tp.topic.removeprefix(prefix), tp.partition): begin
        for tp, begin in (await consumer.beginning_offsets(rest)).items()
    }
    log.ends = {(tp.topic.removeprefix(prefix), tp.partition): end for tp, end in ends.items()}
    for name in topics:
        log.entries[name] = []
    return ends


async def _read(
    consumer: LogConsumer, ends: dict[TopicPartition, int], begins: dict[TopicPartition, int], prefix: str, log: Log,
    progress: Callable[[int, int], None],
) -> None:  # fmt: skip
    for tp, begin in begins.items():
        if begin > log.begins.get((tp.topic.removeprefix(prefix), tp.partition), 0):
            consumer.seek(tp, min(begin, ends[tp]))
    waiting, total = set(ends), sum(ends.values())
    states: dict[str, dict[tuple[int, bytes | None], Entry]] = {name: {} for name in STATES if name in log.entries}
    behind = dict.fromkeys(ends, 0)
    moved_at = time.monotonic()
    while waiting:
        for tp, records in (await consumer.fetched(timeout_ms=200)).items():
            name = tp.topic.removeprefix(prefix)
            entries = [
                _entry(name, record) for record in records if record.offset < ends[tp] and _matters(name, record)
            ]
            # the newest of a key is what stands; compaction drops the others sooner or later, and they are most of it
            if name in states:
                states[name].update(((entry.partition, entry.key), entry) for entry in entries)
            else:
                log.entries[name] += entries
        for tp in list(waiting):
            position = await consumer.position(tp)
            if position != behind[tp]:
                behind[tp], moved_at = position, time.monotonic()
            if position >= ends[tp]:
                waiting.discard(tp)
                consumer.pause(tp)
        progress(sum(min(position, ends[tp]) for tp, position in behind.items()), total)
        if waiting and time.monotonic() - moved_at > STALLED_SECONDS:
            raise ReadingStalled(
                f"{min(waiting).topic}: nothing came for {STALLED_SECONDS:.0f} s, {len(waiting)} partitions are not"
                " read to their end"
            )
    log.entries.update({name: list(newest.values()) for name, newest in states.items()})


def _matters(name: str, record: ConsumerRecord) -> bool:
    if type(record) is Unreadable and name not in INPUTS:
        return False  # nobody decides it; the stages that read it have told of it
    if type(record) is Loose and (kind := _ours(name, record.key or b"")) is not None and not _is(kind, record.value):
        return False  # a stranger's junk, which every stage passes by and tells of
    return name not in MARKERS_ALONE or record.key == MARKER_KEY


_STATE = {b"t:": Ticket, b"q:": Quota, MARKER_KEY: Marker}


def _ours(name: str, key: bytes) -> type[Any] | None:
    """What a record must be on a topic that our stages alone write; ``None``: this audit takes it as it is."""
    if name in STATES:
        return _STATE.get(key[:2])
    if is_tasks(name):
        return Task
    return {DECISIONS.name: Decision, REJECTED.name: Rejected}.get(name)


def _is(kind: type[Any], value: bytes | None) -> bool:
    if value is None:
        return kind is Ticket  # a tombstone forgets a ticket
    try:
        decode(value, kind)
    except (*UNREADABLE, ValueError):
        return False
    return True


def _entry(name: str, record: ConsumerRecord) -> Entry:
    if type(record) is Unreadable:
        return Entry(
            name,
            record.partition,
            record.offset,
            key=record.key,
            value=record.value,
            headers=(),
            appended_ms=record.timestamp,
            unreadable=record.why,
            first=record.first,
            loose=record.loose,
        )
    return Entry(
        name,
        record.partition,
        record.offset,
        key=record.key,
        value=record.value,
        headers=record.headers,
        appended_ms=record.timestamp,
        loose=type(record) is Loose,
    )
