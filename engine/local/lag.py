"""How far each stage has come by its own records, and which partitions cannot go on: the groups' offsets expire after 7
idle days (DESIGN 5.3)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from aiokafka import TopicPartition

from engine.errors import DependencyDown
from engine.kafka import clients, topic_admin
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.fetched_batches import Loose
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.read_to_end import to_end
from engine.kafka.reference import last_decided, last_records
from engine.settings import Settings
from engine.stages import stages_of
from engine.stages.outputs import outputs_of
from engine.stream.begun import has_begun
from engine.stream.positions import MARKER, nothing_lost
from engine.views.folded_last import folded_last
from engine.views.redis_view import RedisView
from engine.views.same_log import of_another
from topics import codec
from topics.departments import department_of
from topics.registry import COMMANDS, DECISIONS, FANOUT_STATE, INCIDENTS, INTAKE_STATE, RAW, REPLIES_STATE, STATE
from topics.ticket import Marker
from topics.unreadable import UNREADABLE

FEW = 64
"""A gap this small may be nothing but transaction markers, one for each producer of a topic: it is read to be counted.
"""

INPUTS = {
    "intake": (RAW.name,),
    "dispatch": (INCIDENTS.name, COMMANDS.name),
    "fanout": (DECISIONS.name,),
    "projector": (DECISIONS.name,),
    "archive": (DECISIONS.name,),
}

STATES = {"intake": INTAKE_STATE, "dispatch": STATE, "fanout": FANOUT_STATE}
"""Stage -> where its partitions write their markers, last in each transaction."""

Place = tuple[str, int]
"""Logical topic and partition."""


async def lags_and_stopped(settings: Settings) -> tuple[dict[str, int], dict[str, int]]:
    """Count the records each stage has not decided yet, and its partitions that cannot go on, by what is stored: the
    processes may be gone.

    Of replies, whose inputs are many, only what is stopped is told.
    """
    try:
        if settings.prefix + RAW.name not in await topic_admin.existing(settings):
            return {}, {}  # nothing was made here yet, and a broker is asked for what it has not for 40 s
    except (KafkaFault, OSError):
        return {}, {}
    consumer = clients.watcher(settings)
    try:
        await consumer.start()
        lags: dict[str, int] = {}
        stopped: dict[str, int] = {}
        for stage in [name for name in stages_of(settings) if name in INPUTS]:
            lags[stage], stopped[stage] = await _of_stage(settings, consumer, stage)
        stopped["replies"] = len(await _lost(settings, consumer, await _replies(settings)))
        return lags, stopped
    except (KafkaFault, OSError):
        return {}, {}
    finally:
        await consumer.stop()


async def _of_stage(settings: Settings, consumer: LogConsumer, stage: str) -> tuple[int, int]:
    # before the markers, which are never older
    decided = await last_decided(KafkaLog(settings), range(settings.partitions)) if stage == "dispatch" else []
    markers = await _markers(settings, stage) if stage in STATES else {}
    stood = (
        {(topic, n): marker.positions.get(topic, 0) for n, marker in markers.items() for topic in INPUTS[stage]}
        if stage in STATES
        else await (_projected(settings) if stage == "projector" else _archived(settings))
    )
    tps = [TopicPartition(settings.prefix + topic, p) for topic in INPUTS[stage] for p in range(settings.partitions)]
    ends = await consumer.end_offsets(tps)
    begins = {tp: stood.get((tp.topic.removeprefix(settings.prefix), tp.partition), 0) for tp in tps}
    gaps = {tp: max(0, ends[tp] - begins[tp]) for tp in tps}
    few = {tp: begins[tp] for tp, gap in gaps.items() if 0 < gap <= FEW}
    lag = sum(gap for tp, gap in gaps.items() if tp not in few) + await _readable(consumer, few, ends)
    # these make up from the state for what the log no longer tells: nothing stops them
    gone = (
        set()
        if stage in ("projector", "archive")
        else {partition for _, partition in await _lost(settings, consumer, stood)}
    )
    gone |= {n for n, at in decided if n in markers and at > markers[n].at}  # the state is older than the log
    gone |= await _begun(settings, consumer, stage, markers)
    gone |= await _of_another_log(settings) if stage == "projector" else set()
    return lag, len(gone)


async def _begun(settings: Settings, consumer: LogConsumer, stage: str, markers: Mapping[int, Marker]) -> set[int]:
    """Partitions that have lost their marker: they would begin anew."""
    if stage not in STATES:
        return set()
    log, outputs = KafkaLog(settings), partial(outputs_of, stage, settings)
    return {
        n
        for n in range(settings.partitions)
        if n not in markers and await has_begun(log, consumer, STATES[stage], n, settings.partitions, outputs)
    }


async def _markers(settings: Settings, stage: str) -> dict[int, Marker]:
    """The last marker of each partition; a stranger's, written outside of any transaction, is none."""
    last = await last_records(
        KafkaLog(settings),
        STATES[stage].name,
        range(settings.partitions),
        lambda record: record.key == MARKER and type(record) is not Loose,
    )
    found = {}
    for number, record in last:
        try:
            found[number] = codec.decode(record.value, Marker)
        except UNREADABLE:
            continue  # of a newer engine, or damaged: the stage says so itself
    return found


