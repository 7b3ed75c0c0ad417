"""A disk that is full, of a server or under a stage: nothing that was acknowledged is lost, and all go on once there is
room."""

import asyncio
import ctypes
import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from engine.archive.store import Archive
from engine.cli.archive import _rebuild
from engine.local import servers as local
from engine.local.lag import lags_and_stopped
from tests.faults.conftest import Tell
from tests.faults.trial import ALL, PATIENCE, Trial, trial
from tests.support.rig import eventually

SEED, FULL_SECONDS = 20260310, 10


@contextmanager
def no_room(*pids: int) -> Iterator[None]:
    """No file of these processes may grow: a quota of our own, that needs no right to mount anything."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            if Path(f"/proc/{pid}").exists():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def limited(pid: int) -> bool:
    """Whether this user may set a quota for a process: of another user's (PostgreSQL runs as nobody where we are root)
    only with CAP_SYS_RESOURCE."""
    try:
        resource.prlimit(pid, resource.RLIMIT_FSIZE)
    except PermissionError:
        return False
    return True


def mounted(folder: Path, megabytes: int) -> bool:
    """Put a small file system into a folder, where this user may."""
    folder.mkdir(parents=True)
    mount = ctypes.CDLL(None, use_errno=True).mount
    done: int = mount(b"none", bytes(folder), b"tmpfs", 0, f"size={megabytes}m".encode())
    return done == 0


def unmounted(folder: Path) -> None:
    """Take it away again."""
    ctypes.CDLL(None).umount2(bytes(folder), 2)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Take all room that is left there."""
    ballast = folder / "ballast"
    with ballast.open("wb") as out:
        try:
            while True:
                out.write(b"\0" * 65536)
                out.flush()
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


async def bring_back(t: Trial) -> None:
    """Start what ended of the servers, as the supervisor would, and the stages."""
    assert t.valkey is not None
    if t.brokers[0].server.process.poll() is not None:
        t.faults["Kafka ended"] += 1
        await asyncio.to_thread(t.brokers[0].start)
    if t.valkey.process.poll() is not None:
        t.faults["Valkey ended"] += 1
        t.valkey = local.valkey(t.valkey_folder, t.valkey.port, t.valkey_folder / "log")
        t.valkey.wait_ready(PATIENCE)
    if t.database is not None and t.database.server.process.poll() is not None:
        t.faults["PostgreSQL ended"] += 1
        await asyncio.to_thread(t.database.start)
    t.revive()


async def archive_is_the_log(t: Trial) -> None:
    """It has come to the end of the log, holds each decision once, and the log makes the same again."""

    async def came_to_the_end() -> bool:
        return (await lags_and_stopped(t.settings))[0].get("archive") == 0

    await eventually(came_to_the_end, PATIENCE, "everything is in the archive", every=1.0)
    archive = Archive(t.settings)
    try:
        assert (await archive.counts())["decisions"] == len(t.ledger.decisions)
        assert await _rebuild(t.settings)
    finally:
        await archive.close()


async def under_stages(t: Trial) -> None:
    """Each in turn has no room; dispatch is killed and started again while it has none."""
    for stage in (*ALL, "archive"):
        with no_room(t.rig.workers[f"{stage}-1"].process.pid):
            await asyncio.sleep(FULL_SECONDS / 2)
            t.kill(f"{stage}-1") if stage == "dispatch" else None
            t.revive()
            await asyncio.sleep(FULL_SECONDS / 2)
        t.revive()
        await t.going(30, within=PATIENCE)


async def under_servers(t: Trial) -> None:
    """Each in turn has no room, until a stage that stands on it says that it is not ready."""
    valkey, database, kafka = t.valkey, t.database, t.brokers[0].server
    assert valkey is not None and database is not None
    cases: list[tuple[Callable[[], list[int]], str]] = [
        (lambda: [valkey.process.pid], "projector-1"),
        (lambda: database.pids, "archive-1"),
        (lambda: [kafka.process.pid], "dispatch-1"),
    ]
    for pids, hit in cases:
        if not limited(pids()[0]):
            continue
        t.faults[f"quota under what {hit} stands on"] += 1
        with no_room(*pids()):
            await asyncio.sleep(FULL_SECONDS)
            await t.not_ready(hit)
        await bring_back(t)
        await t.going(30, within=PATIENCE)


@pytest.mark.long
async def test_disk_full(tell: Tell) -> None:
    """For 10 s each: under every stage, under Valkey, Kafka and PostgreSQL; by a quota, and on a file system of its own
    where one may be mounted."""
    async with trial(SEED, rate=15, stages=(*ALL, "archive")) as t:
        await under_stages(t)
        await under_servers(t)
        async with on_a_small_disk(t) as place:
            if place is not None:
                with filled(place):
                    t.faults["tmpfs full"] += 1
                    await asyncio.sleep(FULL_SECONDS)
                    await t.not_ready("dispatch-1")
                await bring_back(t)
                await t.going(30, within=PATIENCE)
            assert t.faults["quota under what projector-1 stands on"] == 1
            assert t.faults["quota under what dispatch-1 stands on"] == 1
            await t.judged(within=PATIENCE)
            await archive_is_the_log(t)
    tell(
        t, f"no room for {FULL_SECONDS} s and more under 6 stages, Valkey, Kafka"
        + (", PostgreSQL" if t.faults["quota under what archive-1 stands on"] else "") + " by RLIMIT_FSIZE"
        + (f"; Kafka and Valkey on a full tmpfs {t.faults['tmpfs full']} times" if t.faults["tmpfs full"] else ""),
        alarms=", ".join(sorted(t.alarms)), kafka_ended=t.faults["Kafka ended"], valkey_ended=t.faults["Valkey ended"],
        postgresql_ended=t.faults["PostgreSQL ended"],
    )  # fmt: skip


@asynccontextmanager
async def on_a_small_disk(t: Trial) -> AsyncIterator[Path | None]:
    """Move Kafka and Valkey onto a file system of 200 MB, where this user may mount one."""
    place = t.folder / "small"
    if not mounted(place, 200):
        yield None
        return
    try:
        assert t.valkey is not None
        await asyncio.to_thread(t.brokers[0].server.stop, 15)
        t.valkey.stop()
        await asyncio.to_thread(_move, t.brokers[0].folder, place / "kafka")
        await asyncio.to_thread(_move, t.valkey_folder, place / "valkey")
        t.brokers[0].folder, t.valkey_folder = place / "kafka", place / "valkey"
        await bring_back(t)
        t.faults["Kafka ended"] -= 1
        t.faults["Valkey ended"] -= 1
        await t.going(30, within=PATIENCE)
        yield place
    finally:
        t.brokers[0].server.kill()
        if t.valkey is not None:
            t.valkey.kill()
        unmounted(place)


def _move(source: Path, target: Path) -> None:
    """Copy with holes, which the broker's indexes mostly are, then take the source away."""
    subprocess.run(["cp", "-a", "--sparse=always", str(source), str(target)], check=True)
    shutil.rmtree(source)
