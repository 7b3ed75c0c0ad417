"""What happens to a partition, not to a ticket."""

from typing import Any

from msgspec import UNSET, UnsetType

from topics.events.facts import Facts
from topics.ids import Instant


class DutySet(Facts, frozen=True, kw_only=True):
    """The roster is changed here without a pack; ``duty`` is a ``topics.command.Duty``."""

    by: str
    duty: dict[str, Any]


class PackAdopted(Facts, frozen=True, kw_only=True):
    """A pack is in force in this partition."""

    former: str
    pack: str


class CauseHeld(Facts, frozen=True, kw_only=True):
    """A cause was set aside; ``sha256`` is of its bytes, which stay on the topic it names."""

    appended_at: Instant
    record: str
    sha256: str | UnsetType = UNSET
    size: int | UnsetType = UNSET


class HeldRetried(Facts, frozen=True, kw_only=True):
    """It was decided again here."""

    by: str
    reason: str | None
    record: str | None


class HeldDropped(Facts, frozen=True, kw_only=True):
    """It was let go."""

    by: str
    reason: str | None
    record: str | None
