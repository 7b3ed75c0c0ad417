"""What is done with each event that was pulled: a program is run on it, or it is printed."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

import msgspec

from engine.client.subscriber import Event, Say

GRACE_SECONDS = 2.0
"""Of a program that took too long, from TERM to KILL."""


def line_of(event: Event) -> bytes:
    """Write an event as whoever handles it sees it; the receipt is ours."""
    return msgspec.json.encode({name: one for name, one in event.items() if name not in ("receipt", "until")}) + b"\n"


class Printed:
    """Prints one line of JSON for each event."""

    batch = 100

    async def take(self, events: list[Event]) -> list[bool]:
        """Print them; they are done when they are out."""
        for event in events:
            print(line_of(event).decode().rstrip("\n"))
        sys.stdout.flush()
        return [True] * len(events)


class Run:
    """Runs a program on each event: its line on standard input; exit code 0 is done."""

    batch = 1

    def __init__(self, words: Sequence[str], seconds: float, say: Say) -> None:
        """``seconds`` is how long it may take."""
        self._words, self._seconds, self._say = words, seconds, say

    async def take(self, events: list[Event]) -> list[bool]:
        """Run it on each in turn."""
        return [await self._on(event) for event in events]

    async def _on(self, event: Event) -> bool:
        # in a session of its own: Ctrl-C is for us, and what is at work comes to its end
        process = await asyncio.create_subprocess_exec(
            *self._words, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        try:
            async with asyncio.timeout(self._seconds):
                await process.communicate(line_of(event))
        except TimeoutError:
            self._say(f"{event['id']}: ended, it took longer than {self._seconds:.0f} s")
        finally:
            await _end(process)
        if process.returncode:
            self._say(f"{event['id']}: exit code {process.returncode}, attempt {event['attempt']}; it comes again")
        return process.returncode == 0


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a program and what it started, first in a friendly way."""
    if process.returncode is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
            return
