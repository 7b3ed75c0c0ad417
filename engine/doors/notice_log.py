"""What somebody was told, and whether it has reached them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from engine.database.schema import answering
from engine.doors.store import Doors

_ASKED = text(
    """SELECT n.seq, n.id, n.recipient, n.at, n.zone, n.is_urgent, n.body, coalesce(d.state, 'gathered') AS state
    FROM notices n LEFT JOIN deliveries d ON d.target = 'notice:' || n.recipient AND d.id = n.message
    WHERE (CAST(:who AS text[]) IS NULL OR n.recipient = ANY(:who)) AND n.seq < :before ORDER BY n.seq DESC LIMIT :n"""
)


async def told_to(doors: Doors, who: list[str] | None, before: int, n: int) -> Sequence[Any]:
    """Give notices of some recipients, or of all (``None``), the latest first; ``state``: gathered, waiting, sent,
    given_up."""
    async with answering(), doors.engine.connect() as connection:
        return (await connection.execute(_ASKED, {"who": who, "before": before, "n": n})).all()
