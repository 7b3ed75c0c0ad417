"""Ends a stage that hangs: judged by what has come to an end in it, not by its heartbeats, which another task sends
(DESIGN 5)."""

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

HUNG = 70
"""Exit code (EX_SOFTWARE): the supervisor, systemd or Kubernetes starts it anew."""

TICK = 1.0
LOGGING_SECONDS = 5.0
"""A log that nobody reads must not keep the process: it ends without its last line then."""


class Standing(NamedTuple):
    """One thing that must come to an end again and again."""

    what: str
    since: float
    """By the monotonic clock: when it last did."""
    factor: int
    """How many times the bound it may take: loading a partition's state is longer than a step."""
    task: "asyncio.Task[Any] | None"


class Watchdog:
    """A thread that looks once a second.

    It counts the looks it had itself: a process that was stopped, or a machine that slept, has not hung.
    """

    def __init__(
        self,
        name: str,
        bound: float,
        standings: Callable[[], Sequence[Standing]],
        end: Callable[[int], Any] = os._exit,
        tick: float = TICK,
    ) -> None:
        """Watch for the thread that makes this: its event loop's."""
        self._name, self._bound, self._standings, self._end, self._tick = name, bound, standings, end, tick
        self._main = threading.get_ident()
        self._over = threading.Event()
        self._looks: dict[tuple[str, float], int] = {}

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """End without ending anything: the stage drains."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(self._tick):
            hung = self.look()
            if hung is not None:
                self._tell(hung)
                self._end(HUNG)
                return

    def look(self) -> Standing | None:
        """Look once; answers what has stood for the bound and as many looks of ours."""
        now, seen = time.monotonic(), {}
        hung = None
        for one in self._standings():
            key = one.what, one.since
            seen[key] = self._looks.get(key, 0) + 1
            bound = self._bound * one.factor
            if now - one.since > bound and seen[key] * self._tick > bound:
                hung = one
        self._looks = seen
        return hung

    def _tell(self, hung: Standing) -> None:
        told_in_time(
            f"{self._name} hangs: {hung.what} has not come to an end for {time.monotonic() - hung.since:.0f} s; the"
            f" process ends and is to be started anew\n{self.where(hung)}"
        )

    def where(self, hung: Standing) -> str:
        """Say where the event loop's thread is, and where the task waits: lines of code, no values."""
        frame = sys._current_frames().get(self._main)
        loop = "".join(traceback.format_stack(frame)[-12:]) if frame is not None else "it has ended\n"
        waits = (
            "".join("".join(traceback.format_stack(frame)[-1:]) for frame in awaited(hung.task))
            if hung.task is not None
            else ""
        )
        return f"the event loop's thread:\n{loop}" + (f"the task that did not end:\n{waits}" if waits else "")


def told_in_time(text: str) -> None:
    """Write the last line of a process that ends, unless nobody reads its log."""
    writer = threading.Thread(target=log.critical, args=("%s", text), daemon=True)
    writer.start()
    writer.join(LOGGING_SECONDS)


def awaited(task: "asyncio.Task[Any]") -> list[Any]:
    """Follow a task's coroutines to the innermost one that is ours: the library names the outermost alone."""
    found: list[Any] = []
    waiting: Any = task.get_coro()
    while waiting is not None and len(found) < 30:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is None:
            break
        found.append(frame)
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return found
