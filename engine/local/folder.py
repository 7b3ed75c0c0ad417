"""A stack's folder: what lies where, who holds it, and how every command finds the stack by it (DESIGN 9)."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from engine.errors import InvalidSettings, StackNotFound
from engine.local.lock import holder
from engine.local.postgres import DATABASE, USER
from engine.local.reset import MARK, OURS
from engine.local.told_paths import demand_nameable
from engine.security.private_files import demand_folder, make_folder, read_whole, write_once, write_whole
from engine.settings import ENVIRONMENT, Settings, default_data_dir, load_settings
from topics.unreadable import UNREADABLE

SOCKET_PATH_BYTES = 100
"""The kernel takes 107 for the path of a Unix socket; where the folder's is longer, the loopback takes its place."""


class StackFile(msgspec.Struct):
    """``stack.json``: what a stack is, kept between starts, and where it runs now."""

    pack: str
    """The shipped pack or the absolute path that the first ``up`` published; the log says which one is in force."""
    kafka: str
    redis_url: str
    prefix: str = "gw."
    partitions: int = 6
    clock: str = ""
    """As given by ``--clock``; empty for live time."""
    port_base: Annotated[int, msgspec.Meta(ge=1024, le=64_900)] = 27000
    own_servers: bool = True
    """As written before each server had its own word."""
    processes: dict[str, dict[str, Any]] = {}
    """Name -> ``stage pid since port`` of everything that runs."""
    started_at: float = 0.0
    own_kafka: bool | None = None
    own_redis: bool | None = None
    replication_factor: int = 0
    min_insync_replicas: int = 0
    in_force: str = ""
    """``<name>@<hash>`` of the pack in force when last seen; empty until a first ``up`` has published one."""
    settled: bool = True
    """False until a first ``up`` has put a pack in force: one that failed binds nobody."""
    demo: bool = False
    archive: bool = True
    """Whether there is one; a folder of before there was gets it at its next start, from the log."""
    database_url: str = ""
    """Somebody else's PostgreSQL; empty: our own."""

    @property
    def own_postgres(self) -> bool:
        """Whether the folder's own PostgreSQL holds the archive."""
        return self.archive and not self.database_url

    def __post_init__(self) -> None:
        """Fill in what an older version did not write."""
        self.own_kafka = self.own_servers if self.own_kafka is None else self.own_kafka
        self.own_redis = self.own_servers if self.own_redis is None else self.own_redis
        self.replication_factor = self.replication_factor or (
            1 if self.own_kafka else Settings.model_fields["replication_factor"].default
        )
        self.min_insync_replicas = self.min_insync_replicas or (
            1 if self.own_kafka else Settings.model_fields["min_insync_replicas"].default
        )


def folder_of(data: Path | None) -> Path:
    """Name the folder meant: the one given, the environment's, or the default.

    Raises:
        InvalidSettings: It lies in the home of a user that there is not, or there is no home for the default.
    """
    chosen = os.environ.get(f"{ENVIRONMENT}DATA_DIR")
    folder = data or (Path(chosen) if chosen else default_data_dir())
    try:
        return folder.expanduser().absolute()
    except RuntimeError:
        raise InvalidSettings(
            f"{folder} begins with the home of a user that this machine does not know; write the path out"
        ) from None


def take_folder(data: Path | None) -> Path:
    """Make a folder for a stack, 0700, and mark it as ours; one that is there must be empty or ours already.

    Raises:
        InvalidSettings: A link, another user's, full of something else, or of a name that a server cannot be told.
    """
    folder = folder_of(data)
    demand_nameable(folder)
    if os.path.lexists(folder):
        demand_folder(folder)  # its mode stays until we know that it is ours
    else:
        make_folder(folder)
    if not any((folder / name).exists() for name in (MARK, "stack.json")):
        # keys that were brought here are welcome; a folder may have any program's data in it, which reset would delete
        others = sorted(path.name for path in folder.iterdir() if path.name not in OURS or path.is_dir())
        if others:
            raise InvalidSettings(
                f"{folder} is no stack's folder and is not empty ({', '.join(others[:3])} …); choose another --data, or"
                " an empty folder"
            )
        write_once(folder / MARK, b"made by gridwhistle; 'gridwhistle reset' deletes what it made here\n")
    return make_folder(folder)


def use_folder(data: Path | None) -> Path:
    """Make and mark a folder that is missing; one that is there must be our own, and may hold anything."""
    folder = folder_of(data)
    if not os.path.lexists(folder):
        return take_folder(data)
    demand_folder(folder)
    return folder


def read_stack(data: Path | None) -> StackFile | None:
    """Read ``stack.json``; ``None`` when there never was a stack here.

    Raises:
        InvalidSettings: It cannot be read as one; names the file.
    """
    path = folder_of(data) / "stack.json"
    try:
        return msgspec.json.decode(read_whole(path), type=StackFile)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (*UNREADABLE, OSError) as exc:
        raise InvalidSettings(f"{path} cannot be read: {exc}; restore it, or choose another --data") from exc


def write_stack(data: Path | None, stack: StackFile) -> None:
    """Write ``stack.json`` whole: a reader sees the old one or the new one."""
    write_whole(folder_of(data) / "stack.json", msgspec.json.format(msgspec.json.encode(stack)))


def remember_pack(data: Path | None, ref: str) -> None:
    """Note the pack in force, so that an ``up`` with another one is refused before anything starts."""
    stack = read_stack(data)
    if stack is not None and stack.in_force != ref:
        stack.in_force = ref
        write_stack(data, stack)


