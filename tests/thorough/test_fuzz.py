"""Requests of every kind by everybody: each answered as the OpenAPI description says, never with a fault of ours."""

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from tests.support.fuzz import Fuzz
from tests.support.house import house
from tests.support.who_may import town
from tests.thorough.test_authz_matrix import let_in, stand


def test_requests_drawn_from_the_description_are_answered_as_it_says(redis_url: str, tmp_path: Path) -> None:
    """Sixty, each by a dozen of those who could ask in turn."""
    fuzz = fuzzed(redis_url, tmp_path, 60, by=12, seeded=7)
    assert sum(fuzz.answered.values()) >= 720 and len({name for name, _ in fuzz.answered}) >= 15


def fuzzed(redis_url: str, folder: Path, requests: int, by: int, *, seeded: int | None = None, **more: Any) -> Fuzz:
    """Draw so many requests and send each as so many."""
    with asyncio.Runner() as runner:
        opened = house(redis_url, folder, bundle=town(), gateway_requests_per_second=100_000, **more)
        here, client = runner.run(opened.__aenter__())
        try:
            tickets = [ticket for ticket, _ in runner.run(stand(here)).values()]
            here.world.live.closing.set()  # a stream ends once it has begun
            here.world.trials = 99  # packs are not tried: each is a process of a second
            here.world.what_if.begin = lambda *_: None  # type: ignore[method-assign]
            who = {f"{seat.word} {seat.name}": headers for seat, headers in runner.run(let_in(here, client)).items()
                   if seat.post in ("", "city", "east1")}  # fmt: skip
            known = {
                "id": [*tickets, "app:fire", "x"],
                "format": ["json", "xml"],
                "name": ["desk", "grid:east", "mine"],
            }
            fuzz = Fuzz(here, client._transport.app, who, known)  # type: ignore[attr-defined]

            @settings(max_examples=requests, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(fuzz.requests())
            def one(request: object) -> None:
                runner.run(fuzz.judged(request, by))  # type: ignore[arg-type]

            (one if seeded is None else seed(seeded)(one))()
            return fuzz
        finally:
            runner.run(opened.__aexit__(None, None, None))
