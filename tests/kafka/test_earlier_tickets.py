"""Who called before: found by a keyed hash, on a real PostgreSQL, among the tickets that are somebody's to see."""

from pathlib import Path
from typing import Any

import httpx

from engine.archive.against_log import first_difference, records_between
from tests.support.door_of_house import Intake, key_in, reported
from tests.support.house import House, house
from tests.support.who_may import town
from topics import codec
from topics.audit import AuditEntry
from topics.registry import AUDIT, DECISIONS

NUMBER = "13800001234"


async def earlier(client: httpx.AsyncClient, who: dict[str, str], **given: Any) -> Any:
    """Ask; the ids where it is answered, else the status."""
    found = await client.post("/v1/reporters/earlier", json=given, headers=who)
    return [row["id"] for row in found.json()["rows"]] if found.status_code == 200 else found.status_code


async def stand(here: House, client: httpx.AsyncClient) -> dict[str, str]:
    """One who reported three times in three places, however written, and somebody else."""
    intake, app = Intake(here), here.key("source", "app")
    sent: dict[str, dict[str, Any]] = {
        "A": {"reporter": {"phone": NUMBER}},
        "B": {"reporter": {"tel": "+86 138-0000-1234"}, "location": {"grid": "hill1"}},
        "C": {"reporter": {"phone": "13900005678"}},
        "D": {"reporter": {"name": "王", "phone2": "１３８００００１２３４"}, "text": f"call {NUMBER}"},
        "E": {"text": f"not mine: {NUMBER}"},
    }
    return {name: await reported(client, intake, app, name, **data) for name, data in sent.items()}


async def test_earlier_tickets_of_one_reporter_are_found(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """By a ticket and by a number while talking; each sees what is theirs; a new master key finds the old ones too; the
    number stands in no entry of the audit."""
    more = {"database_url": database_url, "lookups_per_day": 6, "bundle": town()}
    async with house(redis_url, key_in(tmp_path), **more) as (here, client):
        made = await stand(here, client)
        desk, checker = here.person("desk:desk-1"), here.person("checker:checker-1")
        assert await earlier(client, desk, ticket=made["A"]) == [made["D"], made["B"]]
        assert await earlier(client, desk, number="138 0000 1234") == [made["D"], made["B"], made["A"]]
        assert await earlier(client, desk, ticket=made["E"]) == []
        assert await earlier(client, checker, ticket=made["D"]) == [made["B"], made["A"]]
        assert await earlier(client, checker, number=NUMBER) == 404
        near = here.person("desk:desk.east")
        assert await earlier(client, near, ticket=made["A"]) == [made["D"]]  # the one on the hill is not theirs
        assert await earlier(client, near, ticket=made["B"]) == 404
        for given in ({}, {"ticket": made["A"], "number": NUMBER}, {"number": "12"}, {"number": 1}, {"ticket": ""}):
            assert await earlier(client, desk, **given) == 422, given
        key = here.settings.key_file
        key.rename(key.with_name(f"{key.name}.{here.world.vault().id}"))
        key_in(tmp_path)
        assert await earlier(client, desk, number=NUMBER) == [made["D"], made["B"], made["A"]]
        assert [await earlier(client, desk, ticket=made["A"]) for _ in range(3)][1:] == [[made["D"], made["B"]], 429]
        entries = [codec.decode(one.value or b"", AuditEntry) for one in here.log.all(AUDIT.name, 0)]
        assert {one.what for one in entries} == {"earlier"} and len(entries) == 8
        assert NUMBER not in str(entries) and [one.ticket for one in entries][:2] == [made["A"], None]


async def test_the_archive_names_the_record_that_was_changed(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """It has each decision byte by byte, by its place on the log: changed or taken out, the first one is named."""
    async with house(redis_url, key_in(tmp_path), database_url=database_url) as (here, client):
        await stand(here, client)
        assert here.archive is not None
        number = here.world.partition("east-20260302-1")
        log = {one.offset: one.value or b"" for one in here.log.all(DECISIONS.name, number)}
        first, last = min(log), max(log)
        kept = await records_between(here.archive, number, first, last + 1)
        assert kept == log and len(log) > 2 and first_difference(kept, log) is None
        assert first_difference(kept, log | {last: log[last] + b" "}) == last
        assert first_difference(kept, {at: value for at, value in log.items() if at != first}) == first
