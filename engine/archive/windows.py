"""From the newest weeks on: a search looks at what is older only while its page is not full.

PostgreSQL takes the two pairs of a word of three characters for independent, expects few tickets that hold both, and
gathers them all through the index before it sorts: 16,000 of a million, which took 54 ms where a page is 50.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.archive.tables import TICKETS

DAYS = (31, 155)
"""Where the second and the third look begin, before the newest ticket: a month, five, and all that is kept."""
NEWEST_SECONDS = 3600.0
"""So long the newest ticket is remembered: what has come since lies in the first look anyway."""


class Newest:
    """When the newest ticket came, about."""

    def __init__(self) -> None:
        """Not known yet."""
        self._at: datetime | None = None
        self._asked = 0.0

    async def of(self, connection: AsyncConnection) -> datetime | None:
        """Tell it; ``None``: there are no tickets."""
        if self._at is None or time.monotonic() - self._asked > NEWEST_SECONDS:
            self._asked = time.monotonic()
            self._at = (await connection.execute(select(func.max(TICKETS.c.received_at)))).scalar()
        return self._at


def windows(newest: datetime | None, since: datetime | None) -> Iterator[list[ColumnElement[bool]]]:
    """Give the bounds of each look, newest first; together they are everything from ``since`` on, nothing twice."""
    bounds = [] if newest is None or newest.year < 2 else [newest - timedelta(days=days) for days in DAYS]
    upper: list[ColumnElement[bool]] = []
    for lower in bounds:
        if since is not None and lower <= since:
            break
        yield [*upper, TICKETS.c.received_at >= lower]
        upper = [TICKETS.c.received_at < lower]
    yield upper
