"""``up --detach``: the same command as a process of its own, which says through a pipe that it is ready."""

import os
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from engine.errors import DependencyDown, StackBusy
from engine.local.folder import naming, take_folder
from engine.local.lock import holder
from engine.local.supervisor import python_command
from engine.security.private_files import opener, read_whole

DETACHED_SECONDS = 180.0
"""``up --detach`` waits so long for what it started."""

READY = b"ready"


def start_detached(data: Path | None) -> None:
    """Start ``up`` again as a process of its own, and wait until it is ready or has ended.

    Raises:
        StackBusy: The folder is held by another stack.
        DependencyDown: It ended without being ready, or is not ready in time.
    """
    folder = take_folder(data)
    if (who := holder(folder)) is not None:
        raise StackBusy(
            f"the folder {folder} is held by {who}; 'gridwhistle status{naming(data)}' shows what runs there,"
            f" 'gridwhistle down{naming(data)}' ends it"
        )
    log = folder / "up.log"
    former = len(read_whole(log)) if log.exists() else 0
    sign, pid = _started(log)
    try:
        said = select.select([sign], [], [], DETACHED_SECONDS)[0]
        if said and os.read(sign, len(READY)) == READY:
            return print(_text(log, former), end="")
    finally:
        os.close(sign)
    if said:  # the pipe's other end is gone, and the process with it
        raise DependencyDown(f"the stack did not come up:\n{_text(log, former)[-2000:]}")
    raise DependencyDown(
        f"the stack is not ready after {DETACHED_SECONDS:.0f} s and goes on starting as pid {pid}; its log is"
        f" {log}, 'gridwhistle status{naming(data)}' tells when it is, 'gridwhistle down{naming(data)}' ends it"
    )


def _started(log: Path) -> tuple[int, int]:
    """Start it; answers the end of the pipe at which it will be heard, and its pid."""
    arguments = [word for word in sys.argv[1:] if word not in ("--detach", "--no-detach")]
    sign, its_end = os.pipe()
    try:
        with open(log, "ab", opener=opener) as out:
            process = subprocess.Popen(
                python_command(*arguments, "--ready-fd", str(its_end)),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(its_end,),
            )
    finally:
        os.close(its_end)
    return sign, process.pid


def _text(log: Path, former: int) -> str:
    """What this start has written."""
    return read_whole(log)[former:].decode(errors="replace")


def tell_ready(fd: int | None) -> None:
    """Say that everything is ready, to whoever started us and may have lost patience since."""
    if fd is not None:
        with suppress(OSError), os.fdopen(fd, "wb", buffering=0) as pipe:
            pipe.write(READY)