async def _projected(settings: Settings) -> dict[Place, int]:
    """The view itself remembers; where Redis is away, what was committed to the group last."""
    view = RedisView(settings)
    try:
        return {(DECISIONS.name, number): at for number, at in (await view.positions()).items()}
    except DependencyDown:
        return await _committed(settings, "projector")
    finally:
        await view.close()


async def _of_another_log(settings: Settings) -> set[int]:
    """Partitions of the view that were made from another log than is there; where Redis is away nobody knows."""
    view = RedisView(settings)
    try:
        found = {n: last for n in range(settings.partitions) if (last := await folded_last(view, n)) is not None}
        return await of_another(KafkaLog(settings), found)
    except DependencyDown:
        return set()
    finally:
        await view.close()


async def _archived(settings: Settings) -> dict[Place, int]:
    """The archive itself remembers; where it is away, what was committed to the group last."""
    from engine.archive.store import Archive

    archive = Archive(settings)
    try:
        there = await archive.is_there()
        return {(DECISIONS.name, number): at for number, at in (await archive.positions()).items()} if there else {}
    except DependencyDown:
        return await _committed(settings, "archive")
    finally:
        await archive.close()


async def _committed(settings: Settings, stage: str) -> dict[Place, int]:
    admin = clients.admin(settings)
    try:
        await admin.start()
        done = await admin.list_consumer_group_offsets(settings.prefix + stage)
        return {(tp.topic.removeprefix(settings.prefix), tp.partition): max(0, at.offset) for tp, at in done.items()}
    finally:
        await admin.close()


async def _replies(settings: Settings) -> dict[Place, int]:
    """Where each partition of each department's replies stands."""
    found: dict[Place, int] = {}
    async for records in to_end(KafkaLog(settings), REPLIES_STATE.name, range(settings.partitions)):
        for record in records:
            with suppress(*UNREADABLE):
                for slot, at in codec.decode(record.value or b"", Marker).positions.items():
                    topic, _, partition = slot.rpartition(":")
                    if partition.isdecimal() and department_of(topic):
                        found[topic, int(partition)] = at
    return found


async def _lost(settings: Settings, consumer: LogConsumer, stood: Mapping[Place, int]) -> set[Place]:
    """Partitions of which something unread may be gone: the rule of each opening, asked from outside."""
    tps = {TopicPartition(settings.prefix + topic, partition): (topic, partition) for topic, partition in stood}
    if not tps:
        return set()
    begins, ends = await consumer.beginning_offsets(list(tps)), await consumer.end_offsets(list(tps))
    return {place for tp, place in tps.items() if not nothing_lost(place[0], stood[place], begins[tp], ends[tp])}


async def _readable(consumer: LogConsumer, begins: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> int:
    """Count what can be read between two offsets: markers and aborted records take offsets and are never consumed."""
    if not begins:
        return 0
    consumer.assign(list(begins))
    for tp, begin in begins.items():
        consumer.seek(tp, begin)
    count: int = 0
    left = set(begins)
    until = asyncio.get_running_loop().time() + 2.0
    while left and asyncio.get_running_loop().time() < until:
        for tp, records in (await consumer.getmany(*left, timeout_ms=100)).items():
            count += len([record for record in records if record.offset < ends[tp]])
        left = {tp for tp in left if await consumer.position(tp) < ends[tp]}
    # what an open transaction still hides counts as well: it is behind, and will be seen
    hidden: int = sum([ends[tp] - await consumer.position(tp) for tp in left])
    return count + hidden
