"""Pulling a department's events: leased for a while, acknowledged or given back, in the order of each ticket. All of it
is rows, so it outlives whoever leases; pullers of one reader take turns at its row for milliseconds."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database.schema import answering
from engine.doors.filters import Filter, judged, kept
from engine.doors.outbox import HOLD
from engine.doors.store import Doors, has_come
from engine.doors.tables import MOMENT
from engine.errors import GridwhistleError

LOOKED_AT = 500
"""Events that one step of a lease puts before its reader."""
STEPS = 4
MOST_OPEN = 5_000
"""Events before a reader that are not acknowledged; beyond them nothing new is looked at."""
MOST_READERS = 20
COUNTED = 10_000
"""Events not looked at are counted up to so many."""
LONGEST_LEASE = 3600
"""Seconds for which an event is leased, or given back, at most, as the gateway has it too."""
LONGEST_PAUSE = 300
"""Seconds after which what was given back again and again comes again."""
_IS_FREE = has_come("l.until", "clock_timestamp()", LONGEST_LEASE)


class Leased(NamedTuple):
    """One event as it is handed out."""

    seq: int
    id: str
    body: str
    receipt: str
    attempt: int
    is_replayed: bool
    until: datetime


class Told(NamedTuple):
    """One event as it is looked at."""

    seq: int
    id: str
    body: str


class Reader(NamedTuple):
    """Whoever reads for themselves, and how far they are."""

    name: str
    filter: str
    cursor: int
    leased: int
    waiting: int
    """Looked at and neither with anybody nor acknowledged."""
    unread: int
    """Not looked at yet; the filter may pass some of them by."""
    oldest: datetime | None
    """Engine time of the first event that is not acknowledged."""
    asked_at: datetime


class TooMany(GridwhistleError):
    """A department has as many readers as it may."""


_MAKE = text(
    "INSERT INTO readers VALUES (:d, :r, :filter, :position, :position, clock_timestamp(), clock_timestamp())"
    " ON CONFLICT DO NOTHING"
)
_TAKE = text("SELECT filter, position, seen FROM readers WHERE department = :d AND name = :r FOR UPDATE")
_END = text("SELECT coalesce(max(seq), 0) FROM department_events WHERE department = :d")
_SINCE = text("SELECT min(seq) - 1 FROM department_events WHERE department = :d AND at >= :since").bindparams(
    bindparam("since", type_=MOMENT)
)
_FREE = text(
    f"""SELECT l.seq, e.id, e.body, l.attempts, l.replayed FROM leases l JOIN department_events e USING (seq)
    WHERE l.department = :d AND l.reader = :r AND {_IS_FREE} AND NOT EXISTS (
        SELECT FROM leases f JOIN department_events USING (seq)
        WHERE f.department = :d AND f.reader = :r AND f.ticket = l.ticket AND f.seq < l.seq)
    ORDER BY l.seq LIMIT :n FOR UPDATE OF l SKIP LOCKED"""
)
_LAST = text(
    "SELECT min(seq) - 1 FROM (SELECT seq FROM department_events WHERE department = :d ORDER BY seq DESC LIMIT :n) l"
)
_NEXT = text(
    "SELECT seq, id, ticket, body FROM department_events WHERE department = :d AND seq > :after ORDER BY seq LIMIT :n"
)
_PUT = text("INSERT INTO leases VALUES (:d, :r, :seq, :ticket, NULL, now(), 0, :replayed)")
_LEASE = text(
    """UPDATE leases SET receipt = :token || '.' || seq, until = clock_timestamp() + :seconds * interval '1 second',
        attempts = attempts + 1
    WHERE department = :d AND reader = :r AND seq = ANY(:seqs) RETURNING seq, receipt, until"""
)
_MOVED = text(
    "UPDATE readers SET position = :position, seen = greatest(seen, :position), asked_at = clock_timestamp()"
    " WHERE department = :d AND name = :r"
)
_ACK = text(
    "DELETE FROM leases WHERE department = :d AND reader = :r AND seq = ANY(:seqs) AND receipt = ANY(:receipts)"
    " RETURNING receipt"
)
_NACK = text(
    f"""WITH given AS (
        SELECT seq, receipt FROM leases
        WHERE department = :d AND reader = :r AND seq = ANY(:seqs) AND receipt = ANY(:receipts) FOR UPDATE)
    UPDATE leases l SET receipt = NULL, until = clock_timestamp() + interval '1 second' *
        coalesce(CAST(:seconds AS integer), least(2 ^ least(l.attempts - 1, 30), {LONGEST_PAUSE}))
    FROM given WHERE l.department = :d AND l.reader = :r AND l.seq = given.seq RETURNING given.receipt"""
)
_STANDS = text(
    f"""SELECT r.name, r.filter, r.position AS cursor, r.asked_at, o.leased, o.waiting, u.unread, e.at AS oldest
    FROM readers r
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE receipt IS NOT NULL AND NOT {_IS_FREE}) AS leased,
            count(*) FILTER (WHERE receipt IS NULL OR {_IS_FREE}) AS waiting, min(seq) AS first
        FROM leases l WHERE department = r.department AND reader = r.name) o
    CROSS JOIN LATERAL (
        SELECT count(*) AS unread, min(seq) AS first FROM (
            SELECT seq FROM department_events WHERE department = r.department AND seq > r.position
            ORDER BY seq LIMIT :most) n) u
    LEFT JOIN department_events e ON e.seq = coalesce(o.first, u.first)
    WHERE r.department = :d ORDER BY r.name"""
)


class Pull:
    """What one department may do with its events."""

    def __init__(self, doors: Doors, department: str) -> None:
        """Nothing is asked yet."""
        self._engine, self.department, self._who = doors.engine, department, {"d": department}

    async def lease(self, reader: str, n: int, seconds: int, since: datetime | None = None) -> list[Leased]:
        """Hand out up to ``n`` events for ``seconds`` of the wall clock, of each ticket the first alone.

        A reader that is new begins with what was told from ``since`` on (engine time), else with what comes.

        Raises:
            TooMany: There are as many readers as may be.
            DependencyDown: PostgreSQL is away.
        """
        who = self._who | {"r": reader}
        async with answering(), self._engine.begin() as connection:
            await connection.execute(HOLD)
            wants, position, seen = await self._taken(connection, reader, since)
            after, free = position, await _free(connection, who, n)
            for _ in range(STEPS):
                if len(free) >= n or (further := await _further(connection, who, wants, after, seen)) == after:
                    break
                after, free = further, await _free(connection, who, n)
            await connection.execute(_MOVED, who | {"position": after})
            return await _leased(connection, who, free, seconds)

    async def _taken(self, connection: AsyncConnection, reader: str, since: datetime | None) -> tuple[Filter, int, int]:
        """Take a reader's row, which is made where there is none: whoever else leases for it waits here."""
        who = self._who | {"r": reader}
        row = (await connection.execute(_TAKE, who)).first()
        if row is None:
            await self._make(connection, reader, "", since)
            row = (await connection.execute(_TAKE, who)).one()
        return kept(row.filter), row.position, row.seen

    async def _make(self, connection: AsyncConnection, reader: str, wants: str, since: datetime | None) -> None:
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:d))"), self._who)
        count = await connection.scalar(text("SELECT count(*) FROM readers WHERE department = :d"), self._who)
        if (count or 0) >= MOST_READERS:
            raise TooMany(f"a department has at most {MOST_READERS} readers: drop one")
        position = await self._before(connection, since)
        await connection.execute(_MAKE, self._who | {"r": reader, "filter": wants, "position": position})

    async def _before(self, connection: AsyncConnection, since: datetime | None) -> int:
        """Find the number after which come all events that were told from ``since`` on."""
        found = None if since is None else await connection.scalar(_SINCE, self._who | {"since": since})
        return int(await connection.scalar(_END, self._who) or 0) if found is None else int(found)

    async def put(
        self,
        reader: str,
        wants: str | None = None,
        *,
        begin: datetime | None = None,
        since: datetime | None = None,
        cursor: int | None = None,
    ) -> None:
        """Make a reader, give it another filter, or set it to another place: what comes after that comes again.

        ``begin`` is where one that is new begins; a ``cursor`` beyond the end is the end. What is leased to somebody is
        theirs no longer, where the place changes.

        Raises:
            TooMany: There are as many readers as may be.
            DependencyDown: PostgreSQL is away.
        """
        who = self._who | {"r": reader}
        async with answering(), self._engine.begin() as connection:
            if (await connection.execute(_TAKE, who)).first() is None:
                await self._make(connection, reader, wants or "", begin)
            if wants is not None:
                change = text("UPDATE readers SET filter = :filter WHERE department = :d AND name = :r")
                await connection.execute(change, who | {"filter": wants})
            if since is not None or cursor is not None:
                end = await self._before(connection, since if cursor is None else None)
                await connection.execute(text("DELETE FROM leases WHERE department = :d AND reader = :r"), who)
                change = text("UPDATE readers SET position = :position WHERE department = :d AND name = :r")
                await connection.execute(change, who | {"position": end if cursor is None else min(cursor, end)})

    async def acknowledge(self, reader: str, receipts: Sequence[str]) -> list[str]:
        """Let go of what is done; answers the receipts that counted. Another one is no longer good: its event was done,
        or is with somebody else by now."""
        return await self._settled(_ACK, reader, receipts, {})

    async def give_back(self, reader: str, receipts: Sequence[str], seconds: int | None) -> list[str]:
        """Let events come again, after ``seconds`` or a pause that grows; answers the receipts that counted."""
        return await self._settled(_NACK, reader, receipts, {"seconds": seconds})

    async def _settled(self, statement: Any, reader: str, receipts: Sequence[str], more: dict[str, Any]) -> list[str]:
        given = {"seqs": [seq_of(one) for one in receipts], "receipts": list(receipts)}
        async with answering(), self._engine.begin() as connection:
            return [row[0] for row in await connection.execute(statement, self._who | {"r": reader} | given | more)]

    async def drop(self, reader: str) -> bool:
        """Forget a reader and all before it; whether there was one."""
        who = self._who | {"r": reader}
        async with answering(), self._engine.begin() as connection:
            await connection.execute(text("DELETE FROM leases WHERE department = :d AND reader = :r"), who)
            gone = await connection.execute(text("DELETE FROM readers WHERE department = :d AND name = :r"), who)
            return gone.rowcount > 0

    async def readers(self) -> list[Reader]:
        """Tell how each stands."""
        async with answering(), self._engine.connect() as connection:
            found = await connection.execute(_STANDS, self._who | {"most": COUNTED})
            return [Reader(**row._mapping) for row in found]

    async def look(self, after: int, n: int) -> list[Told]:
        """Give up to ``n`` events behind a number; nothing is leased."""
        async with answering(), self._engine.connect() as connection:
            found = await connection.execute(_NEXT, self._who | {"after": after, "n": n})
            return [Told(row.seq, row.id, row.body) for row in found]

    async def place(self, since: datetime | None = None, last: int | None = None) -> int:
        """Find the number to look behind: of a moment, of the last so many events, or of the beginning."""
        async with answering(), self._engine.connect() as connection:
            if last is not None:
                return int(await connection.scalar(_LAST, self._who | {"n": last}) or 0)
            return await self._before(connection, since) if since is not None else 0


