"""Queues and their live stream: page by page, each their own grids, and no change is missed."""

import asyncio
import json
from pathlib import Path
from typing import Any

from engine.gateway import live, stream
from engine.gateway.callers import Caller
from tests.support.house import House, eventually, house
from topics.vocabulary import Role


async def test_a_queue_is_read_page_by_page(redis_url: str, tmp_path: Path) -> None:
    """Every row once, in order, whatever the page."""
    async with house(redis_url, tmp_path) as (here, client):
        for number in range(7):
            await here.report(f"T{number}", text=f"of its own {number}")
        headers, found, cursor = here.person("chief:chief-1"), list[str](), ""
        while True:
            page = await client.get("/v1/queues/grid:east", params={"limit": 3} | cursor_of(cursor), headers=headers)
            found += [row["id"] for row in page.json()["rows"]]
            if (cursor := page.json().get("next", "")) == "":
                break
            assert page.headers["link"].endswith('rel="next"')
        assert len(found) == len(set(found)) == 7
        assert (await client.get("/v1/queues/grid:east?cursor=x", headers=headers)).json()["field"] == "cursor"
        assert (await client.get("/v1/queues/grid:nowhere", headers=headers)).status_code == 404


def cursor_of(cursor: str) -> dict[str, Any]:
    """A page's query."""
    return {"cursor": cursor} if cursor else {}


async def test_each_sees_the_rows_of_their_own_grids(redis_url: str, tmp_path: Path) -> None:
    """Counts too: of a queue that spans more nothing is told."""
    async with house(redis_url, tmp_path) as (here, client):
        await here.report("A")
        await here.report("B", home="hill", leaf="hill1")
        south, chief = here.person("street:south-street"), here.person("chief:chief-1")
        counts = (await client.get("/v1/queues", headers=south)).json()["queues"]
        assert counts == {"grid:hill": 1, "mine": 0}
        assert {"grid:hill", "grid:east", "tier:grid"} <= set(
            (await client.get("/v1/queues", headers=chief)).json()["queues"]
        )
        rows = (await client.get("/v1/queues/tier:grid", headers=south)).json()["rows"]
        assert [row["home"] for row in rows] == ["hill"]
        assert (await client.get("/v1/queues", headers=here.key("source", "app"))).status_code == 404
        holder = here.city["A"]
        mine = await client.get("/v1/queues/mine", headers=here.person(f"{holder.party}:{holder.person}"))
        assert holder.id in [row["id"] for row in mine.json()["rows"]]


class Reader:
    """Reads a stream as a browser does."""

    def __init__(self, here: House, who: str, queue: str, cursor: str | None = None) -> None:
        role, _, person = who.partition(":")
        caller = Caller(kind="person", name=person, role=Role(role))
        wants, scope = stream.wants(here.world, caller, queue), stream.scope(caller, queue)
        self.client = live.Client(wants, scope, stream.sight(caller))
        self._frames = stream._frames(here.world, caller, queue, self.client, cursor)
        self.rows: dict[str, Any] = {}
        self.resets, self.cursor = 0, cursor

    async def read(self) -> None:
        """Take one piece in."""
        async with asyncio.timeout(20):
            piece = await anext(self._frames)
        for event in piece.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line)
            self.cursor = fields.get("id", self.cursor)
            self._take(fields.get("event", ""), json.loads(fields.get("data", "null")))

    def _take(self, kind: str, data: Any) -> None:
        if kind == "snapshot":
            self.rows = {row["id"]: row for row in data["rows"]}
        elif kind == "upsert":
            before = self.rows.get(data["id"], data)
            if data["version"] >= before["version"]:  # what last moved it stays where a change moved nothing
                self.rows[data["id"]] = {name: before[name] for name in ("moved",) if name in before} | data
        elif kind == "remove":
            self.rows.pop(data["id"], None)
        elif kind == "standing":
            self.rows = {name: row for name, row in self.rows.items() if name in data["ids"]}
        elif kind == "reset":
            self.resets, self.rows = self.resets + 1, {}

    async def until(self, holds: Any) -> None:
        """Read until it is so."""
        while not holds():
            await self.read()

    async def close(self) -> None:
        """Go away."""
        await self._frames.aclose()


