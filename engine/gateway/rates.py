"""How much each client may still ask."""

import time
from collections import OrderedDict
from collections.abc import Callable

from engine.gateway.problems import Problem

BURST_SECONDS = 10
CLIENTS = 10_000
"""Clients whose rate is remembered; the one that asked longest ago goes first."""


class Rates:
    """How much each client may still ask: so many a second, ten seconds' worth at once."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has asked."""
        self._rate, self._clock = per_second, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one request.

        Raises:
            Problem: It is one too many.
        """
        now = self._clock()
        most = float(self._rate * BURST_SECONDS)
        left, at = self._left.pop(client, (most, now))
        left = min(most, left + (now - at) * self._rate) - 1
        self._left[client] = (max(left, -1.0), now)
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        if left < 0:
            raise Problem("too-many", f"at most {self._rate} a second; ask again", headers={"Retry-After": "1"})
