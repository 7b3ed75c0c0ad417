"""A department's events by pulling, on a real PostgreSQL: each to one puller at a time, in the order of each ticket,
again until it is acknowledged, and never another department's."""

import asyncio
import json
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from engine.archive.fold import sure
from engine.doors.outbox import put_events
from engine.doors.pull import MOST_READERS, Pull, TooMany
from engine.doors.store import Doors
from engine.settings import Settings
from tests.support.house import House, house


@pytest.fixture
async def doors(database_url: str) -> AsyncIterator[Doors]:
    """A stack's doors of its own."""
    found = Doors(Settings(database_url=database_url, prefix=f"t{uuid.uuid4().hex[:8]}."))
    await found.fit()
    try:
        yield found
    finally:
        await found.schema.drop(found.engine)
        await found.close()


async def tell(doors: Doors, *tickets: str, department: str = "fire", at: int = 0, **members: Any) -> None:
    """Write one event for each ticket named, in order."""
    async with doors.engine.begin() as connection:
        rows = []
        for ticket in tickets:
            name = uuid.uuid4().hex
            body = {"id": name, "event": "dispatched", "department": department, "ticket": ticket, "role": "lead"}
            row = {"id": name, "department": department, "ticket": ticket, "kind": "dispatched", "at": sure(at)}
            rows.append(row | {"body": json.dumps(body | {"at": sure(at).isoformat()} | members)})
        await put_events(connection, doors.schema.name, rows)


def tickets(leased: list[Any]) -> list[str]:
    """Of which tickets events are."""
    return [json.loads(one.body)["ticket"] for one in leased]


async def expire(doors: Doors) -> None:
    """Every lease is over."""
    async with doors.engine.begin() as connection:
        await connection.execute(text("UPDATE leases SET until = now() - interval '1 second'"))


async def test_an_event_comes_again_until_it_is_acknowledged_and_its_ticket_waits(doors: Doors) -> None:
    """Of each ticket one is out at a time; what is given back comes again after a pause that grows."""
    pull = Pull(doors, "fire")
    assert await pull.lease("main", 10, 60) == []
    await tell(doors, "a", "b", "a", "a")
    first = await pull.lease("main", 10, 60)
    assert tickets(first) == ["a", "b"] and await pull.lease("main", 10, 60) == []
    assert await pull.acknowledge("main", [first[0].receipt]) == [first[0].receipt]
    second = await pull.lease("main", 10, 60)
    assert tickets(second) == ["a"] and second[0].seq > first[1].seq
    assert await pull.give_back("main", [second[0].receipt], 0) == [second[0].receipt]
    again = await pull.lease("main", 10, 60)
    assert [(one.id, one.attempt) for one in again] == [(second[0].id, 2)]
    assert await pull.give_back("main", [again[0].receipt], None) == [again[0].receipt]
    assert await pull.lease("main", 10, 60) == []  # in two seconds
    await expire(doors)
    third = await pull.lease("main", 10, 60)
    assert [(one.id, one.attempt) for one in third] == [(first[1].id, 2), (second[0].id, 3)]
    late = await pull.acknowledge("main", [first[1].receipt, again[0].receipt, third[1].receipt])
    assert late == [third[1].receipt]  # a lease that was over is another's by now
    assert await pull.acknowledge("main", [third[1].receipt]) == []
    rest = await pull.lease("main", 10, 60)
    assert tickets(rest) == ["a"] and not any(one.is_replayed for one in rest)


async def test_a_lease_that_is_over_counts_as_long_as_nobody_else_has_it(doors: Doors) -> None:
    """A slow handler that is through has not worked for nothing."""
    pull = Pull(doors, "fire")
    await pull.lease("main", 1, 60)
    await tell(doors, "a")
    (one,) = await pull.lease("main", 1, 60)
    await expire(doors)
    assert await pull.acknowledge("main", [one.receipt]) == [one.receipt]
    assert await pull.lease("main", 1, 60) == []


async def test_pullers_share_and_none_gets_what_another_has(doors: Doors) -> None:
    """Eight at once, some of which die with their leases: each event is done once, in the order of its ticket."""
    count, done, order = 240, Counter[str](), defaultdict[str, list[int]](list)
    await Pull(doors, "fire").lease("main", 1, 60)
    await tell(doors, *(f"t{n % 17}" for n in range(count)))

    async def puller(number: int) -> None:
        pull, turns = Pull(doors, "fire"), 0
        while sum(done.values()) < count:
            leased, turns = await pull.lease("main", 7, 60), turns + 1
            if number == 0 and turns % 3 == 0:
                await expire(doors)  # whoever had them is dead
            counted = await pull.acknowledge("main", [one.receipt for one in leased])
            for one in leased:
                if one.receipt in counted:
                    done[one.id] += 1
                    order[json.loads(one.body)["ticket"]].append(one.seq)

    async with asyncio.timeout(60):
        await asyncio.gather(*map(puller, range(8)))
    assert len(done) == count and set(done.values()) == {1}
    assert all(numbers == sorted(numbers) for numbers in order.values()) and len(order) == 17


