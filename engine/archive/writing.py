"""The statements that write what was folded; each leaves the same whatever came before it and however often."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, bindparam, cast, func, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.archive.fold import Folded, Read, Row
from engine.archive.tables import BREACHES, DAYS, TICKETS
from engine.doors.notices import notice_rows
from engine.doors.outbox import event_rows
from engine.kafka.newer_records import own_fault
from rules.law.compiled import Law
from topics.decision import Decision
from topics.registry import DECISIONS
from topics.unreadable import UNREADABLE

_UPSERT = insert(TICKETS).values(
    {
        **{
            column.name: bindparam(column.name, type_=column.type)
            for column in TICKETS.c
            if column.name != "forgotten_at"
        },
        "grams": func.array_to_tsvector(bindparam("grams", type_=ARRAY(Text))),
        "image": cast(bindparam("image", type_=Text), JSONB),
    }
)
UPSERT = _UPSERT.on_conflict_do_update(
    index_elements=["id", "received_at"],
    set_={
        **{
            column.name: _UPSERT.excluded[column.name]
            for column in TICKETS.c
            if column.name not in ("id", "received_at")
        },
        "is_breached": TICKETS.c.is_breached | _UPSERT.excluded.is_breached,
        "forgotten_at": TICKETS.c.forgotten_at,
    },
    where=TICKETS.c.version < _UPSERT.excluded.version,
)
"""A later image takes the place of an earlier one, never the other way."""

_COUNT = insert(DAYS)
COUNT = _COUNT.on_conflict_do_update(
    index_elements=["day", "home", "category", "event"], set_={"n": DAYS.c.n + _COUNT.excluded.n}
)


async def put(connection: AsyncConnection, folded: Folded) -> None:
    """Write what was folded beside the decisions themselves."""
    await many(connection, UPSERT, sorted(folded.tickets, key=lambda row: row["id"]))
    await many(
        connection,
        update(TICKETS).where(TICKETS.c.id == bindparam("forgotten")).values(forgotten_at=bindparam("at")),
        folded.forgotten,
    )
    if folded.breached:
        await connection.execute(
            update(TICKETS)
            .where(
                TICKETS.c.id == func.any(bindparam("ids", folded.breached, type_=ARRAY(Text))), ~TICKETS.c.is_breached
            )
            .values(is_breached=True)
        )
    await many(connection, insert(BREACHES), folded.breaches)
    await many(connection, COUNT, [{**key._asdict(), "n": n} for key, n in sorted(folded.days.items())])


async def many(connection: AsyncConnection, statement: Any, rows: Iterable[Row]) -> None:
    """Execute a statement for each row, in one go."""
    found = list(rows)
    if found:
        await connection.execute(statement, found)


def noticed(reads: Sequence[Read], laws: Mapping[str, Law]) -> list[Row]:
    """Write the rows of what these decisions tell people."""
    found: list[Row] = []
    for read in reads:
        changes = zip(read.decision.changes, read.images, strict=True)
        images = {change.ticket: image for change, image in changes if image is not None}
        found += notice_rows(read.decision, images, laws)
    return found


def told_rows(reads: Sequence[Read]) -> list[Row]:
    """Write the rows of what these decisions tell departments.

    Raises:
        PartitionStops: A task of ours cannot be read, as in fan-out.
    """
    found: list[Row] = []
    for read in reads:
        try:
            found += event_rows(read.value, read.decision)
        except (*UNREADABLE, ValueError) as exc:
            name = f"{DECISIONS.name}/{read.partition} offset {read.position}"
            raise own_fault(name, DECISIONS.name, read.value, Decision, exc, read.partition, read.position) from exc
    return found
