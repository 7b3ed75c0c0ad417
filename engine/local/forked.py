"""Starting a command of ours: forked from the fork server where there is one, by itself otherwise."""

import asyncio
import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from engine.local.bound import bound_to_us
from engine.local.fork_server import PID_BYTES, serve

ASKED_SECONDS = 30.0
"""A fork server that is loading still needs some seconds; one that says nothing for so long is no longer asked."""

_PR_SET_CHILD_SUBREAPER = 36


class Running(Protocol):
    """A process as the supervisor sees it; asyncio's own is one."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """How it ended, negative for a signal."""

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """What it writes, to either stream."""

    async def wait(self) -> int:
        """Wait for its end."""

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it runs."""


Start = Callable[[Sequence[str], Mapping[str, str]], Awaitable[Running]]
"""How a command begins, with this environment."""


async def by_itself(command: Sequence[str], environ: Mapping[str, str]) -> Running:
    """Start a program."""
    return await asyncio.create_subprocess_exec(
        *bound_to_us(command),
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


class Forked:
    """A process that the fork server made for us: our child, of which asyncio knows nothing."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader) -> None:
        """Take it over; the kernel says by a descriptor when it has ended."""
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._fd = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._fd, self._reap)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._ended.set()

    async def wait(self) -> int:
        """Wait for its end."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, signal_number: int) -> None:
        """Send it a signal, if it runs."""
        if self.returncode is None:
            signal.pidfd_send_signal(self._fd, signal_number)


class ForkServer:
    """The line to the fork server."""

    def __init__(self) -> None:
        """Fork it. Call this while nothing runs beside: no event loop and no thread of ours."""
        self._line, its_end = socket.socketpair()
        self._turn = asyncio.Lock()
        with contextlib.suppress(OSError, ValueError):  # a terminal that is gone
            sys.stdout.flush()
            sys.stderr.flush()
        supervisor = os.getpid()
        gc.freeze()  # what both have already stays shared: no collection of either writes into it
        self.pid = os.fork()
        if self.pid == 0:
            self._line.close()
            serve(its_end, supervisor)
        its_end.close()
        self._line.setblocking(False)
        self._answers = hasattr(os, "pidfd_open")

    async def start(self, command: Sequence[str], environ: Mapping[str, str]) -> Running:
        """Start a command of ours (``python_command``); by itself where the fork server does not answer any more."""
        if self._answers:
            try:
                return await self._forked(command[command.index("engine.cli") + 1 :], environ)
            except (OSError, TimeoutError):
                self._answers = False
        return await by_itself(command, environ)

    async def _forked(self, words: Sequence[str], environ: Mapping[str, str]) -> Forked:
        asking = asyncio.ensure_future(self._ask(words, environ))
        try:
            pid, out = await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(_unwanted)
            raise
        try:
            return Forked(pid, await _reader(out))
        except OSError:
            _end(pid)
            raise

    async def _ask(self, words: Sequence[str], environ: Mapping[str, str]) -> tuple[int, int]:
        """Have one forked; answers its pid and the end of the pipe that it writes into."""
        wanted = json.dumps({"words": list(words), "environ": dict(environ)}).encode()
        async with self._turn:
            out, its_end = os.pipe()
            asked = os.memfd_create("asked")
            try:
                with open(asked, "wb", closefd=False) as file:
                    file.write(wanted)
                with _adopting():
                    socket.send_fds(self._line, [b"1"], [asked, its_end])
                    receiving = asyncio.get_running_loop().sock_recv(self._line, PID_BYTES)
                    answer = await asyncio.wait_for(receiving, ASKED_SECONDS)
                if len(answer) != PID_BYTES:
                    raise ConnectionError("the fork server has ended")
            except BaseException:
                os.close(out)
                raise
            finally:
                os.close(asked)
                os.close(its_end)
        return int.from_bytes(answer, "big"), out

    def close(self) -> None:
        """End it; what it forked runs on."""
        self._line.close()
        _end(self.pid)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _unwanted(asking: "asyncio.Future[tuple[int, int]]") -> None:
    """Whoever asked is gone: what is born of it ends."""
    if not asking.cancelled() and asking.exception() is None:
        pid, out = asking.result()
        os.close(out)
        _end(pid)


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """While one is born, whoever has lost its parent below us is given to us."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


async def _reader(fd: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
    )
    return reader


@contextlib.contextmanager
def fork_server() -> Iterator[ForkServer]:
    """Have one while the block runs."""
    forks = ForkServer()
    try:
        yield forks
    finally:
        forks.close()
