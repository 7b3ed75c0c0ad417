"""Leases of a reader's events: what may be handed out, what is put before it next, and what is handed out then. All
within a transaction that has the reader's row."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.doors.filters import Filter, judged
from engine.doors.store import has_come

LOOKED_AT = 500
"""Events that one step of a lease puts before its reader."""
MOST_OPEN = 5_000
"""Events before a reader that are not acknowledged; beyond them nothing new is looked at."""
LONGEST_LEASE = 3600
"""Seconds for which an event is leased, or given back, at most, as the gateway has it too."""
IS_FREE = has_come("l.until", "clock_timestamp()", LONGEST_LEASE)

_FREE = text(
    f"""SELECT l.seq, e.id, e.body, l.attempts, l.replayed FROM leases l JOIN department_events e USING (seq)
    WHERE l.department = :d AND l.reader = :r AND {IS_FREE} AND NOT EXISTS (
        SELECT FROM leases f JOIN department_events USING (seq)
        WHERE f.department = :d AND f.reader = :r AND f.ticket = l.ticket AND f.seq < l.seq)
    ORDER BY l.seq LIMIT :n FOR UPDATE OF l SKIP LOCKED"""
)
NEXT = text(
    "SELECT seq, id, ticket, body FROM department_events WHERE department = :d AND seq > :after ORDER BY seq LIMIT :n"
)
_PUT = text("INSERT INTO leases VALUES (:d, :r, :seq, :ticket, NULL, now(), 0, :replayed)")
_LEASE = text(
    """UPDATE leases SET receipt = :token || '.' || seq, until = clock_timestamp() + :seconds * interval '1 second',
        attempts = attempts + 1
    WHERE department = :d AND reader = :r AND seq = ANY(:seqs) RETURNING seq, receipt, until"""
)


class Leased(NamedTuple):
    """One event as it is handed out."""

    seq: int
    id: str
    body: str
    receipt: str
    attempt: int
    is_replayed: bool
    until: datetime


async def free(connection: AsyncConnection, who: dict[str, Any], n: int) -> Sequence[Any]:
    """Find what may be handed out; what somebody acknowledges too late at this moment is passed by."""
    return (await connection.execute(_FREE, who | {"n": n})).all()


async def further(connection: AsyncConnection, who: dict[str, Any], wants: Filter, after: int, seen: int) -> int:
    """Put the next events before a reader; answers up to where they were looked at."""
    open_ = text("SELECT count(*) FROM leases WHERE department = :d AND reader = :r")
    if (await connection.scalar(open_, who) or 0) >= MOST_OPEN:
        return after
    rows = (await connection.execute(NEXT, who | {"after": after, "n": LOOKED_AT})).all()
    answers = await judged(wants, [row.body for row in rows])
    taken = [
        who | {"seq": row.seq, "ticket": row.ticket, "replayed": row.seq <= seen}
        for row, is_wanted in zip(rows, answers, strict=False)
        if is_wanted
    ]
    if taken:
        await connection.execute(_PUT, taken)
    return int(rows[len(answers) - 1].seq) if rows else after


async def leased(connection: AsyncConnection, who: dict[str, Any], free: Sequence[Any], seconds: int) -> list[Leased]:
    """Hand these out."""
    if not free:
        return []
    given = {"seqs": [row.seq for row in free], "token": secrets.token_hex(8), "seconds": seconds}
    now = {row.seq: row for row in await connection.execute(_LEASE, who | given)}
    return [
        Leased(
            seq=row.seq,
            id=row.id,
            body=row.body,
            receipt=now[row.seq].receipt,
            attempt=row.attempts + 1,
            is_replayed=row.replayed,
            until=now[row.seq].until,
        )
        for row in free
    ]
