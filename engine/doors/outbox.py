"""The outbox: one row for each event that a department is told, written in the transaction of whoever folds the log."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.doors.tables import EVENTS, KEPT, MOMENT
from topics.decision import Decision
from topics.envelope import task_message
from topics.task import Task
from topics.task_events import may_tell, tasks_in

Row = dict[str, Any]

_TOLD = [bindparam(name, type_=Text) for name in ("id", "department", "ticket", "kind")]
_ROW = select(*_TOLD, bindparam("at", type_=MOMENT), bindparam("body", type_=Text))
PUT = (
    insert(EVENTS)
    .from_select(
        ["id", "department", "ticket", "kind", "at", "body"],
        _ROW.where(bindparam("at", type_=MOMENT) >= select(KEPT.c.since).scalar_subquery()),
    )
    .on_conflict_do_nothing(index_elements=["id"])
)

_KEPT_STILL = "hashtext(current_schema() || ' events are kept')"
HOLD = text(f"SELECT pg_advisory_xact_lock_shared({_KEPT_STILL})")
"""Asked before events are looked at of which rows are made: to the end of that transaction none is dropped by its age,
or what was made would have no event."""
DROP = text(f"SELECT pg_advisory_xact_lock({_KEPT_STILL})")
"""Asked before events are dropped: those who look at some come to their end first."""


def event_rows(value: bytes, decision: Decision) -> list[Row]:
    """Write the rows of one decision, given with its bytes: the same events, ids and bodies as on the departments'
    topics.

    Raises:
        msgspec.ValidationError: What stands there is no task.
    """
    # most decisions concern no department
    return [_row(task) for task in tasks_in(decision)] if may_tell(value) else []


def _row(task: Task) -> Row:
    return {
        "id": _text(task.id),
        "department": task.department,
        "ticket": _text(task.ticket),
        "kind": task.event,
        "at": datetime.fromisoformat(task.at),
        "body": task_message(task)[1].decode(),
    }


def _text(value: str) -> str:
    """PostgreSQL takes every character but one."""
    return value.replace("\0", "\ufffd")


async def put_events(connection: AsyncConnection, schema: str, rows: Sequence[Row]) -> None:
    """Write rows as the LAST thing of a transaction; those that are there already, and those too old to be kept,
    change nothing.

    Numbers must come in the order of commits, or a reader who has seen 8 would never look at a 7 that was committed
    after it. So whoever writes here has a lock from the first number to the commit, which is a millisecond.
    """
    if not rows:
        return
    await connection.execute(select(func.pg_advisory_xact_lock(zlib.crc32(f"{schema} outbox".encode()))))
    await connection.execute(PUT, rows)
