"""Many commands at once: what the trial says is what then happens, each has its own answer, and nobody reaches what is
another's."""

from pathlib import Path
from typing import Any

from tests.support.house import house
from topics.registry import COMMANDS


async def test_what_the_trial_says_is_what_then_happens(redis_url: str, tmp_path: Path) -> None:
    """Nothing is sent by a trial; given, each comes out as it said; the whole is answered again as it was."""
    async with house(redis_url, tmp_path) as (here, client):
        names = [await here.report(f"T{n}", text=f"of its own {n}") for n in range(4)]
        await here.ask("accept", "T3", here.city.holder("T3"))
        desk = here.person("desk:desk-1")
        many = [
            {"ticket": names[0], "kind": "duplicate_of", "target": names[1]},
            {"ticket": "app:T2", "kind": "note", "text": "seen"},
            {"ticket": names[3], "kind": "dismiss", "reason": "not_ours", "text": "not ours"},
            {"ticket": "east-20260302-99", "kind": "note", "text": "x"},
            {"ticket": names[1], "kind": "note", "text": "old", "version": 99},
            {"ticket": names[2], "kind": "note", "text": "twice"},
            {"kind": "note", "text": "of nothing"},
        ]
        tried = await client.post("/v1/commands", json={"dry_run": True, "commands": many}, headers=desk)
        assert tried.status_code == 207
        wanted = [200, 200, 409, 404, 412, 422, 422]
        assert [one["status"] for one in tried.json()["results"]] == wanted, tried.text
        assert [one for number in range(2) for one in here.log.all(COMMANDS.name, number)] == []
        keyed = desk | {"idempotency-key": "k1"}
        given = await client.post("/v1/commands", json={"commands": many}, headers=keyed)
        assert [one["status"] for one in given.json()["results"]] == wanted
        assert [one.get("reason") for one in given.json()["results"]] == [
            one.get("reason") for one in tried.json()["results"]
        ]
        again = await client.post("/v1/commands", json={"commands": many}, headers=keyed)
        assert (again.content, again.headers["idempotent-replayed"]) == (given.content, "true")
        assert sum(len(here.log.all(COMMANDS.name, number)) for number in range(2)) == 3
        assert here.city["T0"].status == "merged"
        (undo,) = given.json()["undo"]
        assert undo["needs"] == ["reason"]
        undone = await client.post("/v1/commands", json={"commands": [undo | {"reason": "not the same"}]}, headers=desk)
        assert undone.status_code == 200 and here.city["T0"].status == "offered", undone.text


async def test_nobody_reaches_another_s_and_a_bulk_is_bounded(redis_url: str, tmp_path: Path) -> None:
    """Items are judged as tickets are: 404; what is none is refused whole."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        south = here.person("street:south-street")
        one = {"ticket": ticket, "kind": "note", "text": "x"}
        found = await client.post("/v1/commands", json={"commands": [one]}, headers=south)
        assert (found.status_code, found.json()["results"][0]["detail"][:5]) == (404, "there")
        wrong: list[dict[str, Any]] = [
            {},
            {"commands": []},
            {"commands": [one] * 101},
            {"commands": [one], "dry_run": 1},
            {"x": 1},
        ]
        for body in wrong:
            assert (await client.post("/v1/commands", json=body, headers=south)).status_code == 422, body


async def test_what_is_not_known_to_be_safe_is_asked_again(redis_url: str, tmp_path: Path) -> None:
    """With Kafka away no answer is kept under the key: given again it is done."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        desk = here.person("desk:desk-1") | {"idempotency-key": "k2"}
        body = {"commands": [{"ticket": ticket, "kind": "follow"}, {"ticket": "x", "kind": "follow"}]}
        here.is_away = True
        away = await client.post("/v1/commands", json=body, headers=desk)
        assert [one["status"] for one in away.json()["results"]] == [503, 404] and away.headers["retry-after"] == "2"
        here.is_away = False
        done = await client.post("/v1/commands", json=body, headers=desk)
        assert [one["status"] for one in done.json()["results"]] == [200, 404]
        assert done.json()["results"][0]["command"] == away.json()["results"][0]["command"]
