"""How much each client may still ask, of all gateways of a stack together: they draw from one bucket in Redis, a few
requests at a time."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from redis.asyncio import Redis

from engine.gateway.problems import Problem
from engine.security.redis_faults import REDIS_AWAY

BURST_SECONDS = 10
CLIENTS = 10_000
"""Clients whose rate is remembered; the one that asked longest ago goes first."""
DRAWN_SHARE = 10
"""A gateway draws for a tenth of a second at once: Redis is asked for one request in five at the usual fifty."""
PATIENCE_SECONDS, ALONE_SECONDS = 0.25, 5.0
"""Redis has so long to answer; where it does not, this gateway counts by itself for a while, as if it were the only
one."""

DRAW = """
local most, rate, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left, at = tonumber(kept[1]) or most, tonumber(kept[2]) or now
left = math.min(most, left + math.max(0, now - at) * rate)
local drawn = math.min(wanted, math.floor(left))
redis.call('HSET', KEYS[1], 'left', tostring(left - drawn), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(most / rate) + 1)
return drawn
"""
"""One call, so that of two gateways each sees what the other has drawn; the clock is Redis' own."""


class Rates:
    """How much each client may still ask: so many a second, ten seconds' worth at once."""

    def __init__(
        self, per_second: int, redis: "Redis", name: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nobody has asked; ``name`` begins the keys in Redis."""
        self._rate, self._name, self._clock = per_second, name, clock
        self._draw = redis.register_script(DRAW)
        self._drawn: OrderedDict[str, int] = OrderedDict()
        """What is drawn already and not used."""
        self._drawing = set[str]()
        self._alone: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._alone_until = float("-inf")

    async def take(self, client: str) -> None:
        """Count one request.

        Raises:
            Problem: It is one too many.
        """
        left = self._drawn.pop(client, 0) or await self._more(client)
        if left > 1:
            self._drawn[client] = self._drawn.get(client, 0) + left - 1
            if len(self._drawn) > CLIENTS:
                self._drawn.popitem(last=False)
        if left < 1:
            raise Problem("too-many", f"at most {self._rate} a second; ask again", headers={"Retry-After": "1"})

    async def _more(self, client: str) -> int:
        """Draw for a few requests; answers for how many."""
        if self._clock() < self._alone_until:
            return self._by_itself(client)
        key = f"{self._name}:{hashlib.sha256(client.encode()).hexdigest()[:32]}"
        # of many requests at once one draws for others too: what is drawn and never used is nobody's
        many = 1 if client in self._drawing else max(1, self._rate // DRAWN_SHARE)
        self._drawing.add(client)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return int(await self._draw(keys=[key], args=[self._rate * BURST_SECONDS, self._rate, many]))
        except (*REDIS_AWAY, TimeoutError):
            self._alone_until = self._clock() + ALONE_SECONDS
            return self._by_itself(client)
        finally:
            self._drawing.discard(client)

    def _by_itself(self, client: str) -> int:
        """Count one, without the other gateways."""
        now, most = self._clock(), float(self._rate * BURST_SECONDS)
        left, at = self._alone.pop(client, (most, now))
        left = min(most, left + (now - at) * self._rate) - 1
        self._alone[client] = (max(left, -1.0), now)
        if len(self._alone) > CLIENTS:
            self._alone.popitem(last=False)
        return int(left >= 0)
