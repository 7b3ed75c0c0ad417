"""Reports: whatever form they come in, they are on the log before anybody is told so, and what is wrong is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.house import house
from topics.envelope import read_incident
from topics.incident import INCIDENT_TYPE, MAX_RECORD_BYTES

WHERE = {"location": {"grid": "east1"}}
DATA = {"occurred_at": "2026-03-02T09:00:00+08:00", "channel": "hotline", "category": "bins", **WHERE}
CE = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "hotline", "ce-type": INCIDENT_TYPE}


def event(**changes: Any) -> dict[str, Any]:
    """A structured CloudEvent."""
    return {"specversion": "1.0", "id": "7", "source": "hotline", "type": INCIDENT_TYPE, "data": DATA} | changes


async def test_every_form_of_a_report_is_the_same_report(redis_url: str, tmp_path: Path) -> None:
    """Plain JSON, binary, structured, batch: one identity, safe on the log, and where to ask for it."""
    async with house(redis_url, tmp_path) as (here, client):
        key = here.key("source", "hotline")
        structured = {"content-type": "application/cloudevents+json"}
        batch = {"content-type": "application/cloudevents-batch+json"}
        answers = [
            await client.post("/v1/incidents", json={"id": "7", **DATA}, headers=key),
            await client.post("/v1/incidents", json=DATA, headers=key | CE),
            await client.post("/v1/incidents", content=json.dumps(event()), headers=key | structured),
        ]
        assert [(one.status_code, one.json()["identity"]) for one in answers] == [(202, "hotline:7")] * 3
        assert answers[0].headers["location"] == "/v1/tickets/hotline:7"
        many = await client.post("/v1/incidents", content=json.dumps([event(), event(id="8")]), headers=key | batch)
        assert (many.status_code, [one["identity"] for one in many.json()["reports"]]) == (
            202,
            ["hotline:7", "hotline:8"],
        )
        read = [read_incident(one.value, one.headers) for one in here.raw()]
        assert len(read) == 5 and all(one.data["category"] == "bins" for one in read)
        assert all(one.key == read_incident(one.value, one.headers).identity.encode() for one in here.raw())


async def test_a_batch_names_the_fate_of_each(redis_url: str, tmp_path: Path) -> None:
    """What is good is taken, what is not says why, in order."""
    async with house(redis_url, tmp_path) as (here, client):
        headers = here.key("source", "hotline") | {"content-type": "application/cloudevents-batch+json"}
        events = [event(), event(id="8", data=DATA | {"channel": "pigeon"}), event(id="9", source="other")]
        found = await client.post("/v1/incidents", content=json.dumps(events), headers=headers)
        assert found.status_code == 207
        assert [(one["status"], one.get("field")) for one in found.json()["reports"]] == [
            (202, None),
            (422, "data.channel"),
            (422, "source"),
        ]
        assert len(here.raw()) == 1


@pytest.mark.parametrize(
    ("content", "headers", "status", "field"),
    [
        (b"{", {}, 400, "data"),
        (b"[" * 40 + b"]" * 40, {}, 400, "data"),
        (b"[]", {}, 400, None),
        (b'{"id": "1", "id": "2"}', {}, 400, "data"),
        (b"{}", {"content-type": "text/xml"}, 415, "Content-Type"),
        (json.dumps(DATA | {"category": 7}), {}, 422, "data.category"),
        (json.dumps(DATA | {"surprise": 1}), {}, 422, "data.surprise"),
        (json.dumps(DATA | {"id": 7}), {}, 422, "id"),
        (json.dumps(DATA | {"location": {"lat": 100, "lon": 1}}), {}, 422, "data.location.lat"),
        (json.dumps(DATA | {"occurred_at": "1850-01-01T00:00:00Z"}), {}, 422, "data.occurred_at"),
        (json.dumps(DATA | {"text": "x\u202ey"}), {}, 422, "data.text"),
        (json.dumps(DATA), CE | {"ce-source": "other"}, 422, "source"),
        (json.dumps(DATA), CE | {"ce-type": "com.example.other"}, 400, "type"),
        (json.dumps(DATA | {"text": "x" * MAX_RECORD_BYTES}), {}, 413, None),
        (b"x" * (1024 * 1024 + 1), {}, 413, None),
        (b"{" + b'"a":[],' * 21_000 + b'"b":1}', {}, 413, "data"),
    ],
)
async def test_what_is_wrong_is_named_with_its_mend(
    redis_url: str, tmp_path: Path, content: str | bytes, headers: dict[str, str], status: int, field: str | None
) -> None:
    """A problem by RFC 9457, and nothing of it on the log."""
    async with house(redis_url, tmp_path) as (here, client):
        told = {"content-type": "application/json"} | here.key("source", "hotline") | headers
        found = await client.post("/v1/incidents", content=content, headers=told)
        assert (found.status_code, found.json().get("field")) == (status, field), found.text
        assert found.headers["content-type"] == "application/problem+json"
        assert found.json()["status"] == status and found.json()["detail"] and found.json()["type"].startswith("urn:")
        assert here.raw() == []


async def test_with_kafka_away_nobody_is_told_that_it_is_safe(redis_url: str, tmp_path: Path) -> None:
    """503 with Retry-After and the identity under which it may be sent again; nothing remembers the key."""
    async with house(redis_url, tmp_path) as (here, client):
        headers = here.key("source", "hotline") | {"idempotency-key": "k1"}
        here.is_away = True
        found = await client.post("/v1/incidents", json=DATA, headers=headers)
        assert (found.status_code, found.headers["retry-after"]) == (503, "2")
        here.is_away = False
        again = await client.post("/v1/incidents", json=DATA, headers=headers)
        assert again.status_code == 202 and again.json()["identity"] == found.json()["identity"]


@pytest.mark.parametrize("name", [0, "", False, [], {}])
async def test_an_id_that_is_none_is_no_report_without_one(redis_url: str, tmp_path: Path, name: Any) -> None:
    """A slip in a source's program is said: each time it sends the report again, it would be another ticket."""
    async with house(redis_url, tmp_path) as (here, client):
        headers = here.key("source", "hotline")
        found = await client.post("/v1/incidents", json=DATA | {"id": name}, headers=headers)
        assert (found.status_code, found.json()["field"], here.raw()) == (422, "id", [])
        assert (await client.post("/v1/incidents", json=DATA | {"id": None}, headers=headers)).status_code == 202


