"""A process that was asked to end is gone within a bound, and says where it hung: the library has tasks that swallow
their cancellation, and whoever waits for one waits without an end."""

import asyncio
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from engine.observability.watchdog import HUNG, awaited, told_in_time

log = logging.getLogger(__name__)

GONE_WITHIN = 20.0
"""Seconds. Each farewell has a bound of its own, 3 to 5 s, and no three of them follow each other; whoever ends us
waits longer than this (30 s in Kubernetes, 90 s under systemd), or does not wait (``up``, 5 s)."""


def gone_within(name: str, within: float = GONE_WITHIN, end: Callable[[int], Any] = os._exit) -> None:
    """End this process in so many seconds, whatever still hangs then: all that was done is committed, and what was not
    is done again by whoever comes after us. To be called in the event loop's thread."""
    loop, thread = asyncio.get_running_loop(), threading.get_ident()

    def cut_off() -> None:
        frame = sys._current_frames().get(thread)
        stands = "".join(traceback.format_stack(frame)[-12:]) if frame is not None else "it has ended\n"
        waits = "\n".join("".join(_last_line(task)) for task in asyncio.all_tasks(loop))
        told_in_time(
            f"{name} was asked to end and hung for {within:.0f} s; it is cut off\nthe event loop's thread:\n{stands}"
            f"its tasks:\n{waits}"
        )
        end(HUNG)

    timer = threading.Timer(within, cut_off)
    timer.daemon = True
    timer.start()


def _last_line(task: "asyncio.Task[Any]") -> list[str]:
    return [line for frame in awaited(task) for line in traceback.format_stack(frame)[-1:]]
