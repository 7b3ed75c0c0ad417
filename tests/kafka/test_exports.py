"""The scoreboard taken away as a file, on a real PostgreSQL: whole, of one's own homes, and in the audit before it is
sent."""

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.gateway import exports
from tests.support.house import House, house
from tests.unit.gateway.test_reporters import audited

MONTH = {"since": "2026-03-01", "until": "2026-12-01"}


async def taken(client: httpx.AsyncClient, who: dict[str, str], report: str = "rates", **query: str) -> httpx.Response:
    """Somebody asks for a file."""
    return await client.post(f"/v1/reports/{report}/export", headers=who, params=MONTH | query)


def table(found: httpx.Response) -> list[dict[str, str]]:
    """What a spreadsheet reads."""
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "text/csv; charset=utf-8"
    assert found.content.startswith(b"\xef\xbb\xbf") and found.content.endswith(b"\r\n")
    return list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"), newline="")))


async def some(here: House) -> None:
    """Three tickets, one of them finished."""
    await here.report("A", text="lamp broken")
    await here.report("B", home="hill", leaf="hill1", text="bins overflow")
    await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
    for step in ("accept", "start"):
        await here.ask(step, "A", here.city.holder("A"))
    await here.ask("finish", "A", here.city.holder("A"), text="mended", proof=("photo:1",))


async def test_a_scoreboard_is_taken_away_and_the_audit_has_it(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """By each of its ways the file says what the page says, in names; each is in the audit with who, what and of
    when."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        await some(here)
        desk = here.person("desk:desk-1")
        for by in exports.OF_RATES:
            rows = table(await taken(client, desk, by=by))
            told = (await client.get("/v1/reports/rates", headers=desk, params=MONTH | {"by": by})).json()["rows"]
            assert [int(row["工单"]) for row in rows] == [one["received"] for one in told], by
            assert [int(row["响应率 件数"]) for row in rows] == [one["rates"]["response"]["n"] for one in told]
            assert [int(row["办结率 原始件数"]) for row in rows] == [one["rates"]["closing"]["raw"] for one in told]
        entries = audited(here)
        assert [one.report for one in entries] == [f"rates:{by}" for by in exports.OF_RATES]
        assert {(one.who, one.what) for one in entries} == {("person:desk::desk-1", "export")}
        assert entries[0].count == 2 and entries[0].since == 1772294400000
        found = await taken(client, desk, by="street", lang="en")
        assert {row["Street"] for row in table(found)} == {"north", "south"}
        assert 'filename="rates-street-2026-' in found.headers["content-disposition"]
        auditor = await here.login(client, "auditor-1", "auditor")
        told = (await client.get("/v1/audit", headers=auditor)).json()["rows"][0]
        assert (told["what"], told["report"], told["count"]) == ("export", "rates:street", 2)
        homes = table(await taken(client, desk, "tickets", by="home"))
        assert homes[0]["社区"] == "全区" and int(homes[0]["工单"]) == 3
        assert sum(int(row["工单"]) for row in homes[1:]) == 3


async def test_nobody_takes_what_they_may_not_see(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A street has its own homes alone, a department nothing; what is too long is refused and not cut; without the
    audit there is no file."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        await some(here)
        street, desk = here.person("street:south-street"), here.person("desk:desk-1")
        assert len(table(await taken(client, street, by="street"))) == 1
        assert (await taken(client, here.person("department:urban-1"), by="street")).status_code == 404
        assert (await taken(client, desk, "days", by="home")).status_code == 404
        for query in ({"by": "x"}, {}, {"by": "street", "lang": "fr"}, {"by": "street", "since": "x"}):
            assert (await taken(client, desk, **query)).status_code == 422, query
        before = len(audited(here))
        monkeypatch.setattr(exports, "MOST", 1)
        assert (await taken(client, desk, by="street")).status_code == 413
        monkeypatch.setattr(exports, "MOST", 50)
        here.is_away = True
        assert (await taken(client, desk, by="street")).status_code == 503
        assert len(audited(here)) == before


async def test_what_was_given_by_hand_stands_in_the_split(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """One gains what the other loses, in its home and in the whole city; a drift is what its causes add up to."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        await here.report("A", text="bins overflow")
        former = here.city["A"].party
        other = "residents" if former != "residents" else "specialist"
        await here.ask("reassign", "A", "chief:chief-1", target=f"{other}-1", party=other, reason="nearer")
        desk = here.person("desk:desk-1")
        rows = (await client.get("/v1/reports/split", headers=desk, params=MONTH)).json()["rows"]
        assert [row["home"] for row in rows] == ["", "east"]
        for row in rows:
            parties: dict[str, Any] = {one["code"]: one for one in row["parties"]}
            assert parties[other]["causes"]["manual"] == 100 and parties[str(former)]["causes"]["manual"] == -100
            assert all(one["drift"] == sum(one["causes"].values()) for one in parties.values())
            assert sum(one["drift"] for one in parties.values()) == 0
