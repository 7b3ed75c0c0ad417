"""Pictures that are sent as proof: kept beside what departments are told, each under its hash and its ticket."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database.schema import again_at_deadlock, answering
from engine.doors.photo_tables import PHOTOS
from engine.doors.store import Doors
from topics.decision import Decision

PROOF = "photo:"
"""What stands before a picture's name where a command names it as proof."""
MOST_OF_TICKET = 50
"""As many as a command may name."""
MOST_A_DAY = 300
"""That one sends; a system that sends for a whole department has a key, and counts as one."""
_NAME = re.compile(r"[0-9a-f]{64}")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' photos of ' || :whose))")


def is_name(text: str) -> bool:
    """Whether a picture can be called so."""
    return _NAME.fullmatch(text) is not None


async def put(doors: Doors, row: dict[str, Any]) -> bool:
    """Keep one; the same of the same ticket once. ``False``: its ticket has as many as it may, or its sender has sent
    as many today, through whichever gateway."""
    async with answering(), doors.engine.begin() as connection:
        for whose in (row["sender"], row["ticket"]):  # in this order everywhere: nobody waits for each other
            await connection.execute(_ALONE, {"whose": whose})
        mine = (PHOTOS.c.ticket == row["ticket"]) & (PHOTOS.c.name == row["name"])
        if await connection.scalar(select(func.count()).where(mine)):
            return True
        today = PHOTOS.c.made_at > func.now() - text("interval '1 day'")
        of_ticket = select(func.count()).where(PHOTOS.c.ticket == row["ticket"])
        of_sender = select(func.count()).where(PHOTOS.c.sender == row["sender"], today)
        for asked, most in ((of_ticket, MOST_OF_TICKET), (of_sender, MOST_A_DAY)):
            if (await connection.execute(asked)).scalar_one() >= most:
                return False
        await connection.execute(insert(PHOTOS).values(**row))
        return True


async def one(doors: Doors, ticket: str, name: str) -> tuple[str, bytes] | None:
    """Give a picture's kind and bytes, where the ticket has it."""
    asked = select(PHOTOS.c.kind, PHOTOS.c.content).where(PHOTOS.c.ticket == ticket, PHOTOS.c.name == name)
    async with answering(), doors.engine.connect() as connection:
        found = (await connection.execute(asked)).one_or_none()
    return None if found is None else (found.kind, found.content)


@again_at_deadlock
async def forget(doors: Doors, tokens: Iterable[str]) -> int:
    """Drop all pictures of the tickets of these reporters; answers how many."""
    async with answering(), doors.engine.begin() as connection:
        return (await connection.execute(delete(PHOTOS).where(PHOTOS.c.token.in_(list(tokens))))).rowcount


def named_in(decisions: Iterable[Decision]) -> list[dict[str, str]]:
    """List the pictures that commands name as proof, carried out or refused."""
    return [
        {"of": decision.ticket.partition("/")[0], "called": name}
        for decision in decisions
        if decision.said is not None and decision.ticket is not None
        for proof in decision.said.proof
        if proof.startswith(PROOF) and is_name(name := proof.removeprefix(PROOF))
    ]


_NAMED = (
    update(PHOTOS)
    .where(PHOTOS.c.ticket == bindparam("of"), PHOTOS.c.name == bindparam("called"), ~PHOTOS.c.named)
    .values(named=True)
)


async def note_named(connection: AsyncConnection, rows: Sequence[dict[str, str]]) -> None:
    """Keep these for as long as what names them."""
    if rows:
        await connection.execute(_NAMED, rows)
