"""What becomes of events that are dropped by their age in the very moment in which somebody takes them up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from engine.doors import leases, spreading
from engine.doors.filters import judged
from engine.doors.pull import Pull
from engine.doors.retention import tidy
from tests.support.receiver import good
from tests.support.webhook_stand import AT, Stand, standing

OLD = "UPDATE department_events SET at = at - interval '50 days' WHERE seq <= 3"
BODILESS = """
    SELECT (SELECT count(*) FROM deliveries WHERE body IS NULL AND seq NOT IN (SELECT seq FROM department_events))
         + (SELECT count(*) FROM leases WHERE seq NOT IN (SELECT seq FROM department_events))"""


@pytest.fixture
async def stand(database_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """A stack of its own in the database, with six events of one ticket, of which three are old."""
    async with standing(database_url, tmp_path, {"good": good}) as found:
        await found.subscribe("good", past=True)
        await found.tell(6, tickets=1)
        for statement in (OLD, "UPDATE webhooks SET since = since - interval '90 days'"):
            await asked(found, statement)
        yield found


async def asked(stand: Stand, statement: str) -> Any:
    """Ask the database, and keep what it changed."""
    async with stand.doors.engine.begin() as connection:
        found = await connection.execute(text(statement))
        return found.scalar() if found.returns_rows else None


async def bodies_held(stand: Stand) -> int:
    """How many rows wait for an event that there is no more."""
    return int(await asked(stand, BODILESS))


def tidied_meanwhile(stand: Stand) -> tuple[Any, list[asyncio.Task[int]]]:
    """Judge, and let the day's tidying begin while it is judged: it has ended, or waits for us."""
    begun = list[asyncio.Task[int]]()

    async def judging(*given: Any) -> list[bool]:
        if not begun:
            begun.append(asyncio.create_task(tidy(stand.doors, 40)))
            waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while not begun[0].done() and not await asked(stand, waits):
                await asyncio.sleep(0.01)
        return await judged(*given)

    return judging, begun


async def test_no_message_is_made_of_an_event_that_goes_at_that_moment(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would have no body, could never be sent, and would hold up all that its ticket's department is told."""
    judging, begun = tidied_meanwhile(stand)
    monkeypatch.setattr(spreading, "judged", judging)
    assert await spreading.spread(stand.doors) == 6
    assert await begun[0] == 3 and await bodies_held(stand) == 0
    monkeypatch.undo()
    async with stand.sending():
        async with asyncio.timeout(30):
            while len(stand.receiver.taken["good"]) < 3 or not await stand.is_quiet():
                await asyncio.sleep(0.02)
    assert len(stand.receiver.came["good"]) == 3


async def test_nothing_is_leased_of_an_event_that_goes_at_that_moment(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader would have it before them for ever."""
    judging, begun = tidied_meanwhile(stand)
    monkeypatch.setattr(leases, "judged", judging)
    await Pull(stand.doors, "cg").lease("main", 10, 60, AT.replace(year=2020))
    assert await begun[0] == 3 and await bodies_held(stand) == 0


async def test_a_message_whose_event_has_gone_before_it_goes_too(stand: Stand) -> None:
    """One that an engine of before left behind, or a database that was put together of two: its line goes on."""
    assert await spreading.spread(stand.doors) == 6
    await asked(stand, "DELETE FROM department_events WHERE seq <= 2")
    assert await bodies_held(stand) == 2
    await tidy(stand.doors, 400)
    assert await bodies_held(stand) == 0
    async with stand.sending():
        async with asyncio.timeout(30):
            while len(stand.receiver.taken["good"]) < 4:
                await asyncio.sleep(0.02)
