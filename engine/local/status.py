"""What runs in a stack, and how far each stage is behind."""

import asyncio
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from engine import topic_admin
from engine.errors import StackNotFound
from engine.local.folder import StackFile, folder_of, read_stack, settings_of
from engine.local.groups import Member, members
from engine.local.lock import holder, same_process
from engine.reading import LogConsumer
from engine.reference import Reference
from engine.security import kafka_arguments, new_async_redis
from engine.settings import Settings, shown_url

FEW = 64
"""A gap this small may be nothing but transaction markers, one for each producer of a topic: it is read to be counted."""

INPUTS = {"intake": ("incidents.raw",), "dispatch": ("incidents", "commands"), "fanout": ("tickets.decisions",), "projector": ("tickets.decisions",)}


async def rows(data: Path | None) -> list[dict[str, Any]]:
    """List every process and server: ``name stage pid port state lag``; empty when nothing runs.

    What the folder's supervisor started is known by pid and begin; who else takes part, the groups say; servers are asked.
    """
    try:
        settings = settings_of(data)
    except StackNotFound:
        return []
    stack = read_stack(data)
    (lags, stopped), joined = await lags_and_stopped(settings), await _members(settings)
    found = _supervised(folder_of(data), stack, await _answers(settings)) if stack is not None and holder(folder_of(data)) is not None else []
    if stack is None or not (stack.own_kafka and stack.own_redis):
        found = [*_foreign(settings, stack, await _answers(settings)), *found]
    pids = {row["pid"] for row in found}
    found += [
        _row(f"{member.stage}@{member.host}", member.stage, member.pid, None, member.state) for member in joined if not (member.is_here and member.pid in pids)
    ]
    if all(row["stage"] == "server" for row in found) and not any(row["state"] == "ready" for row in found):
        return [] if stack is None or holder(folder_of(data)) is None else found
    return [row | {"lag": lags.get(row["stage"]), "state": _state(row["state"], stopped.get(row["stage"], 0))} for row in found]


def _state(state: str, stopped: int) -> str:
    """Say beside a process's state how many partitions of its stage cannot go on, by what is stored: the process may be gone."""
    return f"{state}, {stopped} stopped" if stopped else state


def _row(name: str, stage: str, pid: int | None, port: int | None, state: str) -> dict[str, Any]:
    return {"name": name, "stage": stage, "pid": pid, "port": port, "state": state, "lag": None}


def _supervised(folder: Path, stack: StackFile, answers: dict[str, bool]) -> list[dict[str, Any]]:
    found = []
    for name, entry in stack.processes.items():
        alive = same_process(entry["pid"], entry.get("since")) is not None
        ready = answers[name] if entry["stage"] == "server" else (folder / "run" / f"{name}.ready").exists()
        found.append(_row(name, entry["stage"], entry["pid"], entry["port"], "ended" if not alive else "ready" if ready else "opening"))
    return found


def _foreign(settings: Settings, stack: StackFile | None, answers: dict[str, bool]) -> list[dict[str, Any]]:
    """Servers that somebody else runs: only whether they answer is known."""
    theirs = [("kafka", stack is None or not stack.own_kafka), ("valkey", stack is None or not stack.own_redis)]
    return [_row(name, "server", None, None, "ready" if answers[name] else "away") for name, is_theirs in theirs if is_theirs]


async def _answers(settings: Settings) -> dict[str, bool]:
    """Ask both servers; an open port alone says nothing."""
    kafka = valkey = True
    try:
        await topic_admin.existing(settings)
    except (KafkaError, OSError):
        kafka = False
    try:
        async with new_async_redis(settings, socket_timeout=3, socket_connect_timeout=3) as client:
            await client.ping()
    except (RedisError, OSError):
        valkey = False
    return {"kafka": kafka, "valkey": valkey}


async def _members(settings: Settings) -> list[Member]:
    try:
        return await members(settings)
    except (KafkaError, OSError):
        return []


async def about(data: Path | None) -> str:
    """Say in one line which servers these are and which law is in force."""
    settings = settings_of(data)
    try:
        reference = Reference(settings)
        await reference.refresh()
        pack = reference.current or "none in force: 'gridwhistle pack publish'"
    except (KafkaError, OSError) as exc:
        pack = f"unknown, the broker does not answer: {exc}"
    return f"Kafka {settings.kafka}, Redis {shown_url(settings.redis_url)}, prefix {settings.prefix}, pack {pack}"


async def _lags(settings: Settings) -> dict[str, int]:
    return (await lags_and_stopped(settings))[0]


async def lags_and_stopped(settings: Settings) -> tuple[dict[str, int], dict[str, int]]:
    """Count the records each stage has not committed yet, and the partitions whose log no longer holds what comes next.

    Replies are left out, its inputs being many.
    """
    admin = AIOKafkaAdminClient(**kafka_arguments(settings))
    consumer = LogConsumer(**kafka_arguments(settings), isolation_level="read_committed", enable_auto_commit=False)
    try:
        await admin.start()
        await consumer.start()
        lags, stopped = {}, {}
        for stage, topics in INPUTS.items():
            tps = [TopicPartition(settings.prefix + topic, p) for topic in topics for p in range(settings.partitions)]
            ends = await consumer.end_offsets(tps)
            done = await admin.list_consumer_group_offsets(settings.prefix + stage)
            begins = {tp: done[tp].offset if tp in done else 0 for tp in tps}
            gaps = {tp: max(0, ends[tp] - begins[tp]) for tp in tps}
            holds = await consumer.beginning_offsets(tps)
            gone = {tp.partition for tp in tps if tp in done and done[tp].offset >= 0 and not holds[tp] <= done[tp].offset <= ends[tp]}
            stopped[stage] = len(gone)
            few = {tp: begins[tp] for tp, gap in gaps.items() if 0 < gap <= FEW}
            lags[stage] = sum(gap for tp, gap in gaps.items() if tp not in few) + await _readable(consumer, few, ends)
        return lags, stopped
    except (KafkaError, OSError):
        return {}, {}
    finally:
        await consumer.stop()
        await admin.close()


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
