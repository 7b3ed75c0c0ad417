"""What is passed by since it cannot be read: counted, alarmed, logged once a minute for each partition, and recorded
where a stage writes."""

import logging
import time

from engine.observability.metrics import StageMetrics
from engine.stream.contracts import Out, Record
from topics import codec
from topics.ids import Instant
from topics.registry import REJECTED
from topics.rejected import Rejected, RejectReason

log = logging.getLogger(__name__)

TOLD_EVERY_SECONDS = 60.0
"""A partition full of junk is one line a minute, not one for each record."""

_told: dict[tuple[str, int], float] = {}


def passed_by(metrics: StageMetrics, record: Record, why: str) -> None:
    """Count it, raise the alarm, and say so."""
    metrics.count("unreadable", record.topic)
    metrics.count("alarms", "unreadable")
    where, now = (record.topic, record.partition), time.monotonic()
    if now - _told.get(where, -TOLD_EVERY_SECONDS) >= TOLD_EVERY_SECONDS:
        _told[where] = now
        log.error("%s/%d: %s cannot be read and is passed by: %s", record.topic, record.partition, offsets(record), why)


def stranger_passed_by(metrics: StageMetrics, state: str, partition: int, offset: int, why: str) -> None:
    """A record of our own state that no stage of ours has written."""
    record = Record(
        topic=state,
        partition=partition,
        offset=offset,
        key=None,
        value=None,
        headers=(),
        appended_ms=0,
        appended_at=0,
        loose=True,
        unreadable=why,
    )
    passed_by(metrics, record, why)


def offsets(record: Record) -> str:
    """Say which offsets a record stands for."""
    return (
        f"offset {record.offset}"
        if record.first in (-1, record.offset)
        else f"offsets {record.first} to {record.offset}"
    )


def rejection(record: Record, at: Instant, partition: int) -> Out:
    """Record what was passed by: topic, partition and offsets, for whoever wrote it to send again."""
    told = Rejected(
        id=record.id,
        at=at,
        reason=RejectReason.UNREADABLE_BATCH,
        field=record.topic,
        message=f"{offsets(record)} of {record.topic}/{record.partition}: {record.unreadable}"[:300],
    )
    return Out(REJECTED.name, partition, None, codec.encode(told))
