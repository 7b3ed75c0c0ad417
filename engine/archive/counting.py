"""Numbers out of the archive's tables: how many, put together by what one asks for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from engine.archive.fold import sure
from engine.archive.store import Archive
from engine.archive.tables import BREACHES, DAYS, TICKETS
from engine.database.schema import answering
from topics.ids import Instant

ONE: ColumnElement[int] = literal_column("1")

REPORTS: dict[str, tuple[Any, Any, tuple[str, ...], dict[str, ColumnElement[Any]]]] = {
    "tickets": (
        TICKETS,
        TICKETS.c.received_at,
        ("home", "street", "category", "urgency", "status", "tier", "party"),
        {
            "n": func.count(ONE),
            "open": func.count(case((TICKETS.c.is_open, 1))),
            "breached": func.count(case((TICKETS.c.is_breached, 1))),
        },
    ),
    "breaches": (
        BREACHES,
        BREACHES.c.at,
        ("home", "category", "clock", "rung", "tier", "party"),
        {"n": func.count(ONE), "tickets": func.count(BREACHES.c.ticket.distinct())},
    ),
    "days": (DAYS, DAYS.c.day, ("day", "home", "category", "event"), {"n": func.sum(DAYS.c.n)}),
}
"""Report -> its table, the moment it is bounded by, what it may be put together by, and its numbers."""

MOST = 5000
"""Rows of one report."""


async def counted(
    archive: Archive,
    name: str,
    by: Sequence[str],
    since: Instant,
    until: Instant,
    homes: Sequence[str] | None,
    *,
    most: int = MOST,
) -> list[dict[str, Any]]:
    """Give a report's rows, the largest first.

    Args:
        by: Columns of ``REPORTS[name]``; none: one row.
        until: Not included.
        homes: Whose tickets count; ``None``: all.
        most: Rows.
    """
    table, at, _, numbers = REPORTS[name]
    columns = [table.c[column] for column in by]
    begin, end = (sure(moment).date() if name == "days" else sure(moment) for moment in (since, until))
    asked = select(*columns, *(number.label(label) for label, number in numbers.items()))
    asked = asked.where(at >= bindparam("since", begin), at < bindparam("until", end))
    if homes is not None:
        asked = asked.where(table.c.home == func.any(bindparam("homes", list(homes), type_=ARRAY(Text))))
    asked = asked.group_by(*columns).order_by(literal_column("n").desc(), *columns).limit(most)
    async with answering(), archive.engine.connect() as connection:
        rows = (await connection.execute(asked)).all()
    return [{key: _plain(value) for key, value in row._mapping.items()} for row in rows]


def _plain(value: Any) -> Any:
    """A sum comes as a decimal, a day as a date."""
    if value is None or isinstance(value, str | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else int(value)
