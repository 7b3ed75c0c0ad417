"""How long a fetch may find nothing: an idle stage asks seldom, and hears at once of whatever comes."""

import time

from engine.stream.limits import IDLE_SECONDS

OPENING_FETCH_MS, FETCH_MS, IDLE_FETCH_MS = 50, 250, 1000
"""How long the broker holds a fetch that finds nothing: it costs both ends some 2 ms, and five stages asked 20 times a
second."""


class Patience:
    """Knows when something came last. Whatever comes ends a fetch; what is resumed, opened or asked on the same
    connection waits for its end."""

    def __init__(self) -> None:
        """Start as if something had come just now."""
        self._came_at = time.monotonic()
        self._is_asked = False

    def assigned(self, is_asked: bool) -> None:
        """Other partitions are ours. ``is_asked``: the end of one of them is asked for when clocks are due, and would
        wait behind a long fetch."""
        self._is_asked = is_asked
        self.came()

    def came(self) -> None:
        """A fetch brought something."""
        self._came_at = time.monotonic()

    def ms(self, all_flow: bool, is_opening: bool) -> int:
        """Say how long the next fetch may wait. ``all_flow``: no partition is being opened, stopped or paused;
        ``is_opening``: one is, asks twice where its inputs begin and end, and is then resumed."""
        if is_opening:
            return OPENING_FETCH_MS
        rests = all_flow and not self._is_asked and time.monotonic() - self._came_at > IDLE_SECONDS
        return IDLE_FETCH_MS if rests else FETCH_MS
