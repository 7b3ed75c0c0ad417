"""A record as the loop hands it to a stage."""

from collections.abc import Sequence

from engine.stream.contracts import Record
from topics.ids import Instant


def fetched(
    topic: str,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    *,
    partition: int = 0,
    headers: Sequence[tuple[str, bytes | None]] = (),
    at: Instant = 0,
    appended_ms: int | None = None,
) -> Record:
    """``at``: when the broker had it, in engine time, and by its own clock where that is not told."""
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        key=key,
        value=value,
        headers=headers,
        appended_ms=at if appended_ms is None else appended_ms,
        appended_at=at,
    )
