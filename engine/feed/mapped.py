"""What a row of a source becomes: an incident, its closing, or what keeps it from being one."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from engine.feed.feedmap import ClosingKind
from topics.ids import Instant, identity


class Closing(NamedTuple):
    """The end of a row at its source."""

    at: Instant
    kind: ClosingKind
    reason: str


class RowFault(NamedTuple):
    """What keeps a row from being sent: the column, its value with all that may be personal masked, the mend."""

    column: str
    value: str
    mend: str

    def __str__(self) -> str:
        found = f": {self.value!r}" if self.value else ""
        return f"column {self.column!r}{found} {self.mend}"


class Mapped(NamedTuple):
    """A row as it will be sent: ``data`` of the CloudEvent, or the raw columns where a fault keeps it from that."""

    number: int
    source: str
    id: str
    """Empty where the row has none: it cannot be sent at all."""
    at: Instant | None
    """When it occurred; ``None`` when that cannot be read."""
    data: dict[str, Any]
    closing: Closing | None = None
    faults: tuple[RowFault, ...] = ()
    line: int = 0
    notes: tuple[tuple[str, str], ...] = ()
    """What is peculiar and counted: kind and word."""

    @property
    def identity(self) -> str:
        """``<source>:<id>``."""
        return identity(self.source, self.id)


def utc(at: Instant) -> datetime:
    """An instant as a time."""
    return datetime.fromtimestamp(at / 1000, UTC)
