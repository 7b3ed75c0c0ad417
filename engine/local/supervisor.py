"""Keeps the stages running: starts them, restarts them with growing pauses, ends them in time."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine.local.servers import die_with_parent

FIRST_PAUSE, LONGEST_PAUSE, HEALTHY_SECONDS = 0.2, 10.0, 30.0
"""A worker that ends is started again after this pause, doubled each time, until it has run well for half a minute."""

LOG_BYTES, LOG_FILES = 5_000_000, 3


class Child:
    """One supervised process, through its incarnations."""

    def __init__(self, name: str, stage: str, command: list[str], environ: dict[str, str], folder: Path, on_line: Callable[[str], None] | None = None) -> None:
        """Prepare; ``run`` starts it."""
        self.name, self.stage, self.command, self.environ = name, stage, command, environ
        self.ready_file = folder / "run" / f"{name}.ready"
        self.process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self.on_restart: Callable[[], None] = lambda: None
        """Called when it runs again, under another pid."""
        self._on_line = on_line
        self._log = RotatingFileHandler(folder / "logs" / f"{name}.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES)

    @property
    def is_ready(self) -> bool:
        """Whether it runs and has opened what is its own."""
        return self.process is not None and self.process.returncode is None and self.ready_file.exists()

    async def run(self) -> None:
        """Start it again and again until cancelled."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            await self._once()
            pause = FIRST_PAUSE if time.monotonic() - began > HEALTHY_SECONDS else min(pause * 2, LONGEST_PAUSE)
            self._write(f"ended with {self.process.returncode if self.process else None}; starting again in {pause:.1f} s")
            await asyncio.sleep(pause)

    async def _once(self) -> None:
        self.ready_file.unlink(missing_ok=True)
        environ = dict(self.environ)
        if self.starts > 0:
            environ.pop("GRIDWHISTLE_CRASH_AT", None)  # a crash point ends the first incarnation only
        self.starts += 1
        self.process = await asyncio.create_subprocess_exec(
            *self.command, env=environ, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True, preexec_fn=die_with_parent, limit=2**20,
        )  # fmt: skip
        if self.starts > 1:
            self.on_restart()
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            self._write(text)
            if self._on_line is not None:
                self._on_line(text)
        await self.process.wait()

    def _write(self, text: str) -> None:
        stream = self._log.stream
        if stream is not None and stream.tell() + len(text) > LOG_BYTES:
            self._log.doRollover()
        if self._log.stream is not None:
            self._log.stream.write(text + "\n")
            self._log.stream.flush()

    def signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)


class Supervisor:
    """All stages of a stack."""

    def __init__(self, on_restart: Callable[[], None]) -> None:
        """Start with none; ``on_restart`` is called when a child runs under another pid."""
        self.children: list[Child] = []
        self._on_restart = on_restart
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, child: Child) -> None:
        """Start a child and keep it running."""
        child.on_restart = self._on_restart
        self.children.append(child)
        self._tasks[child.name] = asyncio.create_task(child.run())

    async def until_ready(self, within: float) -> list[str]:
        """Wait until all are ready; answers the names of those that are not."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if all(child.is_ready for child in self.children):
                return []
            await asyncio.sleep(0.05)
        return [child.name for child in self.children if not child.is_ready]

    async def stop(self, *names: str, patience: float = 5.0) -> None:
        """End these children, or all: TERM, so much patience, then KILL."""
        ending = [child for child in self.children if not names or child.name in names]
        for child in ending:
            child.signal(signal.SIGTERM)
        running = [child.process.wait() for child in ending if child.process is not None and child.process.returncode is None]
        if running:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*running), patience)
        for child in ending:
            child.signal(signal.SIGKILL)
            self._tasks[child.name].cancel()
        await asyncio.gather(*(self._tasks[child.name] for child in ending), return_exceptions=True)
        for child in ending:
            child.ready_file.unlink(missing_ok=True)
        self.children = [child for child in self.children if child not in ending]


def python_command(*arguments: str) -> list[str]:
    """Name a command of ours as a child process runs it."""
    return [sys.executable, "-m", "engine.cli", *arguments]


def child_environ(metrics_port: int) -> dict[str, str]:
    """Give a stage its environment: ours, and its own port for metrics."""
    return {**os.environ, "GRIDWHISTLE_METRICS_PORT": str(metrics_port), "PYTHONUNBUFFERED": "1"}
