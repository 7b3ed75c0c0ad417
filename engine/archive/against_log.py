"""The archive as a second copy of decisions: where the log was changed, it tells which record."""

from collections.abc import Mapping

from sqlalchemy import Text, cast, select

from engine.archive.store import Archive
from engine.archive.tables import DECISIONS
from engine.database.schema import answering


async def records_between(archive: Archive, partition: int, first: int, end: int) -> dict[int, bytes]:
    """Give the records that were folded from these positions, byte by byte."""
    async with answering(), archive.engine.connect() as connection:
        found = await connection.execute(
            select(DECISIONS.c.position, cast(DECISIONS.c.record, Text).label("record")).where(
                DECISIONS.c.partition == partition, DECISIONS.c.position >= first, DECISIONS.c.position < end
            )
        )
        return {row.position: row.record.encode() for row in found}


def first_difference(kept: Mapping[int, bytes], log: Mapping[int, bytes]) -> int | None:
    """Name the first position at which the two differ. A decision that stands on the log a second time was folded
    once: what the log alone has tells nothing."""
    return next((at for at in sorted(kept) if kept[at] != log.get(at)), None)