async def test_a_stream_begins_with_the_queue_and_goes_on_with_its_changes(redis_url: str, tmp_path: Path) -> None:
    """What comes, changes and leaves; nothing of other grids."""
    async with house(redis_url, tmp_path) as (here, _):
        first = await here.report("A")
        reader = Reader(here, "street:north-street", "grid:east")
        await reader.until(lambda: first in reader.rows)
        second = await here.report("B", text="of its own")
        await here.report("C", home="hill", leaf="hill1")
        await reader.until(lambda: second in reader.rows)
        before = reader.rows[first]["version"]
        assert await here.ask("note", "A", "desk:desk-1", text="seen") == "done_as_asked"
        await reader.until(lambda: reader.rows[first]["version"] > before)
        assert await here.ask("dismiss", "A", "desk:desk-1", reason="not_ours", text="no") == "done_as_asked"
        await reader.until(lambda: first not in reader.rows)
        assert set(reader.rows) == {second} and reader.resets == 0
        await reader.close()
        assert here.world.live.clients == set()


async def test_who_comes_back_misses_nothing(redis_url: str, tmp_path: Path) -> None:
    """From the cursor on; one that is too old, or none of ours, begins anew."""
    async with house(redis_url, tmp_path) as (here, _):
        first = await here.report("A")
        reader = Reader(here, "chief:chief-1", "grid:east")
        await reader.until(lambda: first in reader.rows)
        await reader.close()
        second = await here.report("B", text="of its own")
        await eventually(lambda: sum(here.world.tail.next.values()) > 2)
        back = Reader(here, "chief:chief-1", "grid:east", cursor=reader.cursor)
        back.rows = reader.rows
        await back.until(lambda: second in back.rows)
        assert back.resets == 0
        await back.close()
        for cursor in ("1.2.3", "x", "0" * 400):
            lost = Reader(here, "chief:chief-1", "grid:east", cursor=cursor)
            await lost.until(lambda lost=lost: len(lost.rows) == 2)  # type: ignore[misc]
            assert lost.resets == 1
            await lost.close()


async def test_who_comes_back_is_told_what_has_left_meanwhile_and_what_leaves_then(
    redis_url: str, tmp_path: Path
) -> None:
    """A row that nobody took away would stand on a screen for ever; and a changed row says as much as a first one."""
    async with house(redis_url, tmp_path) as (here, _):
        names = [await here.report(name, text=f"of its own {name}") for name in ("A", "B")]
        reader = Reader(here, "chief:chief-1", "grid:east")
        await reader.until(lambda: set(names) <= set(reader.rows))
        said = reader.rows[names[0]].keys()
        assert said >= {"labels", "street"}
        await reader.close()
        assert await here.ask("dismiss", "A", "desk:desk-1", reason="not_ours", text="no") == "done_as_asked"
        third = await here.report("C", text="of its own C")
        await eventually(lambda: here.world.live.cursor() != reader.cursor)
        back = Reader(here, "chief:chief-1", "grid:east", cursor=reader.cursor)
        back.rows = dict(reader.rows)
        await back.until(lambda: set(back.rows) == {names[1], third})
        assert await here.ask("dismiss", "B", "desk:desk-1", reason="not_ours", text="no") == "done_as_asked"
        await back.until(lambda: set(back.rows) == {third})
        assert back.resets == 0
        assert back.rows[third].keys() == said
        await back.close()


async def test_a_slow_reader_begins_anew_and_fills_no_memory(redis_url: str, tmp_path: Path) -> None:
    """Its own buffer is bounded; whoever reads is not held up."""
    async with house(redis_url, tmp_path) as (here, _):
        slow, quick = Reader(here, "chief:chief-1", "grid:east"), Reader(here, "chief:chief-1", "grid:east")
        for reader in (slow, quick):
            await reader.read()
            await reader.read()
        row = b"x" * 300_000
        for _ in range(8):
            slow.client.show(live.Seen(frozenset("x"), frozenset(), row))
            assert slow.client._bytes <= live.CLIENT_BYTES
        first = await here.report("A")
        await quick.until(lambda: first in quick.rows)
        await slow.until(lambda: first in slow.rows)
        assert (slow.resets, quick.resets) == (1, 0)
        await slow.close()
        await quick.close()


async def test_streams_end_when_the_gateway_does(redis_url: str, tmp_path: Path) -> None:
    """At once, not after the next sign of life."""
    async with house(redis_url, tmp_path) as (here, _):
        reader = Reader(here, "chief:chief-1", "grid:east")
        await reader.read()
        await reader.read()
        here.world.live.close()
        async with asyncio.timeout(10):
            async for _ in reader._frames:
                pass
