"""What the gateway tells Prometheus of its answers, its seats and what it stands on."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from engine.gateway.process import _answer_probes
from tests.support.house import house


async def test_answers_are_counted_and_timed_and_probes_are_no_news(redis_url: str, tmp_path: Path) -> None:
    """By route and status, refusals as well; how long probes take says nothing of what people wait for."""
    async with house(redis_url, tmp_path) as (here, client):
        for _ in range(3):
            assert (await client.get("/livez")).status_code == 200
        timed = here.world.metrics.histograms["http_request_seconds"]
        assert sum(timed.counts) == 0
        assert (await client.get("/v1/queues", headers=here.person("desk:desk-1"))).status_code == 200
        assert (await client.get("/v1/queues")).status_code == 401
        assert sum(timed.counts) == 2 and timed.sum > 0
        counted = here.world.metrics.counters
        assert counted[("http_requests", ("queues", "200"))] == counted[("http_requests", ("queues", "401"))] == 1
        assert counted[("http_requests", ("livez", "200"))] == 3


async def test_open_seats_and_room_on_the_disk_are_told(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches learns that everybody may be the chief; and of the machine what every stage tells."""
    monkeypatch.setattr("engine.gateway.process.HealthServer", lambda *what: SimpleNamespace(start=lambda: None))
    async with house(redis_url, tmp_path, gateway_seats="open", http_bind="127.0.0.1:1") as (here, _):
        _answer_probes(here.world)
        registry = CollectorRegistry()
        registry.register(here.world.metrics)
        told = generate_latest(registry).decode()
    assert "gridwhistle_seats_open 1.0" in told and "gridwhistle_data_free_bytes " in told
