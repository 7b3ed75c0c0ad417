"""Requests of every kind by everybody: each answered as the OpenAPI description says, never with a fault of ours."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, given, seed, settings

from tests.support.fuzz import Drawn, Fuzz
from tests.support.fuzz_stock import Stock
from tests.support.house import House, house
from tests.support.who_may import town
from tests.thorough.test_authz_matrix import let_in, stand


def test_requests_drawn_from_the_description_are_answered_as_it_says(redis_url: str, tmp_path: Path) -> None:
    """Two or more of each operation, each by some of those who could ask in turn."""
    fuzz = fuzzed(redis_url, tmp_path, 1_000, by=6, each=2, seeded=7)
    assert {name for name, _, _ in fuzz.answered} == set(fuzz.operations)


def fuzzed(redis_url: str, folder: Path, calls: int, *, by: int, each: int, seeded: int, **more: Any) -> Fuzz:
    """Draw ``each`` so many requests of every operation and send each as so many, in rounds, until there are enough."""
    with asyncio.Runner() as runner:
        opened = house(redis_url, folder, bundle=town(), gateway_requests_per_second=100_000, **more)
        here, client = runner.run(opened.__aenter__())
        try:
            fuzz = runner.run(prepared(here, client))
            while sum(fuzz.answered.values()) < calls:
                for name in sorted(fuzz.operations):

                    @seed(seeded)
                    @settings(max_examples=each, deadline=None, database=None, suppress_health_check=list(HealthCheck))
                    @given(fuzz.of(name))
                    def one(request: Drawn) -> None:
                        runner.run(fuzz.judged(request, by))

                    one()
                seeded += 1
            return fuzz
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def prepared(here: House, client: httpx.AsyncClient) -> Fuzz:
    """A city with tickets and all else that can be named, and everybody at its doors."""
    tickets = [ticket for ticket, _ in (await stand(here)).values()]
    here.world.live.closing.set()  # a stream ends once it has begun
    here.world.trials = 99  # packs are not tried: each is a process of a second
    here.world.what_if.begin = lambda *_: None  # type: ignore[method-assign]
    seats = {
        seat: headers for seat, headers in (await let_in(here, client)).items() if seat.post in ("", "city", "east1")
    }
    stock = Stock(here, client, seats, tickets[0])
    await stock.fill()
    known = {
        "id": [*tickets, "app:fire", "x"],
        "format": ["json", "xml"],
        "name": ["desk", "grid:east", "idle"],
        "code": ["bins"],
    }
    return Fuzz(stock, client._transport.app, known)  # type: ignore[attr-defined]
