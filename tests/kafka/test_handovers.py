"""Shifts handed over, on a real PostgreSQL: signed with what is open, kept through a restart, acknowledged by the next,
audited."""

import asyncio
from pathlib import Path

import httpx
from sqlalchemy import text

from engine.doors.handovers import MOST_OPEN
from engine.doors.retention import HANDOVER_DAYS, tidy
from engine.doors.store import Doors
from tests.support.city import HOUR
from tests.support.house import House, house
from topics import codec
from topics.audit import AuditEntry
from topics.registry import AUDIT


async def test_a_shift_is_signed_over_kept_and_acknowledged(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """Each open ticket once with all its reasons; its note without numbers; to be read after a restart by both and by
    the auditor, acknowledged once by whom it is for; nobody else ever sees it."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        mine = await here.report("A")
        holder = here.person(here.city.holder("A"))
        chief, other = here.person("chief:chief-1"), here.person("supervisor:supervisor-1")
        await here.pass_time(here.world.now + 300 * HOUR)
        points = (await client.get("/v1/handovers/points", headers=chief)).json()
        (late,) = [one for one in points["points"] if one["id"] == mine]
        assert "overdue" in late["why"] and "text" not in late and points["n"] == len(points["points"])
        assert (await client.get("/v1/handovers/points", headers=holder)).status_code == 200
        body = {"to": "supervisor-1", "note": "call 13800001234 back at nine"}
        for wrong in ({"to": "chief-1"}, {"to": "nobody"}, body | {"note": "x" * 2001}, body | {"x": 1}):
            assert (await client.post("/v1/handovers", json=wrong, headers=chief)).status_code == 422, wrong
        once = chief | {"idempotency-key": "of this evening"}
        signed = [await client.post("/v1/handovers", json=body, headers=once) for _ in range(2)]
        assert [one.status_code for one in signed] == [201, 201] and signed[0].json() == signed[1].json()
        name = signed[0].json()["id"]
        assert here.world._doors is not None
        await here.world._doors.close()  # as a restart finds it: nothing but what PostgreSQL has
        here.world._doors = None
        there = (await client.get(f"/v1/handovers/{name}", headers=other)).json()
        assert there["points"] == points["points"] and "1380000" not in str(there) and "back at nine" in there["note"]
        assert (await client.get(f"/v1/handovers/{name}", headers=holder)).status_code == 404
        assert (await client.get("/v1/handovers", headers=holder)).json()["handovers"] == []
        for who, status in ((chief, 404), (holder, 404), (other, 200), (other, 404)):
            taken = await client.post(f"/v1/handovers/{name}/take", json={"note": "seen"}, headers=who)
            assert taken.status_code == status, taken.text
        auditor = await here.login(client, "auditor-1", "auditor")
        for who in (chief, other, auditor):
            (row,) = (await client.get("/v1/handovers", headers=who)).json()["handovers"]
            assert (row["id"], row["giver"], row["taken_note"]) == (name, "chief-1", "seen")
        audited(here, name, points["n"])
        await bounded(here, client, name)


def audited(here: House, name: str, n: int) -> None:
    """Both of them stand in the audit, the first under the hand-over's own name."""
    entries = [codec.decode(one.value or b"", AuditEntry) for one in here.log.all(AUDIT.name, 0)]
    wanted = [("handed_over", True, None), ("taken_over", False, name)]
    assert [(one.what, one.id == name, one.of) for one in entries] == wanted
    assert entries[0].count == n


async def bounded(here: House, client: httpx.AsyncClient, name: str) -> None:
    """So many wait at most, none is signed over without the audit, and only what was acknowledged goes with its age."""
    chief, other = here.person("chief:chief-1"), here.person("supervisor:supervisor-1")
    for n in range(MOST_OPEN):
        last = await client.post("/v1/handovers", json={"to": "supervisor-1"}, headers=chief)
        assert last.status_code == 201, n
    assert (await client.post("/v1/handovers", json={"to": "supervisor-1"}, headers=chief)).status_code == 429
    here.is_away = True
    assert (await client.post("/v1/handovers", json={"to": "chief-1"}, headers=other)).status_code == 503
    here.is_away = False
    assert len((await client.get("/v1/handovers?limit=1000", headers=chief)).json()["handovers"]) == MOST_OPEN + 1
    await aged(Doors(here.settings))
    left = (await client.get("/v1/handovers?limit=1000", headers=chief)).json()["handovers"]
    assert len(left) == MOST_OPEN and name not in {one["id"] for one in left}


async def aged(doors: Doors) -> None:
    """Two years pass, and the archive's stage tidies up: what nobody has acknowledged stays."""
    async with doors.engine.begin() as connection:
        for column in ("made_at", "ended_at"):
            await connection.execute(text(f"UPDATE handovers SET {column} = {column} - :n * interval '1 day'"),
                                     {"n": HANDOVER_DAYS + 1})  # fmt: skip
    await asyncio.wait_for(tidy(doors, 30), 30)
    await doors.close()