async def test_the_same_key_answers_the_same_and_refuses_another_body(redis_url: str, tmp_path: Path) -> None:
    """Once on the log, however often it is given; each caller has keys of their own."""
    async with house(redis_url, tmp_path) as (here, client):
        headers = here.key("source", "hotline") | {"idempotency-key": "k1"}
        first = await client.post("/v1/incidents", json=DATA, headers=headers)
        again = await client.post("/v1/incidents", json=DATA, headers=headers)
        assert (again.status_code, again.content) == (202, first.content)
        assert again.headers["idempotent-replayed"] == "true" and again.headers["location"] == first.headers["location"]
        other = await client.post("/v1/incidents", json=DATA | {"text": "another"}, headers=headers)
        assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
        assert len(here.raw()) == 1
        stranger = here.key("source", "app") | {"idempotency-key": "k1"}
        theirs = await client.post("/v1/incidents", json=DATA, headers=stranger)
        assert theirs.json()["identity"].startswith("app:") and len(here.raw()) == 2


async def test_a_client_that_asks_too_often_is_told_when_to_come_back(redis_url: str, tmp_path: Path) -> None:
    """Others are not held up by it."""
    async with house(redis_url, tmp_path, gateway_requests_per_second=1) as (here, client):
        one, other = here.key("source", "hotline"), here.key("source", "app")
        statuses = [(await client.get("/v1/packs/in-force", headers=one)).status_code for _ in range(12)]
        assert statuses[:10] == [200] * 10 and statuses[-1] == 429
        assert (await client.get("/v1/packs/in-force", headers=other)).status_code == 200
