"""What screens live on: rows with what last moved them, queues in slices, views for all, who looks, and walls."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.gateway import row_slices, stream
from engine.gateway.callers import Caller
from engine.gateway.live import Client
from tests.support.house import eventually, house
from tests.unit.gateway.test_queues import Reader
from topics.vocabulary import Role


async def test_a_row_says_what_last_moved_it(redis_url: str, tmp_path: Path) -> None:
    """And how its time runs and for what it stands: the same by the queue and by the stream; a note after it changes
    nothing of that; a row from before has none."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A", category="bins", can_reach_reporter=True)
        chief = here.person("chief:chief-1")

        async def row() -> dict[str, Any]:
            found = (await client.get("/v1/queues/grid:east", headers=chief)).json()["rows"]
            return dict(next(one for one in found if one["id"] == ticket))

        filed = (await row())["moved"]
        assert filed["reason"] == "reported" and filed["at"] <= here.world.now
        reader = Reader(here, "chief:chief-1", "grid:east")
        await reader.until(lambda: ticket in reader.rows)
        await here.ask("accept", "A", f"{here.city['A'].party}:{here.city['A'].person}")
        before = await row()
        assert before["in_work_time"] and "paused" not in before  # eight working hours
        assert await here.ask("wait_reporter", "A", "desk:desk-1", reason="which door?") == "done_as_asked"
        await here.ask("note", "A", "desk:desk-1", text="seen")
        version = here.city["A"].version
        await reader.until(lambda: reader.rows[ticket]["version"] == version)
        now = await row()
        moved = now["moved"]
        assert moved == reader.rows[ticket]["moved"] and now["paused"] == "waiting_reporter"
        assert (moved["command"], moved["actor"]) == ("wait_reporter", "desk:desk-1")
        assert moved["said"] == "which door?"
        await here.world.view.redis.hdel(f"{here.world.view.prefix}t:{ticket}", "moved")
        assert "moved" not in await row()
        await reader.close()


async def test_a_queue_comes_in_slices_and_nothing_is_lost_between_them(
    redis_url: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """The first rows at once; what changes, comes and goes while the rest is read is there at its end, each once."""
    monkeypatch.setattr(row_slices, "SLICE", 2)
    async with house(redis_url, tmp_path) as (here, _):
        tickets = [await here.report(f"T{n}", text=f"of its own {n}") for n in range(6)]
        caller = Caller(kind="person", name="chief-1", role=Role.CHIEF)
        client = Client(stream.wants(here.world, caller, "open"))
        frames = stream._frames(here.world, caller, "open", client, None, first=1)
        told: list[tuple[str, Any, str]] = []

        async def read() -> None:
            for event in (await anext(frames)).decode().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line)
                if "event" in fields:
                    told.append((fields["event"], json.loads(fields["data"]), fields.get("id", "")))

        while not told:
            await read()
        assert told[0][0] == "snapshot" and len(told[0][1]["rows"]) == 1 and told[0][1]["more"] and not told[0][2]
        assert await here.ask("dismiss", "T0", "desk:desk-1", reason="not_ours", text="no") == "done_as_asked"
        assert await here.ask("note", "T5", "desk:desk-1", text="seen") == "done_as_asked"
        new = await here.report("T9", text="another")
        while told[-1][0] != "cursor":
            await read()
        rows: dict[str, Any] = {}
        for event, data, _ in told:
            if event in ("snapshot", "rows"):
                rows |= {row["id"]: row for row in data["rows"]}
            elif event == "upsert":
                rows[data["id"]] = data
            elif event == "remove":
                rows.pop(data["id"])
        assert set(rows) == {*tickets[1:], new} and rows[tickets[5]]["version"] == here.city["T5"].version
        assert [one[0] for one in told].count("rows") == 3
        await frames.aclose()


