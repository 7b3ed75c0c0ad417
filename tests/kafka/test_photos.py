"""Pictures as proof, on a real PostgreSQL: taken from who may give proof, shown to who may see the ticket, kept as long
as what names them, gone with their reporter."""

import asyncio
import hashlib
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from engine.doors import photos
from engine.doors.retention import UNNAMED_DAYS, tidy
from engine.doors.store import Doors
from engine.gateway.photos import MOST_BYTES
from tests.support.door_of_house import Intake, key_in, reported
from tests.support.house import House, house
from tests.support.pictures import EXIF, SECRET, jpeg, png, segment, webp

JPEG = {"content-type": "image/jpeg"}


async def sent(client: httpx.AsyncClient, ticket: str, who: dict[str, str], content: bytes) -> httpx.Response:
    """Somebody sends a picture."""
    return await client.post(f"/v1/tickets/{ticket}/photos", content=content, headers=JPEG | who)


async def proof_of(client: httpx.AsyncClient, ticket: str, who: dict[str, str], content: bytes) -> str:
    """How what was sent is named."""
    found = await sent(client, ticket, who, content)
    assert found.status_code == 201, found.text
    return str(found.json()["proof"])


def path_of(ticket: str, proof: str) -> str:
    """Where a picture is shown."""
    return f"/v1/tickets/{ticket}/photos/{proof.removeprefix('photo:')}"