async def test_readers_are_each_for_themselves_and_can_be_set_back(doors: Doors) -> None:
    """A filter passes the rest by; from a moment or a cursor everything comes again, marked; nobody else notices."""
    pull = Pull(doors, "fire")
    await tell(doors, "a", "b", at=1000)
    await tell(doors, "c", at=5000, urgency="U1")
    await tell(doors, "x", department="water")
    assert await pull.lease("new", 10, 60) == []  # begins with what comes
    begun = await pull.lease("since", 10, 60, sure(1000))
    assert tickets(begun) == ["a", "b", "c"]
    await pull.put("urgent", "urgency == 'U1'", begin=sure(0))
    assert tickets(await pull.lease("urgent", 10, 60)) == ["c"]
    stands = {one.name: one for one in await pull.readers()}
    assert (stands["since"].leased, stands["since"].waiting, stands["since"].unread) == (3, 0, 0)
    assert (stands["urgent"].leased, stands["urgent"].filter) == (1, "urgency == 'U1'")
    assert stands["since"].oldest == sure(1000) and stands["new"].oldest is None
    await pull.put("since", begin=sure(0), cursor=begun[0].seq)
    assert await pull.acknowledge("since", [begun[2].receipt]) == []
    assert [(one.id, one.is_replayed) for one in await pull.lease("since", 10, 60)] == [
        (begun[1].id, True), (begun[2].id, True),
    ]  # fmt: skip
    await tell(doors, "d")
    (fresh,) = await pull.lease("since", 10, 60)
    assert not fresh.is_replayed
    assert tickets(await Pull(doors, "water").lease("main", 10, 60, sure(0))) == ["x"]
    assert await pull.drop("since") and not await pull.drop("since")
    for n in range(MOST_READERS - 2):
        await pull.put(f"r{n}", "")
    with pytest.raises(TooMany):
        await pull.lease("one-more", 1, 60)


async def test_a_cursor_beyond_the_end_is_the_end(doors: Doors) -> None:
    """A slip must not let a reader pass by all that ever comes; what comes after it is new."""
    pull = Pull(doors, "fire")
    await tell(doors, "a", "b")
    for _ in range(2):
        await pull.put("main", cursor=10**18)
        assert await pull.lease("main", 10, 60) == []
    await tell(doors, "c")
    assert [one.is_replayed for one in await pull.lease("main", 10, 60)] == [False]


class Department:
    """A department's system: what its door answers."""

    def __init__(self, here: House, client: httpx.AsyncClient, code: str) -> None:
        self.client, self.headers = client, here.key("department", f"{code}-1", "department", code)
        self.door = f"/v1/departments/{code}"

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask its own door."""
        found = await self.client.post(f"{self.door}/events/{path}", json=body, headers=self.headers)
        assert found.status_code == 200, found.text
        told: dict[str, Any] = found.json()
        return told

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Look."""
        found = await self.client.get(f"{self.door}/{path}", params=query, headers=self.headers)
        assert found.status_code == 200, found.text
        told: dict[str, Any] = found.json()
        return told

    async def reply(self, ticket: str, kind: str, child: str) -> httpx.Response:
        """Answer a task."""
        body = {"kind": kind, "child": child}
        return await self.client.post(f"/v1/tickets/{ticket}/commands", json=body, headers=self.headers)


