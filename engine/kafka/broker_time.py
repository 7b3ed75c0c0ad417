"""Engine time (DESIGN 6): the broker's clock carried on by the monotonic one, mapped by the stack's ``EngineClock``."""

import time
from collections.abc import Callable

from topics.ids import Instant
from topics.reference import EngineClock


def awake_or_not() -> float:
    """Monotonic seconds that go on while the machine sleeps, where the system tells them: the broker's clock has gone
    on as well."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class BrokerTime:
    """A lower bound of the broker's time: the newest LogAppendTime seen, carried on by the monotonic clock.

    The record was appended before its acknowledgement came back, so the estimate is never ahead of the broker,
    and nothing that waits for it is early. A wall clock that jumps is not looked at.
    """

    def __init__(self, mapping: EngineClock, monotonic: Callable[[], float] = awake_or_not) -> None:
        """Start without knowledge; ``seen`` must be called before ``now``."""
        self._mapping = mapping
        self._monotonic = monotonic
        self._seen_ms: int | None = None
        self._at = 0.0
        self._sent: float | None = None
        self._since = 0.0
        self._floor: Instant = 0

    def not_before(self, at: Instant) -> None:
        """Never say less than this: a mapping that was set back by a slow or restarted stack does not undo what was
        decided."""
        self._floor = max(self._floor, at)

    def sends(self) -> None:
        """A record is about to be sent: the broker stamps it between now and its acknowledgement."""
        self._sent = self._monotonic()

    def seen(self, appended_ms: int) -> None:
        """Take the broker's time from a record acknowledged just now."""
        self._seen_ms = appended_ms
        self._at = self._monotonic()
        self._since, self._sent = self._at if self._sent is None else self._sent, None

    def broker_ms(self) -> int:
        """Broker time now, in milliseconds, at most a round trip behind.

        Raises:
            RuntimeError: No record was seen yet.
        """
        if self._seen_ms is None:
            raise RuntimeError("broker time was asked for before any record of the broker was seen")
        return self._seen_ms + int((self._monotonic() - self._at) * 1000)

    def skew(self) -> float | None:
        """Seconds that this machine's clock is ahead of the broker's, for certain: a slow acknowledgement is no skew;
        ``None``: not known."""
        if self._seen_ms is None:
            return None
        began = time.time() - self._monotonic()  # the wall clock as it goes now, when the monotonic one stood at 0
        return outside(began + self._since, began + self._at, self._seen_ms / 1000)

    def now(self) -> Instant:
        """Engine time now."""
        return max(self._floor, self._mapping.engine(self.broker_ms()))

    def engine(self, broker_ms: int) -> Instant:
        """Map a moment of the broker into engine time."""
        return self._mapping.engine(broker_ms)

    def seconds_until(self, at: Instant) -> float:
        """Wall seconds until engine time reaches ``at``; 0 if it has."""
        return 0.0 if at <= self._floor else max(0.0, (self._mapping.broker(at) - self.broker_ms()) / 1000)


def engine_now(mapping: EngineClock) -> Instant:
    """Engine time by this machine's wall clock, good enough for a door that stamps commands (DESIGN 6)."""
    return mapping.engine(int(time.time() * 1000))


SKEW_SECONDS = 2.0
"""By so much may this machine and the broker differ before somebody must look (DESIGN 6)."""


def outside(sent: float, acknowledged: float, appended: float) -> float:
    """Say by how many seconds this machine is ahead of the broker at least.

    The broker had the record between sending and acknowledgement: how long that took is no skew.
    """
    return acknowledged - appended if appended > acknowledged else sent - appended if appended < sent else 0.0


def off_by(sent: float, acknowledged: float, appended: float) -> float | None:
    """Say the same of what somebody must look at; ``None``: it is no more than may be."""
    least = outside(sent, acknowledged, appended)
    return least if abs(least) > SKEW_SECONDS else None
