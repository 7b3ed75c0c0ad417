"""Telling what was recorded under another pack: one job at a time, in a process of its own, bounded in time and
bytes."""

import asyncio
import logging
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
from pydantic import SecretStr

from engine.calling_off import called_off
from engine.gateway.by_process import program
from engine.settings import Settings
from topics.unreadable import UNREADABLE

log = logging.getLogger(__name__)

SECONDS = 1800
"""A million decisions are told in some ten minutes of one core."""
MOST_BYTES = 2 * 1024 * 1024 * 1024
"""Memory of the process; a longer history than fits is told from a later moment on."""
MOST_ROWS = 5000
"""Tickets in a result; its numbers count all of them."""
COMMAND = program("engine.client.what_if_trial")

State = Literal["running", "done", "failed", "cancelled"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told, on the first line of its input: secrets stand in no argument and no file."""

    settings: dict[str, Any]
    since: str | None
    most_bytes: int
    most_rows: int


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of its output: how far it is."""

    step: str
    done: int = 0
    total: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What it leaves behind in its folder."""

    faults: list[str] = []
    """Why it could not be told: faults of the pack, or of the log."""
    figures: dict[str, Any] = {}
    summary: list[str] = []
    rows: list[msgspec.Raw] = []
    no_longer_fits: list[msgspec.Raw] = []
    left_off: dict[str, int] = {}
    """List -> members beyond what a result holds."""


def plainly(settings: Settings) -> dict[str, Any]:
    """Write settings so that another process can read them, secrets included."""
    found = {name: getattr(settings, name) for name in Settings.model_fields}
    return {
        name: value.get_secret_value()
        if isinstance(value, SecretStr)
        else str(value)
        if isinstance(value, Path)
        else value
        for name, value in found.items()
    }


class Job:
    """One telling: who asked for it, how far it is, and what came of it."""

    def __init__(self, owner: str, files: Mapping[str, str], *, since: str | None, settings: Settings) -> None:
        """Prepare; ``run`` tells it."""
        self.id, self.owner, self.since = secrets.token_hex(8), owner, since
        self.state: State = "running"
        self.step = Step(step="starting")
        self.faults: list[str] = []
        self.result: Result | None = None
        self._files, self._settings = files, settings

    async def run(self, command: Sequence[str], seconds: float) -> None:
        """Tell it to its end; whatever happens, its process ends with this."""
        try:
            with tempfile.TemporaryDirectory(prefix="gridwhistle-what-if-") as folder:
                for name, text in self._files.items():
                    (Path(folder) / f"{name}.yaml").write_text(text, encoding="utf-8", errors="replace")
                async with asyncio.timeout(seconds):
                    await self._told([*command, folder])
                result = await asyncio.to_thread(_read, Path(folder) / "result.json")
        except TimeoutError:
            self._fail(f"it was not told within {seconds:.0f} s: give a later 'from'")
        except asyncio.CancelledError:
            self.state = "cancelled"
            raise
        except (*UNREADABLE, OSError, RuntimeError) as exc:
            log.exception("a what-if failed")
            self._fail(str(exc) if isinstance(exc, RuntimeError) else "it left no result; our log says more")
        else:
            self.result, self.faults = result, result.faults
            self.state = "failed" if result.faults else "done"

    def _fail(self, why: str) -> None:
        self.state, self.faults = "failed", [why]

    async def _told(self, command: Sequence[str]) -> None:
        """Run the process and hear how far it is. Its input stays open: where the gateway dies, it ends by itself."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            asked = Asked(
                settings=plainly(self._settings), since=self.since, most_bytes=MOST_BYTES, most_rows=MOST_ROWS
            )
            with suppress(ConnectionError):
                process.stdin.write(msgspec.json.encode(asked) + b"\n")
                await process.stdin.drain()
            async for line in process.stdout:
                with suppress(*UNREADABLE):
                    self.step = msgspec.json.decode(line, type=Step)
            if await process.wait() != 0:
                raise RuntimeError(f"its process ended with {process.returncode}; our log may say why")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            process.stdin.close()


def _read(path: Path) -> Result:
    return msgspec.json.decode(path.read_bytes(), type=Result)


class Jobs:
    """The one job that runs or has run last; it lives as long as the gateway."""

    def __init__(self, settings: Settings, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> None:
        """None has run."""
        self._settings, self._command, self._seconds = settings, command, seconds
        self.last: Job | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, owner: str, files: Mapping[str, str], since: str | None) -> Job | None:
        """Start one; ``None``: another one runs. What the last one told is gone."""
        if self.last is not None and self.last.state == "running":
            return None
        self.last = Job(owner, files, since=since, settings=self._settings)
        self._task = asyncio.create_task(self.last.run(self._command, self._seconds))
        return self.last

    async def stop(self) -> None:
        """End what runs, and its process with it."""
        if self._task is not None:
            await called_off(self._task)
