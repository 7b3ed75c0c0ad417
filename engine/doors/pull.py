"""Pulling a department's events: leased for a while, acknowledged or given back, in the order of each ticket. All of it
is rows, so it outlives whoever leases; pullers of one reader take turns at its row for milliseconds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database.schema import again_at_deadlock, answering
from engine.doors import leases
from engine.doors.filters import kept
from engine.doors.outbox import HOLD
from engine.doors.store import Doors
from engine.doors.tables import MOMENT
from engine.errors import GridwhistleError

STEPS = 4
MOST_READERS = 20
COUNTED = 10_000
"""Events not looked at are counted up to so many."""
LONGEST_PAUSE = 300
"""Seconds after which what was given back again and again comes again."""


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
_LAST = text(
    "SELECT min(seq) - 1 FROM (SELECT seq FROM department_events WHERE department = :d ORDER BY seq DESC LIMIT :n) l"
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
        SELECT count(*) FILTER (WHERE receipt IS NOT NULL AND NOT {leases.IS_FREE}) AS leased,
            count(*) FILTER (WHERE receipt IS NULL OR {leases.IS_FREE}) AS waiting, min(seq) AS first
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

    @again_at_deadlock
    async def lease(self, reader: str, n: int, seconds: int, since: datetime | None = None) -> list[leases.Leased]:
        """Hand out up to ``n`` events for ``seconds`` of the wall clock, of each ticket the first alone.

        A reader that is new begins with what was told from ``since`` on (engine time), else with what comes.

        Raises:
            TooMany: There are as many readers as may be.
            DependencyDown: PostgreSQL is away.
        """
        who = self._who | {"r": reader}
        async with answering(), self._engine.begin() as connection:
            await connection.execute(HOLD)
            found = await self._taken(connection, reader, "", since)
            wants, seen = kept(found.filter), found.seen
            after, free = found.position, await leases.free(connection, who, n)
            for _ in range(STEPS):
                if len(free) >= n or (further := await leases.further(connection, who, wants, after, seen)) == after:
                    break
                after, free = further, await leases.free(connection, who, n)
            await connection.execute(_MOVED, who | {"position": after})
            return await leases.leased(connection, who, free, seconds)

    async def _taken(self, connection: AsyncConnection, reader: str, wants: str, since: datetime | None) -> Any:
        """Take a reader's row, which is made where there is none: whoever else leases for it waits here."""
        who = self._who | {"r": reader}
        while (row := (await connection.execute(_TAKE, who)).first()) is None:
            await self._make(connection, reader, wants, since)  # or somebody else's, who may drop it again
        return row

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

    @again_at_deadlock
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
            await self._taken(connection, reader, wants or "", begin)
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

    @again_at_deadlock
    async def _settled(self, statement: Any, reader: str, receipts: Sequence[str], more: dict[str, Any]) -> list[str]:
        given = {"seqs": [seq_of(one) for one in receipts], "receipts": list(receipts)}
        async with answering(), self._engine.begin() as connection:
            return [row[0] for row in await connection.execute(statement, self._who | {"r": reader} | given | more)]

    @again_at_deadlock
    async def drop(self, reader: str) -> bool:
        """Forget a reader and all before it; whether there was one."""
        who = self._who | {"r": reader}
        async with answering(), self._engine.begin() as connection:
            # as whoever leases does, its row before what was leased by it; one that is being made at this moment is not
            # there yet, and neither half of it may go
            if (await connection.execute(_TAKE, who)).first() is None:
                return False
            await connection.execute(text("DELETE FROM leases WHERE department = :d AND reader = :r"), who)
            await connection.execute(text("DELETE FROM readers WHERE department = :d AND name = :r"), who)
            return True

    async def readers(self) -> list[Reader]:
        """Tell how each stands."""
        async with answering(), self._engine.connect() as connection:
            found = await connection.execute(_STANDS, self._who | {"most": COUNTED})
            return [Reader(**row._mapping) for row in found]

    async def look(self, after: int, n: int) -> list[Told]:
        """Give up to ``n`` events behind a number; nothing is leased."""
        async with answering(), self._engine.connect() as connection:
            found = await connection.execute(leases.NEXT, self._who | {"after": after, "n": n})
            return [Told(row.seq, row.id, row.body) for row in found]

    async def place(self, since: datetime | None = None, last: int | None = None) -> int:
        """Find the number to look behind: of a moment, of the last so many events, or of the beginning."""
        async with answering(), self._engine.connect() as connection:
            if last is not None:
                return int(await connection.scalar(_LAST, self._who | {"n": last}) or 0)
            return await self._before(connection, since) if since is not None else 0


def seq_of(receipt: str) -> int:
    """Read the number out of a receipt."""
    return int(receipt.partition(".")[2])
