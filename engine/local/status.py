"""What runs in a stack, and how far each stage is behind."""

import re
from pathlib import Path
from typing import Any

from engine.errors import DependencyDown, StackNotFound
from engine.kafka import topic_admin
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.reference import Reference
from engine.local.asked import Figures, figures_of
from engine.local.folder import StackFile, folder_of, read_stack, settings_of
from engine.local.lag import lags_and_stopped
from engine.local.lock import holder, left_behind, same_process
from engine.local.servers import listens
from engine.security.connections import new_async_redis
from engine.security.redis_faults import REDIS_AWAY
from engine.server_addresses import shown_url
from engine.settings import Settings
from engine.stages.groups import Member, members


async def rows(data: Path | None) -> list[dict[str, Any]]:
    """List every process and server: ``name stage pid port state lag``; empty when nothing runs.

    What the folder's supervisor started is known by pid and begin; who else takes part, the groups say; servers are
    asked.
    """
    unsupervised = _unsupervised(folder_of(data))
    try:
        settings = settings_of(data)
    except StackNotFound:
        return unsupervised
    stack = read_stack(data)
    (lags, stopped), joined = await lags_and_stopped(settings), await _members(settings)
    found = (
        _supervised(folder_of(data), stack, await _answers(settings))
        if stack is not None and holder(folder_of(data)) is not None
        else []
    )
    if stack is None or not (stack.own_kafka and stack.own_redis and stack.own_postgres):
        found = [*_foreign(settings, stack, await _answers(settings)), *found]
    pids = {row["pid"] for row in found}
    found += [
        _row(f"{member.stage}@{member.host}", member.stage, member.pid, None, member.state)
        for member in joined
        if not (member.is_here and member.pid in pids)
    ]
    if all(row["stage"] == "server" for row in found) and not any(row["state"] == "ready" for row in found):
        return unsupervised if stack is None or holder(folder_of(data)) is None else found
    asked = await figures_of(found, settings.http_address[0] if settings.http_address else None)
    return unsupervised + [
        row
        | {
            "lag": lags.get(row["stage"]),
            "state": _state(row["state"], stopped.get(row["stage"], 0), asked.get(row["name"], Figures())),
        }
        for row in found
    ]


def _unsupervised(folder: Path) -> list[dict[str, Any]]:
    """A supervisor that ended without a word is told as a process of its own."""
    silent = left_behind(folder)
    if silent is None:
        return []
    return [_supervisor(silent, "ended without a word")]


def _supervisor(said: str, state: str) -> dict[str, Any]:
    named = re.match(r"pid (\d+)", said)
    return _row("supervisor", "supervisor", int(named[1]) if named else None, None, state)


def supervisor(data: Path | None) -> list[dict[str, Any]]:
    """Tell the process that watches all others, where it runs: what it takes belongs to the stack."""
    said = holder(folder_of(data))
    return [] if said is None else [_supervisor(said, "ready")]


def _state(state: str, stopped: int, asked: Figures) -> str:
    """Say beside a process's state what is wrong: partitions of its stage that cannot go on, by what is stored or by
    itself; its clock; partitions nobody reads."""
    words = [state]
    if most := max(stopped, asked.stopped):
        words.append(f"{most} stopped")
    if asked.is_skewed:
        words.append(f"clock {asked.skew:+.1f} s off the broker's")
    if asked.unread:
        words.append(f"{asked.unread} partitions unread")
    return ", ".join(words)


def _row(name: str, stage: str, pid: int | None, port: int | None, state: str) -> dict[str, Any]:
    return {"name": name, "stage": stage, "pid": pid, "port": port, "state": state, "lag": None}


def _supervised(folder: Path, stack: StackFile, answers: dict[str, bool]) -> list[dict[str, Any]]:
    found = []
    for name, entry in stack.processes.items():
        alive = same_process(entry["pid"], entry.get("since")) is not None
        ready = _is_ready(name, entry, folder, answers)
        found.append(
            _row(
                name,
                entry["stage"],
                entry["pid"],
                entry["port"],
                "ended" if not alive else "ready" if ready else "opening",
            )
        )
    return found


def _is_ready(name: str, entry: dict[str, Any], folder: Path, answers: dict[str, bool]) -> bool:
    if entry["stage"] == "watch":
        return listens(entry["pid"], entry["port"])
    return answers[name] if entry["stage"] == "server" else (folder / "run" / f"{name}.ready").exists()


def _foreign(settings: Settings, stack: StackFile | None, answers: dict[str, bool]) -> list[dict[str, Any]]:
    """Servers that somebody else runs: only whether they answer is known."""
    theirs = [("kafka", stack is None or not stack.own_kafka), ("valkey", stack is None or not stack.own_redis)]
    theirs += [("postgres", bool(settings.database_url) and (stack is None or not stack.own_postgres))]
    return [
        _row(name, "server", None, None, "ready" if answers[name] else "away")
        for name, is_theirs in theirs
        if is_theirs
    ]


async def _answers(settings: Settings) -> dict[str, bool]:
    """Ask every server; an open port alone says nothing."""
    kafka = valkey = True
    try:
        await topic_admin.existing(settings)
    except (KafkaFault, OSError):
        kafka = False
    try:
        async with new_async_redis(settings, socket_timeout=3, socket_connect_timeout=3) as client:
            await client.ping()
    except REDIS_AWAY:
        valkey = False
    return {"kafka": kafka, "valkey": valkey, "postgres": await _archive_answers(settings)}


async def _archive_answers(settings: Settings) -> bool:
    if not settings.database_url:
        return False
    from engine.archive.store import Archive

    archive = Archive(settings)
    try:
        await archive.is_there()
        return True
    except DependencyDown:
        return False
    finally:
        await archive.close()


async def _members(settings: Settings) -> list[Member]:
    try:
        return await members(settings)
    except (KafkaFault, OSError):
        return []


async def about(data: Path | None) -> str:
    """Say in one line which servers these are and which law is in force."""
    settings = settings_of(data)
    try:
        reference = Reference(settings)
        await reference.refresh()
        pack = reference.current or "none in force: 'gridwhistle pack publish'"
    except (KafkaFault, OSError) as exc:
        pack = f"unknown, the broker does not answer: {exc}"
    archive = f", archive {shown_url(settings.database_url)}" if settings.database_url else ", no archive"
    return (
        f"Kafka {settings.kafka}, Redis {shown_url(settings.redis_url)}{archive}, prefix {settings.prefix}, pack {pack}"
    )
