"""Who may commit when: so many transactions of a process a second, first come, first served, and fewer while each takes
long (DESIGN 5.7)."""

import asyncio
import time

AT_ONCE = 4.0
"""Turns that may be taken without a wait after a quiet while."""

PARTITIONS = 20
"""So many share the rate; for more it grows, or each would wait the longer the more there are: 24 waited 0.8 s."""


QUICK_SECONDS = 0.01
"""A transaction that takes no longer, from begin to commit, finds brokers and machine with time to spare. Where it
takes longer each waits for others, and fewer and larger ones bring more through."""

SLOW_SHARE = 1 / 3
"""So much of the rate is left however long they take: what waits is more and more, and each step larger."""

MOST_CAUSES = 1 / SLOW_SHARE
"""Where a transaction carries more than one cause, more come than there are turns, and what waits shares one anyway:
fewer and larger ones leave the machine to others. From so many on average no fewer are made."""

MEMORY = 16
"""Over so many transactions their time is averaged: one that hung is soon forgotten."""


class Turns:
    """Turns of one process, handed out in the order in which they are asked for."""

    def __init__(self, per_second: int) -> None:
        """Nobody waits."""
        self._per_second, self._left, self._at = per_second, AT_ONCE, time.monotonic()
        self._queue = asyncio.Lock()
        self._seconds = QUICK_SECONDS / SLOW_SHARE
        """What a transaction takes, about; of edges, which have none, nobody tells."""
        self._causes = 1.0
        """How many it carries, about."""

    def took(self, seconds: float, causes: int) -> None:
        """A transaction of so many causes took so long."""
        self._seconds += (min(seconds, 1.0) - self._seconds) / MEMORY
        self._causes += (min(max(causes, 1), MOST_CAUSES) - self._causes) / MEMORY

    async def take(self, partitions: int) -> None:
        """Wait for a turn, behind all who wait already; of one who is cancelled the next takes the place."""
        share = max(SLOW_SHARE, min(QUICK_SECONDS / max(self._seconds, QUICK_SECONDS), 1 / self._causes))
        rate = self._per_second * share * max(1.0, partitions / PARTITIONS)
        async with self._queue:
            self._gain(rate)
            if self._left < 1:
                await asyncio.sleep((1 - self._left) / rate)
                self._gain(rate)
            self._left -= 1

    def _gain(self, rate: float) -> None:
        now = time.monotonic()
        self._left, self._at = min(AT_ONCE, self._left + (now - self._at) * rate), now