async def test_a_department_pulls_answers_and_is_told_what_was_wrong_by_http(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """The very task of its topic; a reply that does not fit is answered with reason and mend; others see nothing."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        fire = Department(here, client, "fire")
        assert await fire.post("lease") == {"events": []}
        waiting = asyncio.create_task(fire.post("lease", wait=20))
        ticket = await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
        (told,) = (await waiting)["events"]
        assert told["event"]["ticket"] == ticket and told["id"] == told["event"]["id"]
        assert (told["attempt"], told["replayed"], told["event"]["event"]) == (1, False, "dispatched")
        wrong = await fire.reply(ticket, "finish", "fire/9")
        assert wrong.status_code == 409 and wrong.json()["reason"] == "no_such_child" and wrong.json()["detail"]
        good = await fire.reply(ticket, "report_in", told["event"]["child"].removeprefix(f"{ticket}/"))
        assert good.status_code == 200, good.text
        assert await fire.post("ack", receipts=[told["receipt"]]) == {"acked": 1, "gone": []}
        assert here.world.metrics.counters[("pulled", ("fire", "acked"))] == 1
        (said,) = (await fire.post("lease"))["events"]
        assert (said["event"]["event"], said["event"]["reason"]) == ("refused", "no_such_child")
        assert said["event"]["mend"]
        assert await fire.post("nack", receipts=[said["receipt"]], seconds=0) == {"nacked": 1, "gone": []}
        await looked_through(fire, told["id"], said["id"])
        water = Department(here, client, "water")
        await refused(client, fire.door, fire.headers, water.headers)


async def test_who_waits_is_given_nothing_once_their_key_is_revoked(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """Revoked means at once: what comes meanwhile stays for whoever has a key."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        gone, stays = Department(here, client, "fire"), Department(here, client, "fire")
        assert await stays.post("lease") == {"events": []}
        (before,) = (await stays.get("readers"))["readers"]
        path = f"{gone.door}/events/lease"
        waiting = asyncio.create_task(client.post(path, json={"wait": 20}, headers=gone.headers))
        async with asyncio.timeout(20):
            while (await stays.get("readers"))["readers"][0]["asked_at"] == before["asked_at"]:
                await asyncio.sleep(0.01)
        assert here.world.keys.revoke(here.world.keys.all()[0].id)
        await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
        assert (await waiting).status_code == 401
        (told,) = (await stays.post("lease"))["events"]
        assert told["attempt"] == 1


async def looked_through(fire: Department, first: str, second: str) -> None:
    """By a filter, from a moment, from a cursor; nothing is leased by it."""
    seen = await fire.get("events", filter="event == 'refused'", last=1000)
    assert (seen["matched"], seen["of"]) == (1, 2) and seen["events"][0]["id"] == second
    everything = await fire.get("events", **{"from": "1h", "limit": 1})
    rest = await fire.get("events", cursor=everything["next"])
    assert [one["id"] for one in everything["events"] + rest["events"]] == [first, second]
    tried = await fire.client.put(
        f"{fire.door}/readers/urgent", json={"filter": "urgency == 'U1'"}, headers=fire.headers
    )
    assert tried.json() == {"reader": "urgent", "filter": "urgency == 'U1'", "matched": 1, "of": 2}
    assert [one["name"] for one in (await fire.get("readers"))["readers"]] == ["main", "urgent"]


async def refused(client: Any, door: str, fire: dict[str, str], water: dict[str, str]) -> None:
    """What is another's is absent, and what does not fit is named."""
    asked: tuple[tuple[str, str, Any], ...] = (
        ("GET", "events", None), ("POST", "events/lease", {}), ("POST", "events/ack", {"receipts": ["0" * 16 + ".1"]}),
        ("POST", "events/nack", {"receipts": ["0" * 16 + ".1"]}), ("GET", "readers", None),
        ("PUT", "readers/main", {}), ("DELETE", "readers/main", None),
    )  # fmt: skip
    for method, path, body in asked:
        assert (await client.request(method, f"{door}/{path}", json=body, headers=water)).status_code == 404, path
    wrong: tuple[tuple[str, str, Any, str], ...] = (
        ("POST", "events/lease", {"n": 101}, "n"), ("POST", "events/lease", {"seconds": True}, "seconds"),
        ("POST", "events/lease", {"reader": "Ä"}, "reader"), ("POST", "events/lease", {"colour": 1}, "colour"),
        ("POST", "events/lease", {"from": "soon"}, "from"), ("POST", "events/ack", {"receipts": ["x"]}, "receipts"),
        ("POST", "events/ack", {"receipts": []}, "receipts"),
        ("PUT", "readers/main", {"filter": "colour == 1"}, "filter"),
        ("PUT", "readers/main", {"filter": 1}, "filter"), ("PUT", "readers/main", {"cursor": "-1"}, "cursor"),
        ("PUT", "readers/main", {"filter": "ticket == 'a\0'"}, "filter"),
        ("GET", "events?filter=ticket%20%3D%3D%20'%00'", None, "filter"),
        ("GET", "events?last=0", None, "last"), ("GET", "events?filter=%28", None, "filter"),
        ("GET", "events?colour=1", None, "colour"), ("DELETE", "readers/A", None, "reader"),
    )  # fmt: skip
    for method, path, body, field in wrong:
        found = await client.request(method, f"{door}/{path}", json=body, headers=fire)
        assert (found.status_code, found.json()["field"]) == (422, field), (path, body, found.text)
    assert (await client.delete(f"{door}/readers/none", headers=fire)).status_code == 404


async def test_leases_outlive_the_gateway_and_no_database_is_said(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """Another gateway on the same rows hands out the rest, and takes the receipts of the first."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        fire, path = Department(here, client, "fire").headers, "/v1/departments/fire/events"
        await client.post(f"{path}/lease", json={}, headers=fire)
        await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
        await here.report("G", category="fire", home="hill", leaf="hill1", text="more smoke")
        (one,) = (await client.post(f"{path}/lease", json={"n": 1}, headers=fire)).json()["events"]
        former, here.world._doors = here.world._doors, None
        assert former is not None
        await former.close()
        (two,) = (await client.post(f"{path}/lease", json={}, headers=fire)).json()["events"]
        assert two["id"] != one["id"]
        receipts = [one["receipt"], two["receipt"]]
        done = await client.post(f"{path}/ack", json={"receipts": receipts}, headers=fire)
        assert done.json()["acked"] == 2
        here.world._doors = None
        here.world.settings = here.settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/x"})
        away = await client.post(f"{path}/lease", json={}, headers=fire)
        assert (away.status_code, "retry-after" in away.headers) == (503, True)
        here.world.settings = here.settings.model_copy(update={"database_url": ""})
        none = await client.post(f"{path}/lease", json={}, headers=fire)
        assert (none.status_code, none.json()["type"].rpartition(":")[2]) == (404, "no-archive")
