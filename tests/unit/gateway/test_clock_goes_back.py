"""A wall clock that is put back: nobody is let in, shut out or seen for as long as it went."""

import time
from pathlib import Path

import msgspec
import pytest

from engine.gateway import logins
from tests.support.house import House, house

DAY = 86_400


async def names(here: House, kind: str) -> list[bytes]:
    """Name what the gateway keeps of a kind in Redis."""
    return [key async for key in here.world.view.redis.scan_iter(f"{here.settings.prefix}gateway:{kind}:*")]


async def test_a_door_that_guesses_shut_is_open_again_after_its_quarter_of_an_hour(
    redis_url: str, tmp_path: Path
) -> None:
    """Redis lets go of what it keeps by its wall clock: that has gone back by a day since the first guess."""
    async with house(redis_url, tmp_path) as (here, client):
        wrong = {"name": "desk-1", "password": "guess guess guess"}
        assert (await client.post("/v1/session", json=wrong)).status_code == 401
        for key in await names(here, "guesses"):
            await here.world.view.redis.expire(key, DAY)
        assert (await client.post("/v1/session", json=wrong)).status_code == 401
        left = [await here.world.view.redis.ttl(key) for key in await names(here, "guesses")]
        assert len(left) == 3 and 0 < max(left) <= logins.WINDOW_SECONDS


async def test_a_session_of_tomorrow_has_ended(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would live for twelve hours and the day that the clock went back by; a second's step ends nobody's."""
    async with house(redis_url, tmp_path) as (here, client):
        headers = await here.login(client, "auditor-1", "auditor")
        assert (await client.get("/v1/session", headers=headers)).status_code == 200
        (key,) = await names(here, "session")
        kept = msgspec.json.decode(await here.world.view.redis.get(key))
        for ahead, status in ((60, 200), (DAY, 401)):
            later = kept | {"begun_at": int(time.time()) + ahead}
            await here.world.view.redis.set(key, msgspec.json.encode(later), ex=2 * DAY)
            assert (await client.get("/v1/session", headers=headers)).status_code == status


async def test_who_looked_at_a_ticket_tomorrow_is_gone(redis_url: str, tmp_path: Path) -> None:
    """Others are not told for a day that somebody looks at it who left long ago."""
    async with house(redis_url, tmp_path) as (here, client):
        path = f"/v1/tickets/{await here.report('A')}/viewing"
        chief, desk = here.person("chief:chief-1"), here.person("desk:desk-1")
        assert (await client.post(path, headers=chief)).json()["others"] == []
        (key,) = await names(here, "viewing")
        await here.world.view.redis.zadd(key, {"chief:chief-1": time.time() + DAY})
        assert (await client.post(path, headers=desk)).json()["others"] == []
