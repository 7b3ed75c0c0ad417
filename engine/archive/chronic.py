"""Tickets that may make a point chronic: of a home and category that have enough of them."""

from collections.abc import Sequence

from sqlalchemy import Text, bindparam, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from engine.archive.fold import sure
from engine.archive.store import Archive
from engine.archive.tables import TICKETS
from engine.database.schema import answering
from topics import codec
from topics.ids import Instant
from topics.ticket import Ticket

MOST = 20_000
"""Tickets that are looked at, the latest: each costs some ten microseconds."""


async def candidates(archive: Archive, since: Instant, count: int, homes: Sequence[str] | None) -> list[Ticket]:
    """Give the tickets filed since of each home and category that have so many; of these homes, where any are named."""
    wanted = [TICKETS.c.filed_at >= bindparam("since", sure(since)), TICKETS.c.category.is_not(None)]
    if homes is not None:
        wanted.append(TICKETS.c.home == func.any(bindparam("homes", list(homes), type_=ARRAY(Text))))
    pair = (TICKETS.c.home, TICKETS.c.category)
    busy = select(*pair).where(*wanted).group_by(*pair).having(func.count() >= count)
    asked = select(cast(TICKETS.c.image, Text)).where(*wanted, tuple_(*pair).in_(busy))
    async with answering(), archive.engine.connect() as connection:
        rows = await connection.execute(asked.order_by(TICKETS.c.filed_at.desc()).limit(MOST))
        return [codec.decode(image.encode(), Ticket) for (image,) in rows]
