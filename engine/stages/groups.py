"""Who takes part in the stages' consumer groups: what the broker says, whoever started them and wherever."""

import asyncio
import os
import socket
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient

from engine.kafka import clients
from engine.kafka.driver_errors import KafkaFault
from engine.settings import Settings
from engine.stages import STAGES

COORDINATOR_SECONDS = 10


class Member(NamedTuple):
    """One process in a stage's group."""

    stage: str
    pid: int | None
    host: str
    state: str
    """``ready`` with partitions of its own in a settled group, ``idle`` without any, else ``opening``."""

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine."""
        return self.host == socket.gethostname()


def client_id(stage: str) -> str:
    """Name this process towards the broker."""
    return f"{stage}:{os.getpid()}:{socket.gethostname()}"


async def members(settings: Settings) -> list[Member]:
    """List the members of every stage's group, stage by stage, by their pid."""
    admin = clients.admin(settings)
    try:
        await admin.start()
        return sorted(
            [member for stage in STAGES for member in await _of_stage(admin, settings.prefix, stage)],
            key=lambda m: (STAGES.index(m.stage), m.pid or 0),
        )
    finally:
        await admin.close()


async def _of_stage(admin: AIOKafkaAdminClient, prefix: str, stage: str) -> list[Member]:
    found = []
    for response in await _described(admin, f"{prefix}{stage}"):
        for group in response.groups:
            _, _, state, _, _, joined, *_ = group
            for _, client, _, _, assignment, *_ in joined:
                name, _, rest = client.partition(":")
                pid, _, host = rest.partition(":")
                known = name == stage and pid.isdecimal()
                now = "opening" if state != "Stable" else "ready" if _has_partitions(assignment) else "idle"
                found.append(Member(stage, int(pid) if known else None, host if known else client, state=now))
    return found


async def _described(admin: AIOKafkaAdminClient, group: str) -> list[Any]:
    """A broker that never had a group makes its coordinator at the first question, and has none for a moment."""
    until = asyncio.get_running_loop().time() + COORDINATOR_SECONDS
    while True:
        try:
            return list(await admin.describe_consumer_groups([group]))
        except KafkaFault as exc:
            if not exc.retriable or asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(0.2)


def _has_partitions(assignment: bytes) -> bool:
    """Version (2 bytes), then the number of topics (4 bytes)."""
    return len(assignment) >= 6 and int.from_bytes(assignment[2:6], "big") > 0
