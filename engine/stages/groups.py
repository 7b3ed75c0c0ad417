"""Who takes part in the stages' consumer groups: what the broker says, whoever started them and wherever."""

import asyncio
import fcntl
import hashlib
import os
import re
import socket
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient

from engine.kafka import clients
from engine.kafka.driver_errors import KafkaFault
from engine.security.private_files import make_missing
from engine.settings import Settings
from engine.stages import STAGES

COORDINATOR_SECONDS = 10

KEEP_THEIR_PLACE = frozenset({"intake", "dispatch", "fanout"})
"""Stages whose topics are always the same. One that reads whatever matches a pattern would be given what it had, when
it comes again, and not what was added meanwhile."""


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


def place_of(stage: str, ready: Path | None) -> str | None:
    """Give the name under which the group knows this process again should it be killed: what it had is its own at
    once, and waits for no session to end.

    Only where it has a name on this machine that is its alone: two under one would take the place from each other. That
    is held by a lock beside its ready-file, which goes with the process.

    Args:
        stage: What it is.
        ready: Its ready-file, ``<name>.ready`` in the stack's folder; ``None``: it was given no name.
    """
    if ready is None or stage not in KEEP_THEIR_PLACE:
        return None
    try:
        make_missing(ready.parent)
        handle = os.open(ready.with_suffix(".place"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:  # a full disk, or one that is read only
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return _place(ready)


def _place(file: Path) -> str:
    """Give the place of a name in a folder on this machine, in letters that a broker takes."""
    folder = hashlib.sha256(os.fsencode(file.parent.resolve())).hexdigest()[:12]
    return re.sub(r"[^A-Za-z0-9._-]", "-", f"{file.stem}.{socket.gethostname()}.{folder}")[:200]


def _pid_in(settings: Settings, member: str) -> int | None:
    """Find who has a place of this folder: of a member that came again the broker goes on telling what the former
    called itself."""
    for file in (settings.data_dir / "run").glob("*.place"):
        if member.startswith(f"{_place(file)}-"):
            written = file.read_text(encoding="ascii", errors="replace")
            return int(written) if written.isdecimal() else None
    return None


async def members(settings: Settings) -> list[Member]:
    """List the members of every stage's group, stage by stage, by their pid."""
    admin = clients.admin(settings)
    try:
        await admin.start()
        return sorted(
            [member for stage in STAGES for member in await _of_stage(admin, settings, stage)],
            key=lambda m: (STAGES.index(m.stage), m.pid or 0),
        )
    finally:
        await admin.close()


async def _of_stage(admin: AIOKafkaAdminClient, settings: Settings, stage: str) -> list[Member]:
    found = []
    for response in await _described(admin, f"{settings.prefix}{stage}"):
        for group in response.groups:
            _, _, state, _, _, joined, *_ = group
            for member, client, _, _, assignment, *_ in joined:
                name, _, rest = client.partition(":")
                pid, _, host = rest.partition(":")
                known = name == stage and pid.isdecimal()
                whose = int(pid) if known and member.startswith(client) else _pid_in(settings, member)
                now = "opening" if state != "Stable" else "ready" if _has_partitions(assignment) else "idle"
                found.append(Member(stage, whose, host if known else client, state=now))
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