async def test_the_first_rows_wait_for_no_others(redis_url: str, tmp_path: Path, monkeypatch: Any) -> None:
    """Before they are handed on no more tickets are named and read than stand in them, however many a queue has; the
    rest is named once, and what is short is whole with its first slice."""
    async with house(redis_url, tmp_path) as (here, _):
        for n in range(6):
            await here.report(f"T{n}", text=f"of its own {n}")
        await eventually(lambda: len(here.world.tail.next) > 0)
        view, asked = here.world.view, list[tuple[str, int]]()
        ids, texts = view.ids, view.texts

        async def named(*queues: str, limit: int) -> list[str]:
            found = await ids(*queues, limit=limit)
            asked.append(("named", len(found)))
            return found

        async def read(tickets: Sequence[str]) -> list[str]:
            asked.append(("read", len(tickets)))
            return await texts(tickets)

        monkeypatch.setattr(view, "ids", named)
        monkeypatch.setattr(view, "texts", read)
        caller = Caller(kind="person", name="chief-1", role=Role.CHIEF)
        slices = row_slices.slices(here.world, caller, "open", 2)
        first = await anext(slices)
        assert len(first.texts) == 2 and first.more and asked == [("named", 2), ("read", 2)]
        others = [one async for one in slices]
        assert [(len(one.texts), one.more) for one in others] == [(4, False)]
        assert asked[2:] == [("named", 6), ("read", 4)]
        assert not {*first.ids} & {*others[0].ids}
        asked.clear()
        assert [one.more async for one in row_slices.slices(here.world, caller, "open", 7)] == [False]
        assert asked == [("named", 6), ("read", 6)]


async def test_an_auditor_watches_and_whoever_runs_the_machines_counts(redis_url: str, tmp_path: Path) -> None:
    """All rows to the one, figures alone to the other, and nothing to press for either."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        auditor = await here.login(client, "auditor-1", "auditor")
        admin = await here.login(client, "admin-1", "system_admin")
        rows = (await client.get("/v1/queues/open", headers=auditor)).json()["rows"]
        assert [row["id"] for row in rows] == [ticket]
        counts = [(await client.get("/v1/queues", headers=who)).json()["queues"] for who in (auditor, admin)]
        assert counts[0]["grid:east"] == counts[1]["grid:east"] == 1
        here.world.live.closing.set()
        assert ticket in (await client.get("/v1/stream?queue=open&first=10", headers=auditor)).text
        for path in ("/v1/queues/open", "/v1/stream?queue=open"):
            assert (await client.get(path, headers=admin)).status_code == 404
        given = {"kind": "note", "text": "x"}
        assert (await client.post(f"/v1/tickets/{ticket}/commands", json=given, headers=auditor)).status_code == 404


async def test_a_view_is_everybody_s_and_its_maker_takes_it_out(redis_url: str, tmp_path: Path) -> None:
    """Bounded, of the console alone, with who made it; the centre may take it out as well."""
    async with house(redis_url, tmp_path) as (here, client):
        chief, desk = here.person("chief:chief-1"), here.person("desk:desk-1")
        view = {"name": "东片超时", "address": "/queues/late?street=north&tier=street"}
        made = await client.post("/v1/views", json=view, headers=chief)
        assert made.status_code == 201 and made.json()["by"] == "chief-1"
        assert (await client.get("/v1/views", headers=desk)).json()["views"] == [made.json()]
        assert (await client.post("/v1/views", json=view, headers=desk)).json()["field"] == "name"
        for address in ("https://elsewhere/queues/all", "/queues/all#x", "/queues/a b", "//e/queues/all", "/desk"):
            given = {"name": "x", "address": address}
            assert (await client.post("/v1/views", json=given, headers=desk)).json()["field"] == "address"
        for bad in ("", " ", "x" * 41, "a\u202eb", 7):
            unfit = {"name": bad, "address": "/queues/all"}
            assert (await client.post("/v1/views", json=unfit, headers=desk)).json()["field"] == "name"
        path = f"/v1/views/{made.json()['id']}"
        assert (await client.delete(path, headers=desk)).status_code == 404
        assert (await client.delete(path, headers=here.person("centre:centre-1"))).status_code == 204
        assert (await client.get("/v1/views", headers=desk)).json()["views"] == []


async def test_who_looks_at_a_ticket_is_told_to_whoever_may_see_it(redis_url: str, tmp_path: Path) -> None:
    """Each but oneself, by name and seat; gone when they leave, and by itself; another's ticket is none."""
    async with house(redis_url, tmp_path) as (here, client):
        path = f"/v1/tickets/{await here.report('A')}/viewing"
        chief, desk, blind = (here.person(who) for who in ("chief:chief-1", "desk:desk-1", "street:south-street"))
        assert (await client.post(path, headers=chief)).json()["others"] == []
        found = (await client.post(path, headers=desk)).json()
        assert found["others"] == [{"role": "chief", "person": "chief-1"}] and found["again"] >= 15
        assert (await client.post(path, headers=blind)).status_code == 404
        keys = [key async for key in here.world.view.redis.scan_iter(f"{here.settings.prefix}gateway:viewing:*")]
        assert len(keys) == 1 and 0 < await here.world.view.redis.ttl(keys[0]) <= 45
        await here.world.view.redis.zadd(keys[0], {"chief:chief-1": 1.0})  # their screen has said nothing since
        assert (await client.post(path, headers=desk)).json()["others"] == []
        await client.post(path, headers=chief)
        assert (await client.delete(path, headers=chief)).status_code == 204
        assert (await client.post(path, headers=desk)).json()["others"] == []


