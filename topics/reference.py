"""Records of ``reference``: pack bundles under their hash, and the one mapping of engine time."""

import hashlib
from typing import Any, Literal

import msgspec

from topics import codec
from topics.errors import GridwhistleError
from topics.ids import Instant
from topics.pack import PackBundle
from topics.unreadable import UNREADABLE


class EngineClock(msgspec.Struct, frozen=True):
    """Engine now = ``start_at`` + (broker now − ``origin_at``) × ``speed`` (DESIGN 6). Live: speed 1, start =
    origin."""

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


class Foreign(GridwhistleError, ValueError):
    """A record of ``reference`` that no publisher of ours wrote: it is passed by, and the message says why."""


def ref_of(name: str, value: bytes) -> str:
    """Name a bundle by its bytes as they travel: ``<name>@<first 16 hex of their SHA-256>``."""
    return f"{name}@{hashlib.sha256(value).hexdigest()[:16]}"


def read(key: str, value: bytes) -> PackBundle | CurrentPack | EngineClock:
    """Read one record; a bundle only under the hash it has.

    Raises:
        Foreign: It is none of ours.
    """
    name, at, _ = key.rpartition("@")
    if at and ref_of(name, value) != key:
        raise Foreign("a bundle that is not what its key says: its hash is another")
    kind: Any = {CLOCK_KEY: EngineClock, CURRENT_KEY: CurrentPack}.get(key, PackBundle if at else None)
    if kind is None:
        raise Foreign("the key is none of ours")
    try:
        found: PackBundle | CurrentPack | EngineClock = codec.decode(value, kind)
    except UNREADABLE as exc:
        raise Foreign(f"cannot be read: {type(exc).__name__}") from exc
    if isinstance(found, PackBundle) and found.name != name:
        raise Foreign("a bundle under another name")
    if isinstance(found, EngineClock) and not 1 <= found.speed <= FASTEST:
        raise Foreign(f"a clock of speed {found.speed}")
    return found


FASTEST = 1_000_000
"""Engine milliseconds in one of the broker's: a year of a city in half a minute."""


SLACK_MS = 5000
"""By how much, of the broker's time, the wall clock of whoever starts a stack again may be ahead of it."""


def follows(before: EngineClock | None, clock: EngineClock) -> bool:
    """Whether a mapping may take another's place: the same speed, no time goes back, and none is skipped. A live one
    never gives way."""
    if before is None or clock == before:
        return True
    if clock.speed != before.speed or (before.speed == 1 and before.start_at == before.origin_at):
        return False
    return (
        before.start_at <= clock.start_at <= before.engine(clock.origin_at + SLACK_MS)
        and clock.origin_at >= before.origin_at
    )
