"""A stack's folder: what lies where, who holds it, and how every command finds the stack by it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import StackBusy
from engine.settings import ENVIRONMENT, Settings, default_data_dir, load_settings


class StackFile(msgspec.Struct):
    """``stack.json``: what a stack is, kept between starts, and where it runs now."""

    pack: str
    kafka: str
    redis_url: str
    prefix: str = "gw."
    partitions: int = 6
    clock: str = ""
    """As given by ``--clock``; empty for live time."""
    port_base: int = 27000
    own_servers: bool = True
    processes: dict[str, dict[str, Any]] = {}
    """Name -> ``stage pid port`` of everything that runs."""
    started_at: float = 0.0


def folder_of(data: Path | None) -> Path:
    """Name the folder meant: the one given, the environment's, or the default."""
    chosen = os.environ.get(f"{ENVIRONMENT}DATA_DIR")
    return (data or (Path(chosen) if chosen else default_data_dir())).expanduser().absolute()


def read_stack(data: Path | None) -> StackFile | None:
    """Read ``stack.json``; ``None`` when there never was a stack here."""
    path = folder_of(data) / "stack.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=StackFile)
    except FileNotFoundError:
        return None


def write_stack(data: Path | None, stack: StackFile) -> None:
    """Write ``stack.json`` whole: a reader sees the old one or the new one."""
    path = folder_of(data) / "stack.json"
    scratch = path.with_suffix(".new")
    scratch.write_bytes(msgspec.json.format(msgspec.json.encode(stack)))
    scratch.replace(path)


def settings_of(data: Path | None) -> Settings:
    """Give the settings for a stack: its folder's, unless the environment says otherwise."""
    environ = dict(os.environ)
    folder, stack = folder_of(data), read_stack(data)
    found: dict[str, object] = {"DATA_DIR": folder}
    if stack is not None:
        found |= {"KAFKA": stack.kafka, "REDIS_URL": stack.redis_url, "PREFIX": stack.prefix, "PARTITIONS": stack.partitions}
        if stack.own_servers:
            found |= {"REPLICATION_FACTOR": 1, "MIN_INSYNC_REPLICAS": 1}
    given = {f"{ENVIRONMENT}{name}": str(value) for name, value in found.items()}
    return load_settings({**given, **{name: value for name, value in environ.items() if name.startswith(ENVIRONMENT)}})


def holder(data: Path | None) -> str | None:
    """Say who holds a folder's lock, or ``None`` when nobody does."""
    path = folder_of(data) / "lock"
    if not path.exists():
        return None
    with path.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            return file.read().strip() or "another process"


def holder_pid(data: Path | None) -> int | None:
    """Give the pid of who holds a folder, if it is held."""
    held = holder(data)
    return int(held.split()[1]) if held and held.split()[1:2] and held.split()[1].isdecimal() else None


@contextmanager
def held(data: Path | None, what: str) -> Iterator[Path]:
    """Hold a folder while the block runs; the lock file goes with it.

    Raises:
        StackBusy: Somebody else holds it; says who, and how to end it.
    """
    folder = folder_of(data)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    file = path.open("a+")
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise StackBusy(f"the folder {folder} is held by {who}; end it with 'gridwhistle down --data {folder}', or choose another --data") from None
        file.truncate(0)
        file.write(f"pid {os.getpid()} ({what})\n")
        file.flush()
        try:
            yield folder
        finally:
            path.unlink(missing_ok=True)
    finally:
        file.close()
