"""Tickets by the vault's tokens: whose they are is known to the vault alone."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Text, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY

from engine.archive.search import SELECTED, Scope, shown, within
from engine.archive.store import Archive
from engine.archive.tables import TICKETS
from engine.database.schema import answering


async def by_tokens(archive: Archive, tokens: Collection[str], limit: int, scope: Scope | None) -> list[dict[str, Any]]:
    """Give the tickets of these entries, newest first; of those in the scope, where one is given."""
    wanted = TICKETS.c.image["token"].astext == func.any(bindparam("tokens", sorted(tokens), type_=ARRAY(Text)))
    async with answering(), archive.engine.connect() as connection:
        rows = await connection.execute(
            SELECTED.where(wanted, *within(scope))
            .order_by(TICKETS.c.received_at.desc(), TICKETS.c.id.desc())
            .limit(limit)
        )
        return [shown(row) for row in rows]
