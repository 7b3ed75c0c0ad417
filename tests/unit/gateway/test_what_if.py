"""A what-if as a job: one at a time, in a process of its own that ends with it; seen by whoever asked alone."""

import asyncio
import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from engine.client import what_if_trial
from engine.client.what_if_trial import main, written
from engine.gateway.what_if_job import Asked, Jobs, Result, plainly
from engine.settings import Settings
from tests.support.busy_days import busy_days
from tests.support.house import eventually, house
from tests.thorough.replay.test_simulated import doubled, told_under

FILES = {"pack": "extends: guancheng\n"}
BODY = {"files": FILES}
TELLS = """
import json, pathlib, sys
asked = json.loads(sys.stdin.readline())
assert (pathlib.Path(sys.argv[1]) / "pack.yaml").read_text() == "extends: guancheng\\n"
print(json.dumps({"step": "deciding again", "done": 3, "total": 9}), flush=True)
result = {"figures": {"differ": 3}, "summary": [asked["settings"]["prefix"]], "rows": [1, 2, 3]}
(pathlib.Path(sys.argv[1]) / "result.json").write_text(json.dumps(result))
"""
WAITS = 'import sys; sys.stdin.readline(); print(\'{"step": "waiting"}\', flush=True); sys.stdin.read()'


def by(code: str) -> tuple[str, ...]:
    """A process that does so."""
    return (sys.executable, "-c", code)


def children() -> list[psutil.Process]:
    """Processes of the jobs of this test."""
    found = []
    for one in psutil.Process().children():
        if "gridwhistle-what-if-" in one.cmdline()[-1]:
            found.append(one)
    return found


async def through(client: Any, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """What a job says once it runs no more."""
    told: dict[str, Any] = {"state": "running"}
    async with asyncio.timeout(30):
        while told["state"] == "running":
            told = (await client.get(path, headers=headers)).json()
            await asyncio.sleep(0.01)
    return told


async def test_a_job_is_started_watched_and_read_page_by_page(redis_url: str, tmp_path: Path) -> None:
    """By who sees the whole city, and by the system's administrator without a ticket; nobody else finds it."""
    async with house(redis_url, tmp_path) as (here, client):
        here.world.what_if = Jobs(here.settings, by(TELLS))
        chief, other = here.person("chief:chief-1"), here.person("centre:centre-1")
        assert (await client.post("/v1/packs/what-if", json=BODY, headers=chief)).status_code == 202
        job = here.world.what_if.last
        assert job is not None
        path = f"/v1/packs/what-if/{job.id}"
        told = await through(client, path, chief)
        assert (told["state"], told["summary"], told["differ"]) == ("done", [here.settings.prefix], 3)
        page = (await client.get(path, headers=chief, params={"limit": 2})).json()
        rest = (await client.get(path, headers=chief, params={"limit": 2, "cursor": page["next"]})).json()
        assert page["rows"] + rest["rows"] == [1, 2, 3] and "next" not in rest
        assert (await client.get(path, headers=chief, params={"cursor": "x"})).status_code == 422
        for headers in (other, here.person("street:north-street"), here.key("source", "app")):
            assert (await client.get(path, headers=headers)).status_code == 404
            assert (await client.delete(path, headers=headers)).status_code == 404
        assert (await client.post("/v1/packs/what-if", json=BODY, headers=here.person("street:north-street"))
               ).status_code == 404  # fmt: skip
        assert (await client.delete(path, headers=chief)).status_code == 204
        assert (await client.get(path, headers=chief)).status_code == 404
        machine = await here.login(client, "system-1", "system_admin")
        begun = await client.post("/v1/packs/what-if", json=BODY, headers=machine)
        told = await through(client, begun.json()["ask"], machine)
        assert told["differ"] == 3 and "rows" not in told


async def test_one_runs_at_a_time_and_ends_when_it_is_cancelled_or_the_gateway_ends(
    redis_url: str, tmp_path: Path
) -> None:
    """The gateway answers meanwhile; no process is left behind, and the same key starts none twice."""
    async with house(redis_url, tmp_path) as (here, client):
        here.world.what_if = Jobs(here.settings, by(WAITS))
        chief = here.person("chief:chief-1")
        key = chief | {"idempotency-key": "k"}
        first = await client.post("/v1/packs/what-if", json=BODY | {"from": "2026-03-02"}, headers=key)
        assert first.json()["from"] == "2026-03-01T16:00:00+00:00"
        again = await client.post("/v1/packs/what-if", json=BODY | {"from": "2026-03-02"}, headers=key)
        assert again.content == first.content
        busy = await client.post("/v1/packs/what-if", json=BODY, headers=here.person("centre:centre-1"))
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "30")
        job = here.world.what_if.last
        assert job is not None
        await eventually(lambda: job.step.step == "waiting")
        assert len(children()) == 1
        assert (await client.get(first.json()["ask"], headers=chief)).json()["step"] == "waiting"
        assert (await client.delete(first.json()["ask"], headers=chief)).status_code == 204
        assert children() == [] and job.state == "cancelled"
        assert (await client.post("/v1/packs/what-if", json=BODY, headers=chief)).status_code == 202
        await eventually(lambda: len(children()) == 1)
    assert children() == []


