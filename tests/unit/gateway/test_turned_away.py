"""What became no ticket, from a screen: its original for a reason and within a quota, mended, and sent once more."""

from pathlib import Path
from typing import Any

import httpx

from tests.support.door_of_house import Intake, key_in
from tests.support.house import House, house
from topics import codec
from topics.audit import AuditEntry
from topics.envelope import incident_message
from topics.registry import AUDIT, RAW

WHY = {"text": "mend the channel"}
BROKEN: dict[str, Any] = {
    "occurred_at": "2026-03-02T00:30:00Z",
    "channel": "carrier pigeon",
    "text": "垃圾满了，请打13800001234",
    "category": "bins",
    "location": {"grid": "east1"},
}


async def turned_away(here: House, intake: Intake, name: str = "A", **data: Any) -> None:
    """Something comes past the gateway that intake turns away."""
    key, value, headers = incident_message("app", name, BROKEN | data)
    here.log.append(RAW.name, 0, value, key, headers)
    assert await intake.run() == []


async def rows(client: httpx.AsyncClient, who: dict[str, str]) -> list[dict[str, Any]]:
    """What is listed."""
    found: list[dict[str, Any]] = (await client.get("/v1/rejected", headers=who)).json()["rows"]
    return found


async def test_a_rejected_report_is_seen_mended_and_becomes_a_ticket(redis_url: str, tmp_path: Path) -> None:
    """The list never has the original; it is shown after the audit has why; mended it goes in under its identity, and
    what is wrong with it still is said and not sent."""
    async with house(redis_url, key_in(tmp_path)) as (here, client):
        intake, desk = Intake(here), here.person("desk:desk-1")
        await turned_away(here, intake, "wrong-partition-or-not")
        (one,) = await rows(client, desk)
        at = f"/v1/rejected/{one['id']}"
        assert one["sealed"] and "13800001234" not in str(one) and "pigeon" not in str(one)
        for text in ("", "see", 7):
            assert (await client.post(f"{at}/original", json={"text": text}, headers=desk)).status_code == 422
        street = here.person("street:north-street")
        for path in ("original", "resend"):
            assert (await client.post(f"{at}/{path}", json={"data": {}} | WHY, headers=street)).status_code == 404
        shown = (await client.post(f"{at}/original", json=WHY, headers=desk)).json()
        assert shown["original"]["data"] == BROKEN and shown["original"]["source"] == "app"
        entries = [codec.decode(x.value or b"", AuditEntry) for x in here.log.all(AUDIT.name, 0)]
        assert [(e.what, e.record, e.text) for e in entries] == [("original", one["id"], WHY["text"])]
        before = len(here.raw())
        again = await client.post(f"{at}/resend", json={"data": BROKEN}, headers=desk)
        assert (again.status_code, again.json()["field"], len(here.raw())) == (422, "data.channel", before)
        mended = BROKEN | {"channel": "app"}
        key = desk | {"idempotency-key": "once"}
        sent = [(await client.post(f"{at}/resend", json={"data": mended}, headers=key)).json() for _ in range(2)]
        assert sent[0] == sent[1] and sent[0]["identity"] == "app:wrong-partition-or-not"
        assert len(here.raw()) == before + 1
        (ticket,) = await intake.run()
        found = await client.get(sent[0]["ask"], headers=desk)
        assert found.json()["id"] == ticket
        kinds = [codec.decode(x.value or b"", AuditEntry).what for x in here.log.all(AUDIT.name, 0)]
        assert kinds == ["original", "mended"]


async def test_originals_have_a_quota_and_rows_of_feeds_say_their_way(redis_url: str, tmp_path: Path) -> None:
    """The second of one a day is refused; columns are mapped by a feed's map, which a gateway does not have."""
    async with house(redis_url, key_in(tmp_path), reveals_per_day=1) as (here, client):
        intake, desk = Intake(here), here.person("desk:desk-1")
        await turned_away(here, intake)
        (one,) = await rows(client, desk)
        at = f"/v1/rejected/{one['id']}"
        told = [(await client.post(f"{at}/original", json=WHY, headers=desk)).status_code for _ in range(2)]
        assert told == [200, 429]
        feed = await client.post(f"{at}/resend", json={"data": {"columns": {"a": "b"}}}, headers=desk)
        assert feed.status_code == 422 and "rejected resend" in feed.json()["detail"]
        assert (await client.post("/v1/rejected/x:0:0/original", json=WHY, headers=desk)).status_code == 404
