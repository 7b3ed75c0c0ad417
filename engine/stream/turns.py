"""Who may commit when: so many transactions of a process a second, first come, first served (DESIGN 5.7)."""

import asyncio
import time

AT_ONCE = 4.0
"""Turns that may be taken without a wait after a quiet while."""

PARTITIONS = 20
"""So many share the rate; for more it grows, or each would wait the longer the more there are: 24 waited 0.8 s."""


class Turns:
    """Turns of one process, handed out in the order in which they are asked for."""

    def __init__(self, per_second: int) -> None:
        """Nobody waits."""
        self._per_second, self._left, self._at = per_second, AT_ONCE, time.monotonic()
        self._queue = asyncio.Lock()

    async def take(self, partitions: int) -> None:
        """Wait for a turn, behind all who wait already; of one who is cancelled the next takes the place."""
        rate = self._per_second * max(1.0, partitions / PARTITIONS)
        async with self._queue:
            self._gain(rate)
            if self._left < 1:
                await asyncio.sleep((1 - self._left) / rate)
                self._gain(rate)
            self._left -= 1

    def _gain(self, rate: float) -> None:
        now = time.monotonic()
        self._left, self._at = min(AT_ONCE, self._left + (now - self._at) * rate), now
