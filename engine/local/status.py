"""What runs in a stack, and how far each stage is behind."""

import asyncio
from pathlib import Path
from typing import Any

import psutil
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from engine.local.folder import folder_of, holder, read_stack, settings_of
from engine.reading import LogConsumer
from engine.settings import Settings

FEW = 64
"""A gap this small may be nothing but transaction markers, one for each producer of a topic: it is read to be counted."""

INPUTS = {"intake": ("incidents.raw",), "dispatch": ("incidents", "commands"), "fanout": ("tickets.decisions",), "projector": ("tickets.decisions",)}


async def rows(data: Path | None) -> list[dict[str, Any]]:
    """List every process and server: ``name stage pid port state lag``; empty when nothing runs."""
    stack = read_stack(data)
    if stack is None or holder(data) is None:
        return []
    lags = await _lags(settings_of(data))
    found = []
    for name, entry in stack.processes.items():
        alive = entry["pid"] is not None and psutil.pid_exists(entry["pid"])
        is_stage = entry["stage"] != "server"
        ready = not is_stage or (folder_of(data) / "run" / f"{name}.ready").exists()
        state = "ended" if not alive else "ready" if ready else "opening"
        found.append({"name": name, "stage": entry["stage"], "pid": entry["pid"], "port": entry["port"], "state": state, "lag": lags.get(entry["stage"])})
    return found


async def _lags(settings: Settings) -> dict[str, int]:
    """Count the records each stage has not committed yet; replies are left out, its inputs being many."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    consumer = LogConsumer(bootstrap_servers=settings.kafka, isolation_level="read_committed", enable_auto_commit=False)
    try:
        await admin.start()
        await consumer.start()
        lags = {}
        for stage, topics in INPUTS.items():
            tps = [TopicPartition(settings.prefix + topic, p) for topic in topics for p in range(settings.partitions)]
            ends = await consumer.end_offsets(tps)
            done = await admin.list_consumer_group_offsets(settings.prefix + stage)
            begins = {tp: done[tp].offset if tp in done else 0 for tp in tps}
            gaps = {tp: max(0, ends[tp] - begins[tp]) for tp in tps}
            few = {tp: begins[tp] for tp, gap in gaps.items() if 0 < gap <= FEW}
            lags[stage] = sum(gap for tp, gap in gaps.items() if tp not in few) + await _readable(consumer, few, ends)
        return lags
    except (KafkaError, OSError):
        return {}
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
