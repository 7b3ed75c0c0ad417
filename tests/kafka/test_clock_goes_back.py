"""A wall clock that was ahead, and is put right: what was to be done at a moment of before is not waited for until that
moment comes again."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.doors import leases
from engine.doors.pull import Pull
from engine.doors.webhooks import KIND
from engine.gateway import pulling
from engine.notifier.address_book import Books
from engine.notifier.http import Poster
from engine.notifier.notice_kind import NoticeKind
from tests.support.receiver import failing, good
from tests.support.webhook_stand import AT, Stand, standing, until

AHEAD = "interval '30 days'"
MOMENTS = {
    "deliveries": ("made_at", "next_at", "last_at"),
    "targets": ("next_at", "failing_since"),
    "leases": ("until",),
    "notices": ("made_at",),
}
"""Tables with the moments of the wall clock that decide when something is done."""


@pytest.fixture
async def stand(database_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """A stack of its own in the database, and a receiver of its own."""
    behaviours = {"good": good, "fails": failing(4), "down": failing(10**6)}
    async with standing(database_url, tmp_path, behaviours) as found:
        yield found


async def put_right(stand: Stand) -> None:
    """What was written so far was written by a clock that was a month ahead."""
    async with stand.doors.engine.begin() as connection:
        for table, columns in MOMENTS.items():
            for column in columns:
                await connection.execute(text(f"UPDATE {table} SET {column} = {column} + {AHEAD}"))


async def test_what_waits_for_a_pause_of_before_is_sent(stand: Stand) -> None:
    """Events that had failed, and a target that was left alone, are tried at once; and one that fails on is paused
    when its patience is over, not a month later."""
    await stand.subscribe("fails")
    told = await stand.tell(3)
    async with stand.sending():
        await until(lambda: len(stand.receiver.came["fails"]) >= 4)
    await put_right(stand)
    async with stand.sending():
        await until(lambda: stand.holds("fails", told), 20)
    stand.judge("fails", told)
    name = await stand.subscribe("down")
    await stand.tell(2)
    async with stand.sending():
        await until(lambda: len(stand.receiver.came["down"]) >= 3)
    await put_right(stand)

    async def is_paused() -> bool:
        return bool((await stand.state("down"))["state"] == "paused")

    async with stand.sending(patience=0.2):
        await until(is_paused, 20)
    assert (await stand.deliveries.log(KIND + name, "given_up")) == []


async def test_what_was_leased_and_given_back_comes_again(stand: Stand) -> None:
    """And no later event of its ticket goes before it; a lease of now holds."""
    await stand.tell(4, tickets=2)
    door = Pull(stand.doors, "cg")
    first = await door.lease("main", 10, 60, AT)
    assert len(first) == 2
    await door.give_back("main", [first[0].receipt], 300)
    await put_right(stand)
    (reader,) = await door.readers()
    assert (reader.leased, reader.waiting) == (0, 4)
    again = await door.lease("main", 10, 60)
    assert [one.id for one in again] == [one.id for one in first]
    assert await door.lease("main", 10, 60) == []
    assert len(await door.acknowledge("main", [one.receipt for one in again])) == 2
    assert len(await door.lease("main", 10, 60)) == 2 and leases.LONGEST_LEASE == pulling.LONGEST_LEASE


async def test_people_are_told_of_what_is_new(stand: Stand) -> None:
    """Urgent or not: nobody waits until the clock stands again where it stood when they were told something last."""
    mailbox = stand.settings.data_dir / "mailbox"
    kind = NoticeKind(stand.doors, Books(stand.settings.data_dir / "none"), mailbox, poster=Poster("loopback"))
    await noticed(stand, 1, is_urgent=True)
    await kind.spread()
    assert await messages(stand) == 1
    await noticed(stand, 2, is_urgent=False)
    await put_right(stand)
    await kind.spread()
    assert await messages(stand) == 2
    await put_right(stand)
    await noticed(stand, 3, is_urgent=True)
    await kind.spread()
    await kind.close()
    assert await messages(stand) == 3


async def noticed(stand: Stand, number: int, *, is_urgent: bool) -> None:
    """Somebody is to be told something."""
    body = json.dumps({"kind": "offer", "ticket": f"east-20260302-{number}", "label": "Bins full", "urgency": "U3"})
    row = {"id": f"commands:0:{number}#0#desk-1", "urgent": is_urgent, "at": AT, "body": body}
    async with stand.doors.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO notices (id, recipient, ticket, kind, at, is_urgent, zone, body)"
                " VALUES (:id, 'desk-1', 'east', 'offer', :at, :urgent, 'Asia/Shanghai', :body)"
            ),
            row,
        )


async def messages(stand: Stand) -> int:
    """How many were made of notices."""
    async with stand.doors.engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM deliveries WHERE kind = 'notice'")) or 0)
