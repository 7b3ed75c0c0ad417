"""The archive in PostgreSQL: folding decisions in, with the position in the same transaction; reading a ticket's
history out by its key."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Text, bindparam, cast, func, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.archive import migrations
from engine.archive.fold import Read, Row, decision_row, fold, received_of, sure
from engine.archive.months import Months
from engine.archive.tables import BREACHES, DAYS, DECISIONS, GAPS, POSITIONS, TICKETS
from engine.archive.windows import Newest
from engine.archive.writing import UPSERT, many, noticed, put, told_rows
from engine.database.schema import Schema, answering, schema_of
from engine.doors.notices import is_fresh, put_notices
from engine.doors.outbox import put_events
from engine.doors.photos import named_in, note_named
from engine.doors.store import doors_schema
from engine.doors.tables import SCHEMA
from engine.errors import DependencyDown, InvalidSettings
from engine.security.connections import new_database
from engine.settings import Settings
from rules.law.compiled import Law
from topics.vocabulary import Reason

log = logging.getLogger(__name__)

HEAD = "0002"
"""The last step of the migrations: an archive that stands there needs no Alembic."""

PART = "archive"
"""The schema of the one that runs."""

IDLE_MS = "60000"
"""A writer that hangs within a transaction, or whose machine is gone, lets its locks go after so long: others wait."""


class PositionMoved(DependencyDown):
    """The archive stands elsewhere than we left it: another process is at this partition. Open again from where it
    stands."""


class Archive:
    """One stack's archive; ``part`` keeps one apart that is made anew."""

    def __init__(self, settings: Settings, part: str = PART, **options: str) -> None:
        """Prepare; nothing is sent yet. Without a database in the settings that is refused."""
        if not settings.database_url:
            raise InvalidSettings(
                "there is no archive here: set GRIDWHISTLE_DATABASE_URL, or bring the stack up without --no-archive"
            )
        self.schema = schema_of(settings, part)
        self._schema = Schema("the archive", self.schema, migrations=migrations, head=HEAD)
        self._outbox = doors_schema(settings) if part == PART else None
        """What is made anew beside the running one tells departments nothing a second time."""
        names = {SCHEMA: schema_of(settings, SCHEMA)}
        self.engine: AsyncEngine = new_database(
            settings, self.schema, **{"idle_in_transaction_session_timeout": IDLE_MS, **options}
        ).execution_options(schema_translate_map=names)
        self._months = Months(self.engine, settings.archive_days)
        self.newest = Newest()

    async def close(self) -> None:
        """Let the connections go."""
        await self.engine.dispose()

    async def fit(self) -> None:
        """Bring the tables to what this engine writes; once, however many partitions open.

        Raises:
            StateFromNewer: A newer engine made them.
        """
        await self._schema.fit(self.engine)
        if self._outbox is not None:
            await self._outbox.fit(self.engine)

    async def is_there(self) -> bool:
        """Whether anything was ever archived here."""
        return await self._schema.is_there(self.engine)

    async def last(self, partition: int) -> tuple[int, int] | None:
        """Tell offset and time of the record of a partition that was read last."""
        async with answering(), self.engine.connect() as connection:
            found = await connection.execute(
                select(POSITIONS.c.last_position, POSITIONS.c.last_appended_ms).where(
                    POSITIONS.c.partition == partition, POSITIONS.c.last_position.is_not(None)
                )
            )
            row = found.first()
            return None if row is None else (row.last_position, row.last_appended_ms)

    async def positions(self) -> dict[int, int]:
        """Tell how far each partition of the log is folded."""
        async with answering(), self.engine.connect() as connection:
            found = await connection.execute(select(POSITIONS.c.partition, POSITIONS.c.position))
            return {row.partition: row.position for row in found}

    async def write(
        self,
        partition: int,
        reads: Sequence[Read],
        laws: Mapping[str, Law],
        expected: int,
        after: int,
        last: tuple[int, int] | None = None,
    ) -> int:
        """Fold decisions of one partition in and store the position, in one transaction; answers how many were new.

        A decision that is there already, by its id, changes nothing. ``last`` is offset and time of the last record
        read, where one was.

        Raises:
            PositionMoved: The archive does not stand at ``expected``.
            DependencyDown: PostgreSQL is away.
        """
        async with answering():
            # outside of the transaction: making and dropping parts waits for whoever reads the table
            await self._months.have(read.decision.at for read in reads)
            await self._months.have_tickets(received_of(reads))
            async with self.engine.begin() as connection:
                await self._move(connection, partition, expected, after, last)
                new = await self._new(connection, reads)
                if not new:
                    return 0
                folded = fold(new, laws)
                await many(
                    connection,
                    insert(DECISIONS).values(record=cast(bindparam("record", type_=Text), JSON)),
                    [decision_row(read) for read in new],
                )
                await put(connection, folded)
                if self._outbox is not None:
                    if is_fresh(last[1] if last is not None else None):
                        await put_notices(connection, noticed(new, laws))
                    await note_named(connection, named_in(read.decision for read in new))
                    await put_events(connection, self._outbox.name, told_rows(new))
                return len(new)

    async def _move(
        self,
        connection: AsyncConnection,
        partition: int,
        expected: int,
        after: int,
        last: tuple[int, int] | None = None,
    ) -> None:
        """Take the partition's row: whoever else is at it waits here, and then finds that it was moved."""
        new = {"position": after}
        new |= {"last_position": last[0], "last_appended_ms": last[1]} if last is not None else {}
        first = insert(POSITIONS).values(partition=partition, **new)
        move = (
            first.on_conflict_do_update(
                index_elements=["partition"], set_=new, where=POSITIONS.c.position == 0
            ).returning(POSITIONS.c.position)
            if expected == 0
            else update(POSITIONS)
            .where(POSITIONS.c.partition == partition, POSITIONS.c.position == expected)
            .values(**new)
            .returning(POSITIONS.c.position)
        )
        if (await connection.execute(move)).first() is None:
            raise PositionMoved(f"the archive does not stand at {expected} in partition {partition}")

    async def _new(self, connection: AsyncConnection, reads: Sequence[Read]) -> list[Read]:
        """Of decisions those that are not there yet, each once."""
        first = {read.decision.id: read for read in reversed(reads)}
        if not first:
            return []
        moments = [sure(read.decision.at) for read in first.values()]
        found = await connection.execute(
            select(DECISIONS.c.id).where(
                DECISIONS.c.id == func.any(bindparam("ids", list(first), type_=ARRAY(Text))),
                DECISIONS.c.at.between(min(moments), max(moments)),
            )
        )
        known = {row.id for row in found}
        return [read for read in reads if first[read.decision.id] is read and read.decision.id not in known]

    async def seed(self, partition: int, rows: Sequence[Row], gap: tuple[int, int]) -> None:
        """Put in tickets as the state has them, whose decisions the log no longer tells, and note what is missing."""
        async with answering():
            await self._months.have_tickets(row["received_at"] for row in rows)
            async with self.engine.begin() as connection:
                await self._move(connection, partition, gap[0], gap[1])
                await many(connection, UPSERT, rows)
                lost = insert(GAPS).values(partition=partition, first=gap[0], after=gap[1])
                await connection.execute(lost.on_conflict_do_nothing())

    async def history(self, ticket: str, rosters_of: int | None = None) -> list[bytes]:
        """Give the records of every decision about a ticket, in the order they were made; also those that changed the
        roster of a partition."""
        wanted = DECISIONS.c.tickets.contains(cast([ticket], ARRAY(Text)))
        if rosters_of is not None:
            wanted = or_(wanted, (DECISIONS.c.partition == rosters_of) & (DECISIONS.c.reason == Reason.DUTY_SET))
        async with answering(), self.engine.connect() as connection:
            found = await connection.execute(
                select(cast(DECISIONS.c.record, Text).label("record"))
                .where(wanted)
                .order_by(DECISIONS.c.partition, DECISIONS.c.position)
            )
            return [row.record.encode() for row in found]

    async def image(self, ticket: str) -> bytes | None:
        """Give a ticket's last image, forgotten or not."""
        async with answering(), self.engine.connect() as connection:
            found = await connection.scalar(select(cast(TICKETS.c.image, Text)).where(TICKETS.c.id == ticket))
            return None if found is None else found.encode()

    async def digest(self) -> dict[str, str]:
        """Sum each table up: SHA-256 over its rows in the order of their keys."""
        found = {}
        async with answering(), self.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            for table in (TICKETS, DECISIONS, BREACHES, DAYS):
                names = ", ".join(column.name for column in table.c)
                key = ", ".join(f'{column.name} COLLATE "C"' if isinstance(column.type, Text) else column.name
                                for column in table.primary_key)  # fmt: skip
                total = hashlib.sha256()
                async with (
                    driver.cursor() as cursor,
                    cursor.copy(f"COPY (SELECT {names} FROM {table.name} ORDER BY {key}) TO STDOUT") as copy,
                ):
                    async for piece in copy:
                        total.update(piece)
                found[table.name] = total.hexdigest()
        return found

    async def counts(self) -> dict[str, int]:
        """Count the rows of each table."""
        async with answering(), self.engine.connect() as connection:
            return {
                table.name: int(
                    await connection.scalar(select(func.count(literal_column("*"))).select_from(table)) or 0
                )
                for table in (TICKETS, DECISIONS, BREACHES, DAYS)
            }

    async def drop(self) -> None:
        """Delete all of it; what departments were told stays."""
        await self._schema.drop(self.engine)
        self._months.forget()

    async def take_place_of(self, other: "Archive") -> None:
        """Stand where another one stood, which is deleted."""
        async with answering(), self.engine.begin() as connection:
            await connection.execute(text(f'DROP SCHEMA IF EXISTS "{other.schema}" CASCADE'))
            await connection.execute(text(f'ALTER SCHEMA "{self.schema}" RENAME TO "{other.schema}"'))
        self._schema.forget()
