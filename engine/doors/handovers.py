"""Shifts that are handed over: signed by one, acknowledged by the next, kept until then and for a year after."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database.schema import answering
from engine.doors.handover_tables import HANDOVERS
from engine.doors.store import Doors

MOST_OPEN = 50
"""That somebody has signed over and nobody has acknowledged yet."""
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' handovers of ' || :giver))")
_LISTED = text(
    """SELECT seq, id, giver, giver_role, taker, note, n_points, at, taken_at, taken_note FROM handovers
    WHERE seq < :before AND (CAST(:who AS text) IS NULL OR giver = :who OR taker = :who) ORDER BY seq DESC LIMIT :n"""
)


@asynccontextmanager
async def writing(doors: Doors) -> AsyncIterator[AsyncConnection]:
    """Open a transaction: what is done beside it, as the audit's entry, comes before its end."""
    async with answering(), doors.engine.begin() as connection:
        yield connection


async def has_room(connection: AsyncConnection, giver: str) -> bool:
    """Whether somebody may sign one more over: so many wait to be acknowledged at most, at whichever gateway."""
    await connection.execute(_ALONE, {"giver": giver})
    asked = select(func.count()).where(HANDOVERS.c.giver == giver, HANDOVERS.c.taken_at.is_(None))
    return bool((await connection.execute(asked)).scalar_one() < MOST_OPEN)


async def put(connection: AsyncConnection, **row: Any) -> None:
    """Write one; the same once."""
    await connection.execute(insert(HANDOVERS).values(**row).on_conflict_do_nothing(index_elements=["id"]))


async def take(connection: AsyncConnection, name: str, taker: str, at: Any, note: str) -> bool:
    """Note that whoever it was signed over to has acknowledged it; once."""
    done = (
        update(HANDOVERS)
        .where(HANDOVERS.c.id == name, HANDOVERS.c.taker == taker, HANDOVERS.c.taken_at.is_(None))
        .values(taken_at=at, taken_note=note, ended_at=func.now())
    )
    return bool((await connection.execute(done)).rowcount)


async def listed(doors: Doors, who: str | None, before: int, n: int) -> Sequence[Any]:
    """List those that somebody gave or is given, the latest first; ``None``: everybody's."""
    async with answering(), doors.engine.connect() as connection:
        return (await connection.execute(_LISTED, {"who": who, "before": before, "n": n})).all()


async def one(doors: Doors, name: str) -> Any | None:
    """Give one with its points."""
    async with answering(), doors.engine.connect() as connection:
        return (await connection.execute(select(HANDOVERS).where(HANDOVERS.c.id == name))).one_or_none()
