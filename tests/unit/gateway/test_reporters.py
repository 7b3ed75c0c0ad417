"""People's data over HTTP: shown for a purpose, within a quota, after the audit; forgotten for good."""

import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from engine.gateway.problems import away
from tests.support.door_of_house import Intake, key_in, reported
from tests.support.house import House, house
from topics import codec
from topics.audit import AuditEntry, Deed
from topics.registry import AUDIT, VAULT

WANG = {"name": "王小五", "phone": "138 0000 1234"}
SHE = {"reporter": WANG, "text": "请打13800001234，垃圾满了"}
WRONG: tuple[dict[str, Any], ...] = (
    {}, {"purpose": "curious"}, {"purpose": "survey", "text": "x" * 501}, {"purpose": 1}, {"purpose": ["survey"]},
    {"purpose": {}},
)  # fmt: skip
WHY = {"purpose": "call_back", "text": "which gate? 13800001234"}


def audited(here: House) -> list[AuditEntry]:
    """The entries as they stand on the log."""
    return [codec.decode(one.value or b"", AuditEntry) for one in here.log.all(AUDIT.name, 0)]


def holder(here: House, ticket: str) -> str:
    """Who has it now, as role and person."""
    draft = here.city.book.tickets.get(ticket)
    assert draft is not None
    return f"{draft.party}:{draft.person}"


async def revealed(client: httpx.AsyncClient, ticket: str, who: dict[str, str], given: Any = None) -> httpx.Response:
    """Somebody asks who reported."""
    return await client.post(f"/v1/tickets/{ticket}/reporter/reveal", json=WHY if given is None else given, headers=who)


async def test_a_reporter_is_shown_for_a_purpose_and_the_audit_has_it_first(redis_url: str, tmp_path: Path) -> None:
    """To the desk and to whoever handles it; never without the audit, and never to who merely sees the ticket."""
    async with house(redis_url, key_in(tmp_path)) as (here, client):
        intake, app, desk = Intake(here), here.key("source", "app"), here.person("desk:desk-1")
        ticket = await reported(client, intake, app, "A", **SHE)
        found = await revealed(client, ticket, desk)
        assert (found.status_code, found.json()["reporter"]) == (200, WANG), found.text
        assert found.json()["masked"]["text"] == SHE["text"]
        (entry,) = audited(here)
        assert (entry.who, entry.what, entry.ticket, entry.purpose) == (
            "person:desk::desk-1",
            "reveal",
            ticket,
            "call_back",
        )
        assert entry.id == found.json()["audit"] and "1380000" not in str(entry) and "which gate?" in entry.text
        assert (await revealed(client, ticket, here.person(holder(here, ticket)))).status_code == 200
        shown = (await client.get(f"/v1/tickets/{ticket}", headers=desk)).json()
        assert shown["reporter"] == {"reachable": True, "sealed": True, "reveal": "purpose"}
        for who in ("street:north-street", "supervisor:supervisor-1"):
            assert (await revealed(client, ticket, here.person(who))).status_code == 404
        for given in WRONG:
            assert (await revealed(client, ticket, desk, given)).status_code == 422, given
        before, here.is_away = len(audited(here)), True
        found = await revealed(client, ticket, desk)
        assert found.status_code == 503 and "1380000" not in found.text and len(audited(here)) == before
        assert away("x").status == 503


async def test_a_quota_ends_and_a_fire_is_not_counted(redis_url: str, tmp_path: Path) -> None:
    """The second of one a day is refused and raises an alarm; whoever handles a U1 needs one step, however many."""
    async with house(redis_url, key_in(tmp_path), reveals_per_day=1) as (here, client):
        intake, app, desk = Intake(here), here.key("source", "app"), here.person("desk:desk-1")
        ticket = await reported(client, intake, app, "A", **SHE)
        fire = await reported(client, intake, app, "F", **SHE | {"category": "fire"})
        first, second = [await revealed(client, ticket, desk) for _ in range(2)]
        assert (first.status_code, second.status_code, second.json()["quota"]) == (200, 429, 1)
        assert (await revealed(client, ticket, here.person("chief:chief-1"))).status_code == 200
        worker = here.person(holder(here, fire))
        for _ in range(3):
            found = await revealed(client, fire, worker, {})
            assert (found.status_code, found.json().get("reporter")) == (200, WANG), found.text
        called = here.person("department:fire-1")  # on the way, and not reported in
        assert (await revealed(client, fire, called, {})).status_code == 200
        assert (await revealed(client, fire, here.person("department:urban-1"), {})).status_code == 404
        assert [(one.purpose, one.is_urgent) for one in audited(here)][-1] == ("emergency", True)
        assert len(audited(here)) == 6
        raised = [one for family in here.world.metrics.collect() for one in family.samples if "alarms" in one.name]
        assert "1380000" not in str(list(here.world.metrics.collect()))
        assert [(one.labels["kind"], one.value) for one in raised] == [("quota_of_people", 1)]


async def test_a_quota_is_of_a_person_in_whichever_role(redis_url: str, tmp_path: Path) -> None:
    """Who holds two seats has no two quotas; nobody else's deeds count, and no other day's."""
    async with house(redis_url, key_in(tmp_path)) as (here, _):
        audit, zone, at = here.world.audit, ZoneInfo("UTC"), 1_000
        for number, who in enumerate(("person:desk::li", "person:chief:x:li", "person:desk::wang", "cli:desk:li:7")):
            await audit.append(AuditEntry(id=str(number), at=at, who=who, what=Deed.REVEAL))
        assert await audit.done_on("1970-01-01", zone, "person:desk::li") == {Deed.REVEAL: 2}
        assert await audit.done_on("1970-01-02", zone, "person:desk::li") == {}