async def _free(connection: AsyncConnection, who: dict[str, Any], n: int) -> Sequence[Any]:
    """Find what may be handed out; what somebody acknowledges too late at this moment is passed by."""
    return (await connection.execute(_FREE, who | {"n": n})).all()


async def _further(connection: AsyncConnection, who: dict[str, Any], wants: Filter, after: int, seen: int) -> int:
    """Put the next events before a reader; answers up to where they were looked at."""
    open_ = text("SELECT count(*) FROM leases WHERE department = :d AND reader = :r")
    if (await connection.scalar(open_, who) or 0) >= MOST_OPEN:
        return after
    rows = (await connection.execute(_NEXT, who | {"after": after, "n": LOOKED_AT})).all()
    answers = await judged(wants, [row.body for row in rows])
    taken = [
        who | {"seq": row.seq, "ticket": row.ticket, "replayed": row.seq <= seen}
        for row, is_wanted in zip(rows, answers, strict=False)
        if is_wanted
    ]
    if taken:
        await connection.execute(_PUT, taken)
    return int(rows[len(answers) - 1].seq) if rows else after


async def _leased(connection: AsyncConnection, who: dict[str, Any], free: Sequence[Any], seconds: int) -> list[Leased]:
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


def seq_of(receipt: str) -> int:
    """Read the number out of a receipt."""
    return int(receipt.partition(".")[2])
