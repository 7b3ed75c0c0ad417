"""Reading a ticket's history page by page, by its key."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, cast, select

from engine.archive.store import Archive
from engine.archive.tables import DECISIONS
from engine.database.schema import answering

FEW = 10
"""Of the last ones: what was refused is passed over."""


async def page_of(archive: Archive, ticket: str, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Give records of decisions about a ticket with their place on the log, those behind ``after``, oldest first: all
    of one ticket are made in one partition."""
    wanted = DECISIONS.c.tickets.contains(cast([ticket], ARRAY(Text)))
    async with answering(), archive.engine.connect() as connection:
        found = await connection.execute(
            select(DECISIONS.c.position, cast(DECISIONS.c.record, Text).label("record"))
            .where(wanted, DECISIONS.c.position > after)
            .order_by(DECISIONS.c.position)
            .limit(limit)
        )
        return [(row.position, row.record.encode()) for row in found]


async def said_last(archive: Archive, ticket: str, commands: Sequence[str]) -> list[bytes]:
    """Give the latest decisions on such commands about a ticket, the last one first."""
    about = DECISIONS.c.tickets.contains(cast([ticket], ARRAY(Text)))
    async with answering(), archive.engine.connect() as connection:
        found = await connection.execute(
            select(cast(DECISIONS.c.record, Text))
            .where(about, DECISIONS.c.ticket == ticket, DECISIONS.c.command.in_([str(one) for one in commands]))
            .order_by(DECISIONS.c.position.desc())
            .limit(FEW)
        )
        return [record.encode() for (record,) in found]