async def test_who_is_forgotten_is_so_for_everybody(redis_url: str, tmp_path: Path) -> None:
    """All that shares a number goes, what was turned away with it too, others stay; two people do it, and it is told
    afterwards."""
    async with house(redis_url, key_in(tmp_path)) as (here, client):
        intake, app, desk = Intake(here), here.key("source", "app"), here.person("desk:desk-1")
        one = await reported(client, intake, app, "A", **SHE)
        two = await reported(client, intake, app, "B", reporter={"tel": "+86 13800001234"}, location={"grid": "hill1"})
        other = await reported(client, intake, app, "C", reporter={"phone": "13900005678"})
        for name, text in (("D", "\\uff11\\uff13800001234"), ("E", "13900005678")):
            here.log.append("incidents.raw", 0, b'{"text": "%s", ' % text.encode(), f"app:{name}".encode())
        assert await intake.run() == []
        chief, admin = here.person("chief:chief-1"), await here.login(client, "sec-1", "security_admin")
        asked = await client.post("/v1/reporters/erase", json={"ticket": one, "text": "in writing"}, headers=chief)
        assert (asked.status_code, asked.json()["entries"]) == (202, 2), asked.text
        assert (await revealed(client, one, desk)).status_code == 200  # one alone destroys nothing
        path = f"/v1/erasures/{asked.json()['erasure']}/approve"
        assert (await client.post(path, headers=chief)).status_code == 404
        (row,) = (await client.get("/v1/erasures", headers=admin)).json()["rows"]
        assert (row["who"], row["ticket"], row["text"]) == ("person:chief::chief-1", one, "in writing")
        done = await client.post(path, headers=admin, json={})
        assert (done.status_code, done.json()["reports"], done.json()["rejected"]) == (200, 2, 1), done.text
        for ticket in (one, two):
            gone = await revealed(client, ticket, desk)
            assert (gone.status_code, gone.json()["type"]) == (410, "urn:gridwhistle:problem:erased")
        assert (await revealed(client, other, desk)).status_code == 200
        assert (await client.post(path, headers=admin)).status_code == 404  # done is done
        again = await client.post("/v1/reporters/erase", json={"number": "13800001234", "text": "again"}, headers=chief)
        assert again.status_code == 410
        last = {one.key: one.value for number in range(2) for one in here.log.all(VAULT.name, number)}
        assert sorted(value is None for value in last.values()) == [False] * 2 + [True] * 3
        auditor = await here.login(client, "aud-1", "auditor")
        rows = (await client.get("/v1/audit", headers=auditor)).json()["rows"]
        assert [row["what"] for row in rows] == ["reveal", "erase_done", "reveal", "erase_asked"]
        assert "1380000" not in str(rows) and rows[1]["count"] == 3


async def test_no_fire_waits_for_an_erasure(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To forget somebody all that was turned away is read, which takes minutes in a large city; others are shown
    meanwhile."""
    async with house(redis_url, key_in(tmp_path)) as (here, client):
        intake, app, desk = Intake(here), here.key("source", "app"), here.person("desk:desk-1")
        one = await reported(client, intake, app, "A", **SHE)
        other = await reported(client, intake, app, "B", reporter={"phone": "13900005678"})
        chief, admin = here.person("chief:chief-1"), await here.login(client, "sec-1", "security_admin")
        asked = await client.post("/v1/reporters/erase", json={"ticket": one, "text": "in writing"}, headers=chief)
        began, may_end, send = asyncio.Event(), asyncio.Event(), here.send

        async def slow(topic: str, *record: Any) -> int:
            if topic == VAULT.name:
                began.set()
                await may_end.wait()
            return await send(topic, *record)

        monkeypatch.setattr(here, "send", slow)
        path = f"/v1/erasures/{asked.json()['erasure']}/approve"
        erasing = asyncio.create_task(client.post(path, headers=admin, json={}))
        await began.wait()
        async with asyncio.timeout(10):
            assert (await revealed(client, other, desk)).status_code == 200
        may_end.set()
        assert (await erasing).status_code == 200


async def test_no_key_and_another_key_are_said_as_what_they_are(redis_url: str, tmp_path: Path) -> None:
    """A gateway without the master key shows nobody, and says what is missing; nothing is audited as shown."""
    async with house(redis_url, key_in(tmp_path)) as (here, client):
        intake, desk = Intake(here), here.person("desk:desk-1")
        ticket = await reported(client, intake, here.key("source", "app"), "A", **SHE)
        key = here.settings.key_file.read_bytes()
        for change in (lambda: here.settings.key_file.write_bytes(b"x" * 32), here.settings.key_file.unlink):
            change()
            found = await revealed(client, ticket, desk)
            assert (found.status_code, found.json()["type"]) == (404, "urn:gridwhistle:problem:no-key")
        assert audited(here) == []
        here.settings.key_file.write_bytes(key)
        here.settings.key_file.chmod(0o600)
        assert (await revealed(client, ticket, desk)).status_code == 200
        bare = await here.report("Z")
        assert (await revealed(client, bare, desk)).status_code == 404
