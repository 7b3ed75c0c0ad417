"""Keeps servers and stages running: starts them, restarts them with growing pauses, ends them in time."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from engine.calling_off import called_off
from engine.errors import DependencyDown
from engine.local.childlog import ChildLog, bounded_lines
from engine.local.forked import Running, Start, by_itself

FIRST_PAUSE, LONGEST_PAUSE, HEALTHY_SECONDS = 0.2, 10.0, 30.0
"""A worker that ends is started again after this pause, doubled each time, until it has run well for half a minute."""

SAID_WHY = 2
"""Exit code of a command that was refused and said why: trying again changes nothing."""

TRIES = 3
"""A child that ended so often before it was ready once will not become so."""

TRACE = re.compile(r"\s+(at .*|\.\.\. \d+ more)$")
"""Lines of a Java trace: they push the reason out of what is shown, and stand in the log."""


class Child:
    """One supervised process, through its incarnations."""

    def __init__(
        self,
        name: str,
        stage: str,
        command: Sequence[str],
        *,
        folder: Path,
        environ: dict[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        answers: Callable[[int], bool] | None = None,
        end_by: int = signal.SIGTERM,
        start: Start = by_itself,
    ) -> None:
        """Prepare; ``run`` starts it. ``answers``, given its pid, says whether it is ready; else its ready-file
        does. ``end_by`` is the signal that asks it to end, ``start`` the way it begins; without an ``environ`` it has
        ours."""
        self.end_by, self._start = end_by, start
        self.name, self.stage, self.command = name, stage, command
        self.environ = dict(os.environ) if environ is None else environ
        self.ready_file = folder / "run" / f"{name}.ready"
        self.process: Running | None = None
        self.since = 0.0
        """When the process began, as the kernel says; with its pid it is known for certain."""
        self.starts = 0
        self.code: int | None = None
        """How its last incarnation ended."""
        self.was_ready, self.is_ending = False, False
        self.on_restart: Callable[[], None] = lambda: None
        """Called when it runs again, under another pid."""
        self._on_line, self._answers = on_line, answers
        self.log = ChildLog(folder / "logs" / f"{name}.log")

    @property
    def is_ready(self) -> bool:
        """Whether it runs and has opened what is its own."""
        if self.process is None or self.process.returncode is not None:
            return False
        ready = self._answers(self.process.pid) if self._answers is not None else self.ready_file.exists()
        self.was_ready |= ready
        return ready

    @property
    def has_failed(self) -> bool:
        """Whether it cannot start: it said why, or ended again and again before it was ready."""
        return not self.was_ready and self.code is not None and (self.code == SAID_WHY or self.starts >= TRIES)

    def why(self) -> str:
        """Say how it ended, with its last words."""
        told = [line for line in self.log.last if not TRACE.match(line)]
        return f"{self.name} ended with {self.code}:\n  " + "\n  ".join(told[-8:])

    async def run(self) -> None:
        """Start it again and again until it is to end; nothing else ends this."""
        pause = FIRST_PAUSE
        while not self.is_ending:
            began = time.monotonic()
            try:
                await self._once()
                how = f"ended with {self.code}"
            except Exception as exc:  # no process to be had, a folder gone: the same pause, then again
                self.code, how = -1, f"could not be run: {exc}"
            if self.is_ending:
                return  # type: ignore[unreachable]  # set while it ran
            pause = FIRST_PAUSE if time.monotonic() - began > HEALTHY_SECONDS else min(pause * 2, LONGEST_PAUSE)
            self.log.write(f"supervisor: {self.name} {how}; starting again in {pause:.1f} s")
            await asyncio.sleep(pause)

    async def _once(self) -> None:
        self.ready_file.unlink(missing_ok=True)
        environ = dict(self.environ)
        if self.starts > 0:
            environ.pop("GRIDWHISTLE_CRASH_AT", None)  # a crash point ends the first incarnation only
        self.starts += 1
        self.process = await self._start(self.command, environ)
        with contextlib.suppress(psutil.Error):
            self.since = psutil.Process(self.process.pid).create_time()
        if self.starts > 1:
            self._tell_restart()
        assert self.process.stdout is not None
        async for line in bounded_lines(self.process.stdout):
            text = line.decode(errors="replace")
            self.log.write(text)
            if self._on_line is not None:
                with contextlib.suppress(Exception):  # a terminal that went away is no fault of the child's
                    self._on_line(text)
        self.code = await self.process.wait()

    def _tell_restart(self) -> None:
        try:
            self.on_restart()
        except Exception as exc:  # a full disk: the pids in stack.json are old until there is room
            self.log.write(f"supervisor: {self.name} runs again, which could not be noted: {exc}")

    def signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)


class Supervisor:
    """All servers and stages of a stack."""

    def __init__(self, on_restart: Callable[[], None], tell: Callable[[str], None] = lambda text: None) -> None:
        """Start with none; ``on_restart`` is called when a child runs under another pid, ``tell`` with what a person at
        the terminal must know."""
        self.children: list[Child] = []
        self._on_restart, self._tell = on_restart, tell
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, child: Child) -> None:
        """Start a child and keep it running."""
        child.on_restart, child.log.tell = self._on_restart, self._tell
        self.children.append(child)
        self._tasks[child.name] = asyncio.create_task(child.run())

    async def until_ready(self, within: float) -> None:
        """Wait until all are ready.

        Raises:
            DependencyDown: One cannot start, with its reason and at once; or is not ready in time, with its last words.
        """
        deadline, late = time.monotonic() + within, self.children
        # who was ready is asked again at the end alone: a look at a server costs 12 ms, and there are twenty a second
        while late := [one for one in late if not one.is_ready] or [one for one in self.children if not one.is_ready]:
            for child in late:
                if child.has_failed:
                    raise DependencyDown(child.why())
            if time.monotonic() > deadline:
                words = "\n  ".join(
                    f"{child.name}: {child.log.last[-1] if child.log.last else 'said nothing'}" for child in late
                )
                raise DependencyDown(
                    f"not ready after {within:.0f} s:\n  {words}\nsee the logs in {late[0].log.path.parent}"
                )
            await asyncio.sleep(0.05)

    async def stop(self, *names: str, patience: float = 5.0) -> None:
        """End these children, or all: TERM, so much patience, then KILL."""
        ending = [child for child in self.children if not names or child.name in names]
        for child in ending:
            child.is_ending = True
            child.signal(child.end_by)
        running = [
            child.process.wait() for child in ending if child.process is not None and child.process.returncode is None
        ]
        if running:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*running), patience)
        for child in ending:
            child.signal(signal.SIGKILL)
        await called_off(*(self._tasks[child.name] for child in ending))
        killed = [child.process.wait() for child in ending if child.process is not None]
        with contextlib.suppress(TimeoutError):  # no zombie stays, nor a pipe that nobody reads
            await asyncio.wait_for(asyncio.gather(*killed), 2.0)
        for child in ending:
            child.ready_file.unlink(missing_ok=True)
            child.log.close()
        self.children = [child for child in self.children if child not in ending]


def python_command(*arguments: str) -> list[str]:
    """Name a command of ours as a child process runs it; ``-P``: nothing is imported from the folder it happens to
    start in."""
    return [sys.executable, "-P", "-m", "engine.cli", *arguments]


def child_environ(port: int, bind: tuple[str, int] | None = None) -> dict[str, str]:
    """Give a stage its environment: ours, and its own port to answer on, at the host that was set; 0: it answers
    nowhere."""
    host = bind[0] if bind is not None else "127.0.0.1"
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return {**os.environ, "GRIDWHISTLE_HTTP_BIND": where if port else "", "PYTHONUNBUFFERED": "1"}