async def test_what_goes_wrong_is_said(redis_url: str, tmp_path: Path) -> None:
    """A body that is none, a process that dies, one that never ends."""
    async with house(redis_url, tmp_path) as (here, client):
        chief = here.person("chief:chief-1")
        wrong: list[Any] = [{}, {"files": {}}, {"files": {"../pack": "x"}}, BODY | {"x": 1}, BODY | {"from": "soon"}]
        for body in wrong:
            assert (await client.post("/v1/packs/what-if", json=body, headers=chief)).status_code == 422, body
        for code, seconds, said in (("raise SystemExit(3)", 30, "ended with 3"), (WAITS, 0.05, "not told within")):
            here.world.what_if = Jobs(here.settings, by(code), seconds)
            begun = await client.post("/v1/packs/what-if", json=BODY, headers=chief)
            told = await through(client, begun.json()["ask"], chief)
            assert told["state"] == "failed" and said in told["faults"][0], told
            assert children() == []


def asked(settings: Settings) -> bytes:
    """The first line of a process' input."""
    return msgspec.json.encode(Asked(settings=plainly(settings), since=None, most_bytes=2**40, most_rows=2))


def test_settings_go_to_the_process_whole() -> None:
    """Passwords too: it reads the log by the same ones."""
    given = Settings(kafka="10.0.0.1:1", kafka_tls=True, kafka_sasl="PLAIN", kafka_user="u", kafka_password="p")  # type: ignore[arg-type]
    line = json.loads(asked(given))
    assert Settings(**line["settings"]) == given and line["settings"]["kafka_password"] == "p"


def test_a_result_holds_so_many_rows_and_counts_the_rest() -> None:
    """Its numbers are of all."""
    told = told_under(busy_days(1, incidents=10, hours=12), doubled())
    found = written(told, 1, ["a note"])
    assert found.figures["differ"] == len(told.difference.rows) > 1
    assert len(found.rows) == 1 and found.left_off["rows"] == len(told.difference.rows) - 1
    assert found.figures["notes"] == ["a note"] and len(found.summary) >= 5


def test_what_the_process_cannot_do_is_its_result(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Memory that does not suffice, and a pack with faults."""

    class Input:
        buffer = io.BytesIO()

    def left(work: Any) -> Result:
        Input.buffer = io.BytesIO(asked(Settings()) + b"\n")
        monkeypatch.setattr(sys, "stdin", Input)
        monkeypatch.setattr(what_if_trial, "tried", work)
        monkeypatch.setattr(os, "nice", lambda by: None)
        monkeypatch.setattr(resource, "setrlimit", lambda *given: None)
        monkeypatch.setattr(what_if_trial, "_end_with_the_gateway", lambda: None)
        main(tmp_path)
        return msgspec.json.decode((tmp_path / "result.json").read_bytes(), type=Result)

    def too_large(folder: Path, given: Asked) -> Result:
        raise MemoryError

    def away(folder: Path, given: Asked) -> Result:
        raise OSError("nobody there")

    assert "does not fit 1048576 MiB" in left(too_large).faults[0]
    assert left(away).faults == ["nobody there"]