def socket_of(folder: Path) -> Path | None:
    """Name Valkey's socket; ``None`` where the path is too long for one."""
    path = folder / "run" / "valkey.sock"
    return path if len(os.fsencode(path)) <= SOCKET_PATH_BYTES else None


def password_of(folder: Path, name: str = "redis.password") -> str:
    """Read the password of a server of the folder's own, made at the first call."""
    path = folder / name
    if not path.exists() or not path.stat().st_size:
        write_once(path, os.urandom(24).hex().encode())
    return read_whole(path).decode().strip()


def redis_of(folder: Path, stack: StackFile) -> str:
    """Give the address of a stack's Redis, password included; for our own that is kept in the folder alone."""
    if not stack.own_redis:
        return stack.redis_url
    password, socket = password_of(folder), socket_of(folder)
    return (
        f"redis://:{password}@127.0.0.1:{stack.port_base + 2}/0"
        if socket is None
        else f"unix://{quote(str(socket))}?db=0&password={password}"
    )


POSTGRES_PORT, GATEWAY_PORT = 4, 5
"""Above the folder's first port; its socket is named by it."""


def postgres_sockets(folder: Path) -> Path | None:
    """Name the folder of PostgreSQL's socket; ``None`` where the path is too long for one."""
    path = folder / "run"
    return path if len(os.fsencode(path / ".s.PGSQL.00000")) <= SOCKET_PATH_BYTES else None


def database_of(folder: Path, stack: StackFile) -> str:
    """Give the address of a stack's archive, password included; for our own that is kept in the folder alone."""
    if not stack.own_postgres:
        return stack.database_url if stack.archive else ""
    sockets, port = postgres_sockets(folder), stack.port_base + POSTGRES_PORT
    who = f"postgresql://{USER}:{password_of(folder, 'postgres.password')}"
    return (
        f"{who}@127.0.0.1:{port}/{DATABASE}"
        if sockets is None
        else f"{who}@/{DATABASE}?host={quote(str(sockets))}&port={port}"
    )


def settings_for(folder: Path, stack: StackFile, environ: Mapping[str, str] = os.environ) -> Settings:
    """Give the settings of a folder's stack; the environment adds to them.

    Raises:
        InvalidSettings: The environment names another broker, Redis, prefix or number than the folder; or cannot be
            used.
    """
    known: dict[str, object] = {
        "KAFKA": stack.kafka,
        "REDIS_URL": redis_of(folder, stack),
        "DATABASE_URL": database_of(folder, stack),
        "PREFIX": stack.prefix,
        "PARTITIONS": stack.partitions,
        "REPLICATION_FACTOR": stack.replication_factor,
        "MIN_INSYNC_REPLICAS": stack.min_insync_replicas,
    }
    given = {name: environ[f"{ENVIRONMENT}{name}"] for name in known if f"{ENVIRONMENT}{name}" in environ}
    other = [f"{ENVIRONMENT}{name}" for name, value in given.items() if value != str(known[name])]
    theirs = (
        *((["KAFKA_TLS", "KAFKA_SASL"]) if stack.own_kafka else []),
        *(["REDIS_USER", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE"] if stack.own_redis else []),
        *(["DATABASE_PASSWORD", "DATABASE_PASSWORD_FILE"] if stack.own_postgres else []),
    )
    other += [f"{ENVIRONMENT}{name}" for name in theirs if environ.get(f"{ENVIRONMENT}{name}")]
    if other:
        raise InvalidSettings(
            f"the stack in {folder} has its own {', '.join(other)}, and the environment another; unset it there, or"
            " choose another --data"
        )
    return load_settings(
        {
            f"{ENVIRONMENT}GATEWAY_BIND": f"127.0.0.1:{stack.port_base + GATEWAY_PORT}",
            **environ,
            **{f"{ENVIRONMENT}{name}": str(value) for name, value in known.items()},
            f"{ENVIRONMENT}DATA_DIR": str(folder),
        }
    )


def settings_of(data: Path | None) -> Settings:
    """Find the stack a command is meant for: the folder's; the environment's where no folder was named and it has none.

    Raises:
        StackNotFound: There is no stack in the folder, or its own broker does not run: whatever listens on its port is
            another's.
        InvalidSettings: Folder and environment contradict each other.
    """
    folder, stack = folder_of(data), read_stack(data)
    if stack is None:
        if data is None and f"{ENVIRONMENT}KAFKA" in os.environ:
            return settings_without_stack(data)
        raise StackNotFound(
            f"there is no stack in {folder}; name its folder with --data, start one with 'gridwhistle"
            f" up{naming(data)}', or set GRIDWHISTLE_KAFKA for servers of your own"
        )
    if stack.own_kafka and holder(folder) is None:
        raise StackNotFound(f"the stack in {folder} does not run; start it with 'gridwhistle up{naming(data)}'")
    return settings_for(folder, stack)


def settings_without_stack(data: Path | None) -> Settings:
    """Give the environment's settings, for what must answer where there is no stack."""
    return load_settings({**os.environ, f"{ENVIRONMENT}DATA_DIR": str(folder_of(data))})


def naming(data: Path | None) -> str:
    """Say ``--data`` again where it was said, for hints that can be pasted."""
    return f" --data {shlex.quote(str(data))}" if data is not None else ""
