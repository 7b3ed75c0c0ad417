"""Who watches a queue while the roster changes: they see what is theirs by then, no more and no less."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.gateway import stream
from tests.support.house import House, eventually, house
from tests.unit.gateway.test_queues import Reader


async def turned(here: House, change: str, **fields: Any) -> None:
    """The south's street is put on the roster of the north too, or loses all it has, in all partitions."""
    here.city.now = here.world.now
    assert here.city.duty("south-street", "street", change, who="centre:centre-1", **fields) == "duty_set"
    before = here.world.live.rights()
    for number in range(2):
        await here.commit_state(number)
    await eventually(lambda: all(a is not b for a, b in zip(before, here.world.live.rights(), strict=True)))


async def rows(here: House) -> tuple[str, str]:
    """A ticket of the north's and one of the south's."""
    return await here.report("A"), await here.report("B", home="hill", leaf="hill1")


async def test_who_answers_for_more_grids_is_shown_them(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stands in does not wait for a change of each ticket, nor has to load the page anew."""
    monkeypatch.setattr(stream, "PING_SECONDS", 0.05)
    async with house(redis_url, tmp_path) as (here, _):
        north, south = await rows(here)
        reader, other = (Reader(here, who, "open") for who in ("street:south-street", "desk:desk-1"))
        await reader.until(lambda: south in reader.rows)
        await other.until(lambda: len(other.rows) == 2)
        assert set(reader.rows) == {south}
        until = here.world.now + 3_600_000
        await turned(here, "add", nodes=("north",), on_duty="always", until=until)
        await reader.until(lambda: set(reader.rows) == {north, south})
        assert (reader.resets, other.resets) == (1, 0)
        clock = here.world.reference.clock
        assert clock is not None
        here.world.reference.clock = msgspec.structs.replace(clock, start_at=clock.start_at + 3_600_000)
        await reader.until(lambda: set(reader.rows) == {south})
        await reader.close()
        await other.close()


async def test_who_comes_back_with_other_grids_begins_anew(redis_url: str, tmp_path: Path) -> None:
    """From where they were they would be told changes alone, and never the rows that stood there before."""
    async with house(redis_url, tmp_path) as (here, _):
        north, south = await rows(here)
        reader = Reader(here, "street:south-street", "open")
        await reader.until(lambda: south in reader.rows)
        await reader.close()
        await turned(here, "add", nodes=("north",), on_duty="always")
        back = Reader(here, "street:south-street", "open", cursor=reader.cursor)
        back.rows = dict(reader.rows)
        await back.until(lambda: set(back.rows) == {north, south})
        assert back.resets == 1
        await back.close()


async def test_one_who_forgets_streams_takes_nobody_else_s(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond their own number they are told so; whoever else asks is let in."""
    monkeypatch.setattr(stream, "MOST_OF_ONE", 2)
    async with house(redis_url, tmp_path) as (here, client):
        desk, chief, live = here.person("desk:desk-1"), here.person("chief:chief-1"), here.world.live
        open_ = [asyncio.create_task(client.get("/v1/stream", headers=desk)) for _ in range(2)]
        await eventually(lambda: len(live.clients) == 2)
        refused = await client.get("/v1/stream", headers=desk)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        open_.append(asyncio.create_task(client.get("/v1/stream", headers=chief)))
        await eventually(lambda: len(live.clients) == 3)
        live.close()
        assert [one.status_code for one in await asyncio.gather(*open_)] == [200] * 3
