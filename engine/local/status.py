"""What runs in a stack, and how far each stage is behind."""

from pathlib import Path
from typing import Any

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from engine.local.folder import folder_of, holder, read_stack, settings_of
from engine.settings import Settings

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
    """Count what each stage has not committed yet; replies are left out, its inputs being many."""
    admin, consumer = AIOKafkaAdminClient(bootstrap_servers=settings.kafka), AIOKafkaConsumer(bootstrap_servers=settings.kafka)
    try:
        await admin.start()
        await consumer.start()
        lags = {}
        for stage, topics in INPUTS.items():
            tps = [TopicPartition(settings.prefix + topic, p) for topic in topics for p in range(settings.partitions)]
            ends = await consumer.end_offsets(tps)
            done = await admin.list_consumer_group_offsets(settings.prefix + stage)
            # a trailing transaction marker takes an offset of its own and is never consumed
            behind = (ends[tp] - (done[tp].offset if tp in done else 0) for tp in tps)
            lags[stage] = sum(gap for gap in behind if gap > 1)
        return lags
    except (KafkaError, OSError):
        return {}
    finally:
        await consumer.stop()
        await admin.close()
