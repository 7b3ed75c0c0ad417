"""The fork server: a process that has loaded what the stages need, and from which each of them is forked.

Ten processes that load the same libraries by themselves keep ten copies of them and need 1 to 2.5 s of a core each to
begin; forked, they share the pages and begin in a fifth of that (``docs/decisions/0021-stages-are-forked.md``). Who is
forked is the supervisor's own child: its parent leaves at once, and the supervisor adopts it.
"""

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import signal
import socket
import sys
import time
from typing import NoReturn

from engine.local.bound import die_with_parent

LOADED = (
    "engine.cli.run",
    "engine.app",
    "engine.stages.intake",
    "engine.stages.dispatch",
    "engine.stages.fanout",
    "engine.stages.replies",
    "engine.stages.projector",
    "engine.stages.archive",
    "engine.notifier.process",
    "engine.gateway.process",
    "engine.observability.json_logging",
    "engine.stream.edge_partition",
    "faust.app.router",
    "faust.assignor.partition_assignor",
    "faust.fixups.django",
    "faust.tables.manager",
    "faust.topics",
    "faust.transport.conductor",
    "faust.transport.drivers.aiokafka",
    "faust.worker",
    "mode.threads",
    "psycopg",
    "alembic.command",
    "alembic.config",
)
"""What is loaded before anything is forked; a page that one process alone uses costs no more than it did."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy starts threads when it is loaded, and a fork must have none; nothing here multiplies matrices."""

ADOPTED_SECONDS = 5.0
PID_BYTES = 4

_M_ARENA_MAX, _ARENAS = -8, 2


def serve(line: socket.socket, supervisor: int) -> NoReturn:
    """Load, then fork whatever is asked for, until the line or the supervisor ends."""
    try:
        _settle(line)
        gc.disable()  # a collection writes into every page it looks at, and leaves holes that each process fills anew
        _load()
        while fds := socket.recv_fds(line, 1, 2)[1]:
            line.send(_fork(fds[0], fds[1], supervisor).to_bytes(PID_BYTES, "big"))
            for fd in fds:
                os.close(fd)
    finally:
        os._exit(0)


def _settle(line: socket.socket) -> None:
    """Leave the terminal and all that was open, the folder's lock and the pipe of ``--detach`` among it."""
    os.setsid()
    die_with_parent()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _take(os.open(os.devnull, os.O_RDWR), 0, 1, 2)
    os.closerange(3, line.fileno())
    os.closerange(line.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    _name("gridwhistle fork-server")
    if not sys.flags.safe_path:
        del sys.path[0]  # nothing is imported from the folder it happens to start in


def _load() -> None:
    os.environ.update(ONE_THREAD)
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    for name in LOADED:
        with contextlib.suppress(Exception):  # a stage that needs it says why it cannot be had
            importlib.import_module(name)
    gc.freeze()


def _fork(asked: int, out: int, supervisor: int) -> int:
    """Fork through a process that ends at once, so that the supervisor is given the child; answers its pid."""
    told, tell = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid == 0:
            _begin(asked, out, supervisor)
        os.write(tell, pid.to_bytes(PID_BYTES, "big"))
        os._exit(0)
    os.waitpid(between, 0)
    pid = int.from_bytes(os.read(told, PID_BYTES), "big")
    os.close(told)
    os.close(tell)
    return pid


def _begin(asked: int, out: int, supervisor: int) -> NoReturn:
    """Become the command that was asked for, as if it had been started by itself."""
    code = 1
    try:
        _wait_for(supervisor)
        with open(asked, "rb") as file:
            file.seek(0)
            wanted = json.load(file)
        os.setsid()
        _take(os.open(os.devnull, os.O_RDONLY), 0)
        _take(out, 1, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the process' own, to its end
        sys.stdout, sys.stderr = _written(1, "strict"), _written(2, "backslashreplace")
        os.environ.clear()
        os.environ.update(wanted["environ"])
        sys.argv[:] = ["gridwhistle", *wanted["words"]]
        _name(" ".join(sys.argv))
        gc.enable()
        code = _run()
    finally:
        os._exit(code)


def _wait_for(supervisor: int) -> None:
    """Wait to be adopted, and end with whoever has done so."""
    until = time.monotonic() + ADOPTED_SECONDS
    while os.getppid() != supervisor:
        if time.monotonic() > until:
            os._exit(1)
        time.sleep(0.0005)
    die_with_parent()
    if os.getppid() != supervisor:
        os._exit(1)


def _run() -> int:
    from engine.cli import main

    try:
        main()
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # as the interpreter would
        return 1
    return 0


def _written(fd: int, errors: str) -> io.TextIOWrapper:
    """A stream of which nothing waits in a buffer, as with PYTHONUNBUFFERED."""
    return io.TextIOWrapper(io.FileIO(fd, "w", closefd=False), encoding="utf-8", errors=errors, write_through=True)


def _take(fd: int, *places: int) -> None:
    for place in places:
        os.dup2(fd, place)


def _name(title: str) -> None:
    """What ``ps`` shows."""
    from setproctitle import setproctitle

    setproctitle(title)
