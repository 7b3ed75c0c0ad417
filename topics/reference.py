"""Records of ``reference``: pack bundles under their hash, and the one mapping of engine time."""

from typing import Literal

import msgspec

from topics.ids import Instant


class EngineClock(msgspec.Struct, frozen=True):
    """Engine now = ``start_at`` + (broker now − ``origin_at``) × ``speed`` (DESIGN 6). Live: speed 1, start = origin."""

    start_at: Instant
    origin_at: Instant
    """Broker time, in milliseconds, at which engine time was ``start_at``."""
    speed: int
    version: Literal[1] = 1

    def engine(self, broker_ms: int) -> Instant:
        """Turn broker time into engine time."""
        return self.start_at + (broker_ms - self.origin_at) * self.speed

    def broker(self, at: Instant) -> int:
        """Turn engine time into the first millisecond of broker time at which it is reached."""
        return self.origin_at + -((self.start_at - at) // self.speed)


CLOCK_KEY = "clock"
"""Key of the clock on ``reference``; a bundle's key is ``<name>@<hash>``."""

CURRENT_KEY = "current"
"""Key of the record that says by which pack intake places."""


class CurrentPack(msgspec.Struct, frozen=True):
    """The pack published last, by which intake places. Each partition of dispatch adopts it through ``commands``."""

    ref: str
    """``<name>@<hash>``."""
    version: Literal[1] = 1
