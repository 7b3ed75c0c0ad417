"""Two gateways side by side on one Redis, one PostgreSQL and one log hold every bound together: what two ask at the
same moment is judged in one place."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from engine.doors import handovers, webhooks
from engine.gateway import logins, rates, shared_views
from engine.gateway.problems import Problem
from engine.gateway.rates import BURST_SECONDS, Rates
from engine.gateway.routes import new_app
from engine.gateway.world import World
from tests.support.door_of_house import Intake, key_in, reported
from tests.support.house import House, house

FIRE = "/v1/departments/fire"
Ask = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]


@asynccontextmanager
async def two(redis_url: str, folder: Path, **more: Any) -> AsyncIterator[tuple[House, list[httpx.AsyncClient]]]:
    """A house, and a second gateway of its stack in front of which nobody can tell the two apart."""
    async with house(redis_url, key_in(folder), **more) as (here, first):
        other = World(here.settings, here.log, here, reference=here.world.reference)
        other.wait_seconds, other.gone_seconds = here.world.wait_seconds, here.world.gone_seconds
        await other.start()
        transport = httpx.ASGITransport(app=new_app(other), client=("127.0.0.1", 1))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as second:
                yield here, [first, second]
        finally:
            await other.stop()


async def race(clients: list[httpx.AsyncClient], ask: Ask, times: int) -> Counter[int]:
    """Ask so often at once, of each in turn; how often each status came."""
    found = await asyncio.gather(*(ask(clients[number % 2], number) for number in range(times)))
    return Counter(one.status_code for one in found)


async def test_each_bound_is_held_by_both_together(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reporters shown in a day, webhooks and readers of a department, views of a stack and their names, wrong
    passwords, and events that are leased."""
    monkeypatch.setattr(webhooks, "MOST", 7)
    monkeypatch.setattr(shared_views, "MOST", 4)
    async with two(redis_url, tmp_path, database_url=database_url, reveals_per_day=5) as (here, clients):
        desk, fire = here.person("desk:desk-1"), here.key("department", "fire-1", "department", "fire")
        ticket = await reported(
            clients[0], Intake(here), here.key("source", "app"), "A", reporter={"phone": "13800001234"}
        )

        def ask(path: str, headers: dict[str, str], body: Callable[[int], Any], method: str = "POST") -> Ask:
            return lambda client, n: client.request(method, path.format(n=n), json=body(n), headers=headers)

        shown = ask(f"/v1/tickets/{ticket}/reporter/reveal", desk, lambda _: {"purpose": "survey"})
        assert await race(clients, shown, 16) == {200: 5, 429: 11}
        hooks = ask(f"{FIRE}/webhooks", fire, lambda n: {"url": f"https://a.example/{n}"})
        assert await race(clients, hooks, 16) == {201: 7, 422: 9}
        readers = ask(f"{FIRE}/readers/r{{n}}", fire, lambda _: {}, "PUT")
        assert await race(clients, readers, 30) == {200: 20, 422: 10}
        address = {"address": "/queues/open"}
        assert await race(clients, ask("/v1/views", desk, lambda _: {"name": "one", **address}), 8) == {201: 1, 422: 7}
        assert await race(clients, ask("/v1/views", desk, lambda n: {"name": str(n), **address}), 8) == {201: 3, 422: 5}
        here.world.accounts.add("desk-1", "person")
        guess = ask("/v1/session", {}, lambda n: {"name": "desk-1", "password": f"wrong password {n}"})
        most = logins.OF_A_NAME_FROM_HERE
        assert await race(clients, guess, 12) == {401: most, 429: 12 - most}
        for number in range(6):
            await here.report(f"F{number}", category="fire", home="hill", leaf="hill2", text=f"smoke {number}")
        leased = await asyncio.gather(
            *(
                clients[n % 2].post(f"{FIRE}/events/lease", json={"n": 2, "reader": "r0"}, headers=fire)
                for n in range(8)
            )
        )
        ids = [one["id"] for answer in leased for one in answer.json()["events"]]
        assert len(ids) == len(set(ids)) == 6


async def test_shifts_that_wait_are_counted_by_both_together(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each counted before the other had written."""
    monkeypatch.setattr(handovers, "MOST_OPEN", 3)
    async with two(redis_url, tmp_path, database_url=database_url) as (here, clients):
        chief = here.person("chief:chief-1")

        async def sign(client: httpx.AsyncClient, _: int) -> httpx.Response:
            return await client.post("/v1/handovers", json={"to": "supervisor-1"}, headers=chief)

        assert await race(clients, sign, 10) == {201: 3, 429: 7}


async def test_a_clients_rate_is_of_all_gateways_together(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more is let in than ten seconds' worth and what has grown meanwhile by Redis' own clock; and no less."""
    monkeypatch.setattr(rates, "PATIENCE_SECONDS", 60.0)  # a busy machine is no Redis that is away
    rate = 1
    async with two(redis_url, tmp_path, gateway_requests_per_second=rate) as (here, clients):
        key, redis = here.key("source", "app"), here.world.view.redis

        async def now() -> float:
            seconds, micros = await redis.time()
            return float(seconds + micros / 1e6)

        began = await now()
        found = await race(clients, lambda client, _: client.get("/v1/queues", headers=key), 80)
        grown = (await now() - began) * rate
        assert found.keys() == {404, 429} and BURST_SECONDS * rate <= found[404] <= BURST_SECONDS * rate + grown + 1
        other = await clients[0].get("/v1/queues", headers=here.key("source", "hotline"))
        assert other.status_code == 404, "nobody else pays for it"


async def test_with_redis_away_a_gateway_counts_by_itself() -> None:
    """It goes on, and is no open door."""
    redis: Any = Redis.from_url("redis://127.0.0.1:1")
    mine = Rates(2, redis, "t", clock=lambda: 0.0)
    for _ in range(2 * BURST_SECONDS):
        await mine.take("somebody")
    with pytest.raises(Problem, match="2 a second"):
        await mine.take("somebody")
    await mine.take("somebody else")
    await redis.aclose()
