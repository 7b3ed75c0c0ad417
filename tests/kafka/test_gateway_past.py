"""History, explain and search over HTTP, on a real PostgreSQL: by key and index, and nobody finds what is another's."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.archive import search
from engine.gateway import filtering
from engine.gateway.policy import may_use
from tests.support.city import DAY
from tests.support.house import House, house
from tests.unit.gateway.test_policy import callers

CANARY = "canary-13900001111"


async def got(client: httpx.AsyncClient, path: str, headers: dict[str, str], **query: Any) -> dict[str, Any]:
    """What a path answers; it must."""
    found = await client.get(path, headers=headers, params=query)
    assert found.status_code == 200, found.text
    told: dict[str, Any] = found.json()
    return told


async def a_few(here: House) -> dict[str, str]:
    """Tickets here and there, one worked to its end."""
    found = {
        "lamp": await here.report("A", text="和平路路灯不亮 lamp broken", token=CANARY),
        "bins": await here.report("B", home="hill", leaf="hill1", text="bins overflow", address="Lake street 3"),
        "fire": await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke"),
    }
    for step in ("accept", "start"):
        await here.ask(step, "A", here.city.holder("A"))
    await here.ask("finish", "A", here.city.holder("A"), text="mended", proof=("photo:1",))
    return found


async def test_a_history_is_told_page_by_page_and_worked_out_again(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """By id and by identity, with what was said and by whom; explained, everything agrees; the token is nowhere."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        ticket = (await a_few(here))["lamp"]
        desk = here.person("desk:desk-1")
        told = await got(client, f"/v1/tickets/{ticket}/history", desk)
        assert [one.get("command", one["cause"]) for one in told["decisions"]] == [
            "incident", "accept", "start", "finish",
        ]  # fmt: skip
        assert [one["version"] for one in told["decisions"]] == [1, 2, 3, told["version"]]
        assert told["decisions"][-1]["said"] == {"text": "mended", "proof": ["photo:1"]}
        filed = next(one for one in told["decisions"][0]["events"] if one["type"] == "TicketFiled")
        assert filed["facts"]["counted"] == "split"
        assert not told["is_behind"] and "next" not in told
        pages: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await got(
                client, "/v1/tickets/app:A/history", desk, limit=1, **({"cursor": cursor} if cursor else {})
            )
            pages, cursor = pages + page["decisions"], page.get("next")
        assert pages == told["decisions"]
        why = await got(client, f"/v1/tickets/{ticket}/explain", desk)
        assert why["agrees"] and [one["id"] for one in why["decisions"]] == [one["id"] for one in pages]
        assert sum(one["worked_out"] for one in why["decisions"]) >= 3
        assert any("the split names" in line for line in why["decisions"][0]["lines"])
        assert CANARY not in str(told) + str(why)
        for cursor in ("x", "-1", "1" * 30):
            found = await client.get(f"/v1/tickets/{ticket}/history", headers=desk, params={"cursor": cursor})
            assert (found.status_code, found.json()["field"]) == (422, "cursor")


