"""Who holds a stack's folder: one process, by a lock that goes with it, known by pid and the moment it began."""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import psutil

from engine.errors import StackBusy
from engine.security.private_files import opener, read_whole

TRY_SECONDS = 1.0
"""A reader that looks whether a folder is held holds it itself for a moment."""

ORPHAN_SECONDS = 5.0
"""The kernel ends the children of a killed supervisor at once; one in an uninterruptible write takes a moment."""

SAME_BEGIN_SECONDS = 0.05
"""A pid whose process began at another moment than written down is another process."""


def holder(folder: Path) -> str | None:
    """Say who holds a folder's lock, or ``None`` when nobody does."""
    try:
        with open(folder / "lock", opener=opener) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except BlockingIOError:
                return file.read().strip() or "another process"
    except OSError:
        return None


def left_behind(folder: Path) -> str | None:
    """Say who held a folder and ended without a word, killed or with the machine: its lock file stands, and nobody
    holds it."""
    path = folder / "lock"
    if not path.exists() or holder(folder) is not None:
        return None
    try:
        return read_whole(path).decode(errors="replace").strip() or None
    except OSError:
        return None


def demand_no_orphans(pids: Iterable[tuple[str, int | None, float | None]], within: float = ORPHAN_SECONDS) -> None:
    """See that nothing of a supervisor that was killed runs on: the kernel ends its children with it, within moments.

    What has a supervisor is not left over: a folder that was copied names the processes of the stack it was copied
    from, and nobody is to be told to end those.

    Raises:
        StackBusy: One is still there; two of them would write into one folder.
    """
    until = time.monotonic() + within
    known = [(name, pid, since) for name, pid, since in pids if pid and since]
    while left := [
        (name, pid)
        for name, pid, since in known
        if (process := same_process(pid, since)) is not None and not _is_supervised(process)
    ]:
        if time.monotonic() > until:
            names = ", ".join(f"{name} (pid {pid})" for name, pid in left)
            raise StackBusy(
                f"{names} of the last 'gridwhistle up' still runs, without a supervisor; end it with: kill"
                f" {' '.join(str(pid) for _, pid in left)}"
            )
        time.sleep(0.1)


def holding_process(folder: Path) -> psutil.Process | None:
    """Find the process that holds a folder; ``None`` when nobody does.

    Raises:
        StackBusy: It is held, but not by the process that the lock names: a pid alone is nobody, and nothing is ended
            for it.
    """
    held_by = holder(folder)
    if held_by is None:
        return None
    named = re.match(r"pid (\d+) \(.*?\)(?: since ([0-9.]+))?$", held_by)
    process = same_process(int(named[1]), float(named[2]) if named[2] else None) if named else None
    if process is None or not _is_ours(process):
        raise StackBusy(
            f"the folder {folder} is held, but {held_by!r} is no 'gridwhistle up' that runs; find the holder with"
            f" 'fuser {folder / 'lock'}' and end it by hand"
        )
    return process


def same_process(pid: int | None, since: float | None) -> psutil.Process | None:
    """Find a process by pid and begin; a zombie, another process under this pid, or what is no pid, is none."""
    with contextlib.suppress(psutil.Error, ValueError, TypeError, OverflowError):
        process = psutil.Process(pid) if pid else None
        if process is None or process.status() == psutil.STATUS_ZOMBIE:
            return None
        if since is None or abs(process.create_time() - since) < SAME_BEGIN_SECONDS:
            return process
    return None


def _is_supervised(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        parent = process.parent()
        return parent is not None and _is_ours(parent) and "up" in parent.cmdline()
    return False


def _is_ours(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        words = process.cmdline()
        return process.uids().effective == os.geteuid() and any(
            "engine.cli" in word or "gridwhistle" in word for word in words
        )
    return False


@contextlib.contextmanager
def held(folder: Path, what: str) -> Iterator[Path]:
    """Hold a folder while the block runs; the lock file goes with it.

    Raises:
        StackBusy: Somebody else holds it; says who, and how to end it.
    """
    path = folder / "lock"
    file = _locked(path, folder)
    try:
        file.truncate(0)
        file.write(f"pid {os.getpid()} ({what}) since {psutil.Process().create_time():.2f}\n")
        file.flush()
        try:
            yield folder
        finally:
            path.unlink(missing_ok=True)
    finally:
        file.close()


def _locked(path: Path, folder: Path) -> IO[str]:
    """Lock the file that stands under the name: the former holder's, unlinked meanwhile, would be shared with
    nobody."""
    until = time.monotonic() + TRY_SECONDS
    while True:
        file = open(path, "a+", opener=opener)  # noqa: SIM115 - the caller closes it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                return file
            file.close()
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            file.close()
            if time.monotonic() > until:
                raise StackBusy(
                    f"the folder {folder} is held by {who}; end it with 'gridwhistle down --data {folder}', or choose"
                    " another --data"
                ) from None
            time.sleep(0.05)