async def test_a_picture_is_proof_and_shown_to_who_may_see_the_ticket(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """What is to be seen alone, under its hash, once; who may not see the ticket has the answer of what is absent; it
    is looked at and nothing more; a command names it and the law takes it."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        ticket, other = await here.report("A"), await here.report("B")
        holder, auditor = here.person(here.city.holder("A")), await here.login(client, "auditor-1", "auditor")
        made = [await sent(client, ticket, holder, whole) for whole in (jpeg(EXIF, behind=SECRET), jpeg())]
        kept = jpeg()
        name = hashlib.sha256(kept).hexdigest()
        assert [one.status_code for one in made] == [201, 201]
        assert made[0].json() == made[1].json() == {"photo": name, "proof": f"photo:{name}", "bytes": len(kept)}
        path = path_of(ticket, name)
        for who in (holder, auditor, here.key("source", "app"), here.person("chief:chief-1")):
            found = await client.get(path, headers=who)
            assert (found.status_code, found.content, found.headers["content-type"]) == (200, kept, "image/jpeg")
            assert found.headers["x-content-type-options"] == "nosniff" and "no-store" in found.headers["cache-control"]
            assert "sandbox" in found.headers["content-security-policy"]
        absent = await client.get(path_of(ticket, "0" * 64), headers=holder)
        for where, who in {
            path: here.key("source", "hotline"),
            path_of(other, name): holder,
            path_of(ticket, name[:-1]): holder,
            path_of(ticket, name.upper()): holder,
        }.items():
            found = await client.get(where, headers=who)
            assert (found.status_code, found.text) == (404, absent.text), where
        blind = await sent(client, ticket, here.key("source", "hotline"), kept)
        assert (blind.status_code, blind.text) == (404, absent.text)
        assert (await sent(client, ticket, auditor, kept)).status_code == 404  # looks, and does nothing
        assert (await client.get(path)).status_code == 401
        given = {"kind": "attach", "proof": [f"photo:{name}"]}
        done = await client.post(f"/v1/tickets/{ticket}/commands", json=given, headers=holder)
        assert done.status_code == 200, done.text
        past = (await client.get(f"/v1/tickets/{ticket}/history", headers=auditor)).json()
        assert past["decisions"][-1]["said"]["proof"] == [f"photo:{name}"]


async def test_only_pictures_are_taken_and_only_so_many(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their bytes and not by what they are called, no larger than may be; so many of a ticket and of who sends, at
    whichever gateway and however many at once; none of what is over."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        ticket, chief = await here.report("A"), here.person("chief:chief-1")
        for whole, status in {b"": 400, b"<svg/>": 400, jpeg()[:-2]: 400, b"x" * (MOST_BYTES + 1): 413}.items():
            assert (await sent(client, ticket, chief, whole)).status_code == status, whole[:9]
        declared = {"content-length": str(MOST_BYTES + 1)}
        early = await client.post(f"/v1/tickets/{ticket}/photos", content=b"x", headers=JPEG | chief | declared)
        assert early.status_code == 413
        for kind in ("image/svg+xml", "text/html", "multipart/form-data; boundary=x", ""):
            found = await client.post(
                f"/v1/tickets/{ticket}/photos", content=jpeg(), headers=chief | {"content-type": kind}
            )
            assert found.status_code == 415, kind
        for whole in (png(), webp()):  # told by their bytes, and so they are answered
            shown = await client.get(path_of(ticket, await proof_of(client, ticket, chief, whole)), headers=chief)
            assert shown.headers["content-type"] == ("image/png" if whole == png() else "image/webp")
        monkeypatch.setattr(photos, "MOST_OF_TICKET", 4)
        many = [segment(0xDD, bytes([0, n])) for n in range(6)]
        came = await asyncio.gather(*(sent(client, ticket, chief, jpeg(n)) for n in many))
        assert sorted(one.status_code for one in came) == [201, 201, 429, 429, 429, 429]
        assert (await sent(client, ticket, chief, png())).status_code == 201  # the same again is no other
        other = await here.report("B")
        monkeypatch.setattr(photos, "MOST_A_DAY", 5)
        came = await asyncio.gather(*(sent(client, other, chief, jpeg(n)) for n in many))
        assert sorted(one.status_code for one in came) == [201, 429, 429, 429, 429, 429]
        await here.ask("cancel", "B", "chief:chief-1", reason="not there")
        assert (await sent(client, other, here.person("desk:desk-1"), jpeg())).status_code == 409


async def ages(here: House, days: int) -> None:
    """So many days pass, and the archive's stage tidies up."""
    doors = Doors(here.settings)
    async with doors.engine.begin() as connection:
        await connection.execute(text("UPDATE photos SET made_at = made_at - :n * interval '1 day'"), {"n": days})
    await tidy(doors, 30)
    await doors.close()


async def test_a_picture_is_kept_as_long_as_what_names_it(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """One that no command names goes in days; the other with the archive's decisions, its ticket closed or not."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        ticket, chief = await here.report("A"), here.person("chief:chief-1")
        named, unnamed = [await proof_of(client, ticket, chief, one) for one in (jpeg(), png())]
        await here.ask("attach", "A", "chief:chief-1", proof=(named, "photo:1", "https://x.test/2"))
        await ages(here, UNNAMED_DAYS + 1)
        there = {one: (await client.get(path_of(ticket, one), headers=chief)).status_code for one in (named, unnamed)}
        assert there == {named: 200, unnamed: 404}
        await ages(here, 30)
        assert (await client.get(path_of(ticket, named), headers=chief)).status_code == 404


async def test_whoever_is_forgotten_takes_the_pictures_along(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """Of all their reports, and of nobody else's; nothing can be masked in a picture of where somebody lives."""
    async with house(redis_url, key_in(tmp_path), database_url=database_url) as (here, client):
        intake, app, chief = Intake(here), here.key("source", "app"), here.person("chief:chief-1")
        wang, li = {"reporter": {"phone": "13800001234"}}, {"reporter": {"phone": "13900005678"}}
        tickets = [
            await reported(client, intake, app, name, **whose)
            for name, whose in {"A": wang, "B": wang, "C": li}.items()
        ]
        proofs = [await proof_of(client, ticket, chief, jpeg()) for ticket in tickets]
        body = {"ticket": tickets[0], "text": "asked for it in writing"}
        asked = (await client.post("/v1/reporters/erase", json=body, headers=chief)).json()["erasure"]
        admin = await here.login(client, "guard", "security_admin")
        done = await client.post(f"/v1/erasures/{asked}/approve", headers=admin)
        assert (done.status_code, done.json()["reports"], done.json()["photos"]) == (200, 2, 2), done.text
        there = [
            (await client.get(path_of(ticket, proof), headers=chief)).status_code
            for ticket, proof in zip(tickets, proofs, strict=True)
        ]
        assert there == [404, 404, 200]
