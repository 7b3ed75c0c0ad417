"""Crash points for tests: end this process by SIGKILL at a named step of the loop (issue of record: faults tests)."""

import os
import signal

from engine.errors import InvalidSettings

POINTS = (
    "polled",
    "decided",
    "begun",
    "sent",
    "acked",
    "committing",
    "committed",
    "applied",
    "offsets",
    "fenced",
    "opened",
    "loaded",
    "revoked",
)
"""Every step of the loop at which a worker may be ended; ``docs/concepts.md`` shows where they lie."""


class CrashPoint:
    """Counts how often a point was passed and ends the process at the nth time. Does nothing unless asked for."""

    def __init__(self, stage: str, wanted: str, allowed: bool) -> None:
        """Read ``<stage>:<point>:<nth>``; empty means never.

        Raises:
            InvalidSettings: The text is malformed, or faults are not allowed here.
        """
        self._left: dict[str, int] = {}
        if not wanted:
            return
        if not allowed:
            raise InvalidSettings(
                "GRIDWHISTLE_CRASH_AT is set, but GRIDWHISTLE_FAULTS is not 'allow'; unset it, or allow faults in a"
                " test"
            )
        parts = wanted.split(":")
        if len(parts) != 3 or parts[1] not in POINTS or not parts[2].isdecimal() or int(parts[2]) < 1:
            raise InvalidSettings(
                f"GRIDWHISTLE_CRASH_AT={wanted!r} must be <stage>:<point>:<nth> with a point of {', '.join(POINTS)}"
            )
        if parts[0] == stage:
            self._left[parts[1]] = int(parts[2])

    def at(self, point: str) -> None:
        """Say that ``point`` is passed."""
        if self._left:
            left = self._left.get(point)
            if left is not None:
                self._left[point] = left - 1
                if left == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
