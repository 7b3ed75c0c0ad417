"""What Prometheus is told of the live queues: counted by Redis when somebody asks, so that nothing is held in memory or
kept up for it."""

import threading
import time

from redis import Redis

from engine.kafka.broker_time import engine_now
from engine.observability.metric_names import GaugeName
from engine.observability.metrics import StageMetrics
from engine.security.connections import new_redis
from engine.security.redis_faults import REDIS_AWAY
from engine.settings import Settings
from engine.views.queues import APPROVAL, LATE, OVERDUE, SINCE, SOON_MS
from engine.views.redis_view import key_prefix
from topics.ids import Instant
from topics.reference import EngineClock

AGAIN_SECONDS = 2.0
"""Figures are not counted more often, however many ask."""

ALL: tuple[GaugeName, ...] = (
    "tier_tickets",
    "department_tickets",
    "desk_tickets",
    "approval_tickets",
    "overdue_tickets",
    "oldest_overdue_seconds",
)


class ViewFigures:
    """Counts on the thread of whoever asks, by a connection of its own."""

    def __init__(self, settings: Settings, clock: EngineClock, metrics: StageMetrics) -> None:
        """Nothing is connected before somebody asks."""
        self._settings, self._clock, self._metrics = settings, clock, metrics
        self._prefix = key_prefix(settings, "view")
        self._lock, self._at = threading.Lock(), float("-inf")
        self._redis: Redis | None = None

    def look(self) -> None:
        """Count; with Redis away the figures are gone rather than old."""
        with self._lock:
            if time.monotonic() - self._at < AGAIN_SECONDS:
                return
            try:
                self._redis = self._redis or new_redis(
                    self._settings, decode_responses=True, socket_timeout=3, socket_connect_timeout=3
                )
                self._tell(self._redis, engine_now(self._clock))
            except REDIS_AWAY:
                for name in ALL:
                    self._metrics.only(name, {})
            self._at = time.monotonic()

    def _tell(self, redis: Redis, now: Instant) -> None:
        names = sorted(redis.smembers(f"{self._prefix}queues"))
        of_kind: dict[GaugeName, str] = {"tier_tickets": "tier:", "department_tickets": "dept:"}
        for gauge, kind in of_kind.items():
            found = self._bands(redis, [name for name in names if name.startswith(kind)], now)
            self._metrics.only(
                gauge,
                {(name.removeprefix(kind), band): n for name, bands in found.items() for band, n in bands.items()},
            )
        with redis.pipeline(transaction=False) as pipe:
            for queue in ("desk", APPROVAL, OVERDUE):
                pipe.zcard(f"{self._prefix}q:{queue}")
            pipe.zrange(f"{self._prefix}q:{SINCE}", 0, 0, withscores=True)
            desk, approval, overdue, oldest = pipe.execute()
        self._metrics.gauge("desk_tickets", desk)
        self._metrics.gauge("approval_tickets", approval)
        self._metrics.gauge("overdue_tickets", overdue)
        self._metrics.gauge("oldest_overdue_seconds", max(0.0, now - oldest[0][1]) / 1000 if oldest else 0.0)

    def _bands(self, redis: Redis, names: list[str], now: Instant) -> dict[str, dict[str, int]]:
        """Part queues into ok, at risk and overdue; a ticket that is overdue has a new deadline with whoever got it,
        and stays overdue."""
        with redis.pipeline(transaction=False) as pipe:
            for name in names:
                for key in (f"{self._prefix}q:{name}", f"{self._prefix}q:{LATE}{name}"):
                    pipe.zcard(key)
                    pipe.zcount(key, "-inf", now)
                    pipe.zcount(key, f"({now}", now + SOON_MS)
            answers = iter(pipe.execute() if names else [])
        found = {}
        for name, (total, past, soon, late, late_past, late_soon) in zip(
            names, zip(*[answers] * 6, strict=True), strict=True
        ):
            overdue, at_risk = late + past - late_past, soon - late_soon
            found[name] = {"ok": total - overdue - at_risk, "at_risk": at_risk, "overdue": overdue}
        return found
