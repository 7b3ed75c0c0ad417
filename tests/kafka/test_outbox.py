"""The outbox of department events on a real PostgreSQL: what fan-out sends, once, in an order that hides nothing."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, select, text, update

from engine.archive.fold import sure
from engine.archive.store import Archive
from engine.doors.handover_tables import HANDOVERS
from engine.doors.notice_tables import NOTICES
from engine.doors.outbox import put_events
from engine.doors.pull_tables import READERS
from engine.doors.store import Doors
from engine.doors.tables import EVENTS, KEPT, METADATA
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.fanout import FanoutCore
from engine.stream.contracts import Record
from tests.kafka.test_archive_tables import LAWS, told


@pytest.fixture
async def settings(database_url: str) -> AsyncIterator[Settings]:
    """A stack of its own in the database."""
    found = Settings(database_url=database_url, prefix=f"t{uuid.uuid4().hex[:8]}.")
    archive, doors = Archive(found), Doors(found)
    try:
        await archive.fit()
        yield found
    finally:
        await archive.drop()
        await doors.schema.drop(doors.engine)
        await archive.close()
        await doors.close()


async def fold(settings: Settings, part: str = "archive") -> None:
    """Fold two days of a town, in steps."""
    archive = Archive(settings, part)
    try:
        await archive.fit()
        reads = told()
        for at in range(0, len(reads), 50):
            await archive.write(0, reads[at : at + 50], LAWS, at, min(at + 50, len(reads)))
    finally:
        await archive.close()


async def rows(settings: Settings) -> list[tuple[int, str, str, str, str]]:
    """What stands in the outbox: number, id, department, ticket, body."""
    doors = Doors(settings)
    try:
        async with doors.engine.connect() as connection:
            found = await connection.execute(select(EVENTS).order_by(EVENTS.c.seq))
            return [(row.seq, row.id, row.department, row.ticket, row.body) for row in found]
    finally:
        await doors.close()


def sent() -> list[tuple[str, str, str]]:
    """What fan-out writes of the same log: topic, id and body of each task."""
    core, found = FanoutCore(0, StageMetrics("fanout")), list[tuple[str, str, str]]()
    for read in told():
        record = Record(
            topic="tickets.decisions", partition=0, offset=read.position, key=None, value=read.value, headers=(),
            appended_ms=0, appended_at=0,
        )  # fmt: skip
        for out in core.take(record, 0):
            found.append((out.topic, (dict(out.headers)["ce_id"] or b"").decode(), (out.value or b"").decode()))
    return found


async def test_it_holds_what_fan_out_sends_in_its_order(settings: Settings) -> None:
    """The very events and bytes; what is folded again, or made anew, adds nothing."""
    await fold(settings)
    first = await rows(settings)
    assert [(f"dept.{row[2]}.tasks", row[1], row[4]) for row in first] == sent() and len(first) > 100
    assert {json.loads(row[4])["event"] for row in first} >= {"dispatched", "overdue", "refused", "ended"}
    await fold(settings, "archive.new")
    archive = Archive(settings)
    await archive.drop()
    await archive.close()
    await fold(settings)
    assert await rows(settings) == first


async def test_what_was_dropped_by_age_does_not_come_back(settings: Settings) -> None:
    """A log that is folded a second time after a month was dropped here tells nothing of that month."""
    middle = sure(told()[len(told()) // 2].decision.at) + timedelta(seconds=1)
    doors = Doors(settings)
    async with doors.engine.begin() as connection:
        await connection.execute(update(KEPT).values(since=middle))
    await fold(settings)
    async with doors.engine.connect() as connection:
        moments = (await connection.execute(select(EVENTS.c.at))).scalars().all()
    await doors.close()
    assert len(moments) > 10 and min(moments) >= middle


async def test_numbers_come_in_the_order_of_commits(settings: Settings) -> None:
    """Whoever has read up to a number misses none before it: a second writer waits until the first has committed."""
    doors = Doors(settings)
    row = {"department": "cg", "ticket": "t", "kind": "dispatched", "at": sure(0), "body": "{}"}

    async def second() -> None:
        async with doors.engine.begin() as connection:
            await put_events(connection, doors.schema.name, [{"id": "second", **row}])

    async with doors.engine.begin() as connection:
        await put_events(connection, doors.schema.name, [{"id": "first", **row}])
        other = asyncio.create_task(second())
        async with doors.engine.connect() as watching:
            waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            while not other.done() and not await watching.scalar(waits):
                await asyncio.sleep(0.01)
        assert not other.done() and await rows(settings) == []
    await other
    await doors.close()
    assert [row[1] for row in await rows(settings)] == ["first", "second"]


async def test_the_migrations_make_the_tables_that_the_code_knows(settings: Settings) -> None:
    """Column by column and index by index."""
    doors, plain = Doors(settings), MetaData()
    assert READERS.metadata is METADATA is NOTICES.metadata is HANDOVERS.metadata
    for table in METADATA.tables.values():
        table.to_metadata(plain, schema=None)  # type: ignore[arg-type]
    async with doors.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), plain)
        )
    await doors.close()
    assert [one for one in differences if one[0] != "remove_table"] == []
