"""The parts of the big tables: one for each month, made before it is needed, dropped when it is old."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.archive.fold import sure
from engine.archive.tables import BY_MONTH
from topics.ids import Instant

Month = tuple[int, int]

LONGER = timedelta(days=3 * 366)
"""Numbers by day hold nobody's data and are compared with former years: they outlive the decisions by so much."""
RULES = {
    "positions": "one row for each partition",
    "gaps": "one row for each gap: a restore, or a stage that was away for half a year",
    "decisions": "parts by month, dropped ARCHIVE_DAYS after their end",
    "tickets": "parts by month, dropped likewise once none of the month is open or was changed since",
    "breaches": "parts by month, dropped ARCHIVE_DAYS after their end",
    "days": "LONGER than the decisions",
}
"""Table -> how long its rows stay."""

LOCK = 0x67726964
"""Whoever makes or drops a part holds this advisory lock: two who did it at once would wait for each other."""


def month_of(at: datetime) -> Month:
    """Name the month of a moment, in UTC."""
    return at.year, at.month


def next_month(month: Month) -> Month:
    """Name the month after."""
    return (month[0] + month[1] // 12, month[1] % 12 + 1)


def begin_of(month: Month) -> datetime:
    """Give its first moment."""
    return datetime(*month, 1, tzinfo=UTC)


def part_name(table: str, month: Month) -> str:
    """Name a part: ``decisions_202611``."""
    return f"{table}_{month[0]:04d}{month[1]:02d}"


class Months:
    """Knows which parts there are, so that no step asks twice."""

    def __init__(self, engine: AsyncEngine, days: int) -> None:
        """Begin knowing none; parts that end ``days`` before the newest decision are dropped."""
        self._engine, self._days = engine, days
        self._known: dict[str, set[Month]] = {name: set() for name in BY_MONTH}
        self._making = asyncio.Lock()

    def forget(self) -> None:
        """Know nothing again."""
        for known in self._known.values():
            known.clear()

    async def have(self, moments: Iterable[Instant]) -> None:
        """See that what happened then has a place, and what will happen next month."""
        months = {month_of(sure(at)) for at in moments}
        if not months:
            return
        wanted = months | {next_month(max(months))}
        await self._make({name: wanted for name in BY_MONTH})

    async def have_tickets(self, received: Iterable[datetime]) -> None:
        """See that tickets that came then have a place."""
        await self._make({"tickets": {month_of(at) for at in received}})

    async def _make(self, wanted: dict[str, set[Month]]) -> None:
        missing = [(name, month) for name, months in wanted.items() for month in sorted(months - self._known[name])]
        if not missing:
            return
        async with self._making, self._engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            for name, month in missing:
                await connection.execute(
                    text(
                        f"CREATE TABLE IF NOT EXISTS {part_name(name, month)} PARTITION OF {name} FOR VALUES FROM"
                        f" ('{begin_of(month).isoformat()}') TO ('{begin_of(next_month(month)).isoformat()}')"
                    )
                )
                self._known[name].add(month)
        newest = max(month for _, month in missing)
        await self.drop_old(begin_of(newest) - timedelta(days=self._days + 31))

    async def drop_old(self, before: datetime) -> list[str]:
        """Drop the parts that end before a moment; tickets stay while one of their month is open or was changed
        since."""
        dropped = []
        async with self._engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            found = await connection.execute(
                text(
                    "SELECT i.inhrelid::regclass::text AS part, p.relname AS parent, c.relname AS name"
                    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent"
                    " WHERE p.oid IN (to_regclass('decisions'), to_regclass('tickets'), to_regclass('breaches'))"
                )
            )
            for row in found.all():
                digits = row.name.rsplit("_", 1)[1]
                month = int(digits[:4]), int(digits[4:])
                if begin_of(next_month(month)) > before:
                    continue
                if row.parent == "tickets" and await _is_needed(connection, row.part, before):
                    continue
                await connection.execute(text(f"DROP TABLE {row.part}"))
                self._known[row.parent].discard(month)
                dropped.append(row.name)
            await connection.execute(text("DELETE FROM days WHERE day < :day"), {"day": (before - LONGER).date()})
        return dropped


async def _is_needed(connection: AsyncConnection, part: str, before: datetime) -> bool:
    found = await connection.scalar(
        text(f"SELECT EXISTS (SELECT FROM {part} WHERE is_open OR changed_at >= :before)"), {"before": before}
    )
    return bool(found)