async def test_what_the_archive_lacks_is_said(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """A decision it has not folded is waited for, and then named as missing; none is read from the log."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        ticket = await here.report("A")
        desk = here.person("desk:desk-1")
        here.folds = False
        await here.ask("accept", "A", here.city.holder("A"))
        told = await got(client, f"/v1/tickets/{ticket}/history", desk)
        assert told["is_behind"] and told["version"] == 1
        await here.fold(here.world.partition(ticket))
        told = await got(client, f"/v1/tickets/{ticket}/history", desk)
        assert not told["is_behind"] and told["version"] == 2


async def test_a_ticket_is_found_and_shown_after_it_is_forgotten(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """Its state is dropped, its history stays; who may look at it then is who might before."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        ticket = await here.report("A")
        await here.ask("dismiss", "A", "desk:desk-1", reason="not_ours", text="not ours")
        await here.pass_time(here.world.now + 40 * DAY)
        desk, south = here.person("desk:desk-1"), here.person("street:south-street")
        assert (await client.get(f"/v1/tickets/{ticket}", headers=desk)).status_code == 404
        told = await got(client, f"/v1/tickets/{ticket}/history", desk)
        assert told["decisions"][-1]["reason"] == "forgotten"
        assert (await got(client, "/v1/tickets/app:A/history", desk))["id"] == ticket
        assert (await client.get(f"/v1/tickets/{ticket}/history", headers=south)).status_code == 404
        assert [one["id"] for one in (await got(client, "/v1/tickets", desk, q=ticket))["rows"]] == [ticket]


async def test_everybody_finds_what_they_may_open_and_nothing_else(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """Search, history and explain answer each caller as the ticket itself does."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        made = await a_few(here)
        cells = 0
        for who, (headers, caller) in (await callers(here, client)).items():
            if not may_use("search", caller):
                continue
            rows = {one["id"] for one in (await got(client, "/v1/tickets", headers))["rows"]}
            for ticket in made.values():
                wanted = (await client.get(f"/v1/tickets/{ticket}", headers=headers)).status_code
                assert (wanted == 200) is (ticket in rows), (who, ticket)
                named = {one["id"] for one in (await got(client, "/v1/tickets", headers, q=ticket))["rows"]}
                assert named == ({ticket} if wanted == 200 else set()), (who, ticket)
                for what in ("history", "explain"):
                    status = (await client.get(f"/v1/tickets/{ticket}/{what}", headers=headers)).status_code
                    assert status == wanted, (who, ticket, what)
                cells += 4
        assert cells == 16 * 3 * 4


async def test_search_takes_words_places_people_states_and_times(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """Each filter alone; pages follow each other; what is no filter is refused, not passed over."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        made = await a_few(here)
        desk = here.person("desk:desk-1")
        names = {ticket: name for name, ticket in made.items()}

        async def found(**query: Any) -> set[str]:
            return {names[one["id"]] for one in (await got(client, "/v1/tickets", desk, **query))["rows"]}

        holder = here.city["A"].person
        assert await found(q="路灯") == await found(q="lamp") == await found(q="app:A") == {"lamp"}
        assert await found(place="hill") == await found(place="south") == {"bins", "fire"}
        assert await found(category="fire") == await found(q="smoke", state="open") == {"fire"}
        assert await found(category=["fire", "bins"], state="done") == {"lamp"}
        assert await found(person=holder, place="east") == {"lamp"} and await found(breached="true") == set()
        assert await found(since="2026-03-02T00:00:00+08:00") == set(made) == await found(until="2030-01-01")
        assert await found(since="2030-01-01") == set()
        first = await client.get("/v1/tickets", headers=desk, params={"limit": 2})
        second = await client.get(first.headers["link"].partition(">")[0][1:], headers=desk)
        ids = [one["id"] for one in first.json()["rows"] + second.json()["rows"]]
        assert sorted(ids) == sorted(made.values()) and "next" not in second.json()
        assert CANARY not in first.text + second.text
        for name, value in (
            ("colour", "1"), ("state", "lost"), ("breached", "yes"), ("since", "soon"), ("limit", "0"),
            ("q", "x" * 201), ("cursor", "%%"), ("cursor", "OTk5OTk5OTk5OTk5OTk5OTk5IHg"), ("since", "0001-01-01"),
        ):  # fmt: skip
            answer = await client.get("/v1/tickets", headers=desk, params={name: value})
            assert answer.status_code == 422, (name, answer.text)
        for name in ("q", "place", "person", "category"):  # a character that PostgreSQL takes in no text
            assert await found(**{name: "a\0-20260302-1"}) == set(), name
        gone = await client.get("/v1/tickets/a%00-20260302-1/history", headers=desk)
        assert gone.status_code == 404


async def test_the_archive_by_an_expression_either_way_round(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wanted, oldest or newest first; where a request has looked at enough, its cursor goes on from there."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        made, desk = await a_few(here), here.person("desk:desk-1")
        hot = await got(client, "/v1/tickets", desk, filter='urgency == "U1" || text.contains("lamp")')
        assert {row["id"] for row in hot["rows"]} == {made["fire"], made["lamp"]} and hot["looked_at"] == 3
        newest = [row["id"] for row in (await got(client, "/v1/tickets", desk))["rows"]]
        oldest = [row["id"] for row in (await got(client, "/v1/tickets", desk, sort="received_at"))["rows"]]
        assert oldest == newest[::-1]
        for sort, wanted in (("received_at", oldest), ("-received_at", newest)):
            page = await got(client, "/v1/tickets", desk, sort=sort, limit=1, filter="received_at > 0")
            rest = await got(client, "/v1/tickets", desk, sort=sort, filter="received_at > 0", cursor=page["next"])
            assert [row["id"] for row in page["rows"] + rest["rows"]] == wanted and "next" not in rest
        monkeypatch.setattr(filtering, "LOOKED", 2)
        monkeypatch.setattr(search, "MOST", 1)
        part = await got(client, "/v1/tickets", desk, filter=f'id == "{newest[2]}"')
        assert (part["rows"], part["looked_at"]) == ([], 2)
        rest = await got(client, "/v1/tickets", desk, filter=f'id == "{newest[2]}"', cursor=part["next"])
        assert [row["id"] for row in rest["rows"]] == newest[2:]


async def test_without_an_archive_it_is_said(redis_url: str, tmp_path: Path) -> None:
    """As what it is, not as an absent ticket; an archive that is away is 503."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        for path in ("/v1/tickets", f"/v1/tickets/{ticket}/history", f"/v1/tickets/{ticket}/explain"):
            answer = await client.get(path, headers=here.person("desk:desk-1"))
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "no-archive")
        here.world.settings = here.settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/x"})
        answer = await client.get("/v1/tickets", headers=here.person("desk:desk-1"))
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


async def test_the_numbers_are_those_of_one_s_own_grids(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """Tickets, broken limits and days; a street counts its own homes, a department none."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        await a_few(here)
        await here.pass_time(here.world.now + 8 * DAY)
        desk, south = here.person("desk:desk-1"), here.person("street:south-street")
        wide = {"until": "2026-04-02"}
        rows = (await got(client, "/v1/reports/tickets", desk, by="home", **wide))["rows"]
        assert {one["home"]: one["n"] for one in rows} == {"hill": 2, "east": 1}
        (whole,) = (await got(client, "/v1/reports/tickets", desk, **wide))["rows"]
        assert whole["n"] == 3 and whole["breached"] >= 1
        (own,) = (await got(client, "/v1/reports/tickets", south, **wide))["rows"]
        assert own["n"] == 2
        late = (await got(client, "/v1/reports/breaches", desk, by=["clock", "rung"], **wide))["rows"]
        assert {"clock": "resolve", "rung": 100} in [{name: one[name] for name in ("clock", "rung")} for one in late]
        days = (await got(client, "/v1/reports/days", desk, by=["day", "event"], **wide))["rows"]
        assert {"day": "2026-03-02", "event": "TicketFiled", "n": 3} in days
        department = await client.get("/v1/reports/tickets", headers=here.person("department:urban-1"))
        assert department.status_code == 404
        for name, value in (
            ("by", "person"),
            ("by", "id"),
            ("x", "1"),
            ("since", "2020-01-01"),
            ("until", "1970-01-01"),
        ):
            wrong = await client.get("/v1/reports/tickets", headers=desk, params={name: value})
            assert wrong.status_code == (200 if name == "until" else 422), (name, value)
        assert (await client.get("/v1/reports/persons", headers=desk)).status_code == 404
        await scored(here, client, wide)
        await pointed(here, client)


async def scored(here: House, client: httpx.AsyncClient, wide: dict[str, str]) -> None:
    """Rates of what was received, limits that broke day by day, and the split with its causes."""
    desk, south = here.person("desk:desk-1"), here.person("street:south-street")
    month = {"since": "2026-03-01", **wide}
    (whole,) = (await got(client, "/v1/reports/rates", desk, **month))["rows"]
    assert whole["rates"]["in_time"] == {"n": 0, "raw": 0, "of": 2} and whole["rates"]["closing"]["n"] == 0
    by_person = (await got(client, "/v1/reports/rates", desk, by="person", **month))["rows"]
    assert sum(one["received"] for one in by_person) == 3
    (own,) = (await got(client, "/v1/reports/rates", south, by="street", **month))["rows"]
    assert own["received"] == 2 and own["rates"]["whistle"] == {"n": 2, "of": 2}
    days = (await got(client, "/v1/reports/trend", desk, **month))["rows"]
    assert sum(one["n"] for one in days) >= 2 and days[0]["day"].startswith("2026-03")
    split = (await got(client, "/v1/reports/split", desk, **month))["rows"]
    assert [one["home"] for one in split] == ["", "east", "hill"]
    assert sum(party["n"] for party in split[0]["parties"]) == 2 and split[0]["apart"] == {"emergency": 1}
    for party in split[0]["parties"]:
        assert sum(party["causes"].values()) == party["drift"] and party["causes"]["emergency"] == -party["share"]
    for path in ("rates?by=id", "trend?since=x"):
        assert (await client.get(f"/v1/reports/{path}", headers=desk)).status_code == 422
    for path in ("rates", "trend", "split"):
        whom = here.person("department:urban-1")
        assert (await client.get(f"/v1/reports/{path}", headers=whom)).status_code == 404


async def pointed(here: House, client: httpx.AsyncClient) -> None:
    """Where the same comes again and again, of one's own grids."""
    desk = here.person("desk:desk-1")
    for name in "GHIJK":  # one place, one kind, five times: a point; four elsewhere are none
        await here.report(name, home="hill", leaf="hill1")
    for name in "LMN":
        await here.report(name)
    (point,) = (await got(client, "/v1/points", desk))["points"]
    assert (point["home"], point["leaf"], point["category"], point["n"]) == ("hill", "hill1", "bins", 6)
    assert (await got(client, "/v1/points", here.person("street:north-street")))["points"] == []


async def test_a_pack_is_tried_beside_the_gateway(redis_url: str, tmp_path: Path) -> None:
    """All faults at once, what differs from the law in force, and nothing of this machine's other folders."""
    async with house(redis_url, tmp_path) as (here, client):
        chief = here.person("chief:chief-1")
        whole = await client.post("/v1/packs/diff", json={"files": {"pack": "extends: guancheng\n"}}, headers=chief)
        told = whole.json()
        assert told["faults"] == [] and told["in_force"] == "toytown@1" and told["ref"].startswith("guancheng@")
        assert any(one["section"] == "categories" for one in told["differences"])
        wrong = await client.post("/v1/packs/check", json={"files": {"pack": "name: 1\ncolour: red\n"}}, headers=chief)
        assert len(wrong.json()["faults"]) > 1 and "differences" not in wrong.json()
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "pack.yaml").write_text("canary: of-the-secret\n")
        out = await client.post(
            "/v1/packs/check", json={"files": {"pack": f"extends: {tmp_path}/secret\n"}}, headers=chief
        )
        assert "canary" not in out.text and "only a shipped pack" in out.json()["faults"][0]
        wrongs: list[Any] = [{}, {"files": {}}, {"files": {"../pack": "x"}}, {"files": {"pack": 1}}]
        for body in [*wrongs, {"files": {"pack": "x"}, "y": 1}, {"y": 1}]:
            assert (await client.post("/v1/packs/check", json=body, headers=chief)).status_code == 422, body