async def test_a_wall_shows_what_a_seat_sees_until_its_key_is_taken(
    redis_url: str, tmp_path: Path, caplog: Any
) -> None:
    """Queues and nothing else; its session lasts as long as the key, ends with it, and the key is in no log."""
    async with house(redis_url, tmp_path) as (here, client):
        near = await here.report("A")
        await here.report("B", home="hill", leaf="hill1")
        key, text = here.world.keys.add("wall", "north-street", 300, "street")
        begun = await client.post("/v1/session", json={"key": text})
        assert begun.status_code == 201 and begun.json()["kind"] == "wall"
        assert int(begun.headers["set-cookie"].partition("Max-Age=")[2].partition(";")[0]) > 299 * 86_400
        rows = (await client.get("/v1/queues/open")).json()["rows"]
        assert [row["id"] for row in rows] == [near]
        given = {"kind": "note", "text": "x"}
        for method, path in (
            ("GET", f"/v1/tickets/{near}"), ("POST", f"/v1/tickets/{near}/commands"),
            ("POST", f"/v1/tickets/{near}/viewing"), ("GET", "/v1/tickets"), ("POST", "/v1/views"),
        ):  # fmt: skip
            body = given if method == "POST" else None
            assert (await client.request(method, path, json=body)).status_code == 404, path
        assert (await client.post("/v1/session", json={"key": "gwk_0_0"})).status_code == 401
        person = here.world.keys.add("person", "chief-1", 1, "chief")[1]
        assert (await client.post("/v1/session", json={"key": person})).status_code == 401
        here.world.keys.revoke(key.id)
        assert (await client.get("/v1/queues/open")).status_code == 401
        assert text not in caplog.text and key.id not in caplog.text


async def test_only_what_is_one_s_own_is_read_of_a_queue(redis_url: str, tmp_path: Path) -> None:
    """Whoever sees a part gets that part by slices and by name; whoever sees all has no row opened for it."""
    async with house(redis_url, tmp_path) as (here, _):
        near, far = await here.report("A"), await here.report("B", home="hill", leaf="hill1")
        await eventually(lambda: len(here.world.tail.next) > 0)
        for name, role, wanted in (
            ("north-street", Role.STREET, {near}),
            ("south-street", Role.STREET, {far}),
            ("chief-1", Role.CHIEF, {near, far}),
        ):
            caller = Caller(kind="person", name=name, role=role)
            assert await row_slices.standing(here.world, caller, "open") == wanted
            found = {one async for some in row_slices.slices(here.world, caller, "open", 1) for one in some.ids}
            assert found == wanted
        assert row_slices.sees_whole(here.world.law(), Caller(kind="person", name="chief-1", role=Role.CHIEF))
