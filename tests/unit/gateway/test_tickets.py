"""A ticket's page, and commands: what the law says is what is shown, and nobody sees what is another's."""

import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.views import told as shown
from tests.support.city import REF
from tests.support.house import House, eventually, house
from topics.codec import decode
from topics.command import Command
from topics.registry import COMMANDS


def by_kind(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The ticket's own commands."""
    return {one["kind"]: one for one in told["commands"] if one["ticket"] == told["id"]}


async def test_a_ticket_is_shown_with_what_may_be_done_and_why_not(redis_url: str, tmp_path: Path) -> None:
    """Place with its labels, clocks that add up, and for each command the law's own word."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A", token="secret-token", text="full")
        holder = here.city["A"].person
        found = await client.get(f"/v1/tickets/{ticket}", headers=here.person(f"{here.city['A'].party}:{holder}"))
        told = found.json()
        assert (found.status_code, found.headers["etag"]) == (200, f'"{told["version"]}"')
        assert [node["code"] for node in told["place"]["grid"]] == ["city", "north", "east", "east1"]
        assert told["category"] == {"code": "bins", "label": "Bins full", "label_zh": "垃圾"}
        resolve = next(clock for clock in told["clocks"] if clock["kind"] == "resolve")
        assert resolve["reckoned"]["adds_up"] and [rung["percent"] for rung in resolve["rungs"]] == [
            50,
            80,
            100,
            150,
            300,
        ]
        assert "secret-token" not in found.text
        may = by_kind(told)
        assert may["accept"]["allowed"] and may["decline"] | {"ticket": ""} == {
            "kind": "decline", "ticket": "", "needs": ["reason"], "may_have": [], "allowed": True,
        }  # fmt: skip
        assert (may["finish"]["allowed"], may["dismiss"]["reason"]) == (False, "role_not_allowed")
        assert may["start"]["reason"] == "not_in_this_status" and may["start"]["mend"] and may["start"]["label_zh"]


async def test_a_clock_that_stands_is_no_clock_that_has_ended(redis_url: str, tmp_path: Path) -> None:
    """While the reporter is asked it stands, and says for what; then it runs; of a ticket that is over none stands. At
    a terminal too."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A", can_reach_reporter=True)
        desk = here.person("desk:desk-1")

        async def resolve() -> tuple[str, str | None, str]:
            told = (await client.get(f"/v1/tickets/{ticket}", headers=desk)).json()
            [found] = [one for one in told["clocks"] if one["kind"] == "resolve"]
            lines = told_lines(here, ticket)
            return found["state"], found["why"], next(one for one in lines if one.startswith("clock    resolve"))

        await here.ask("accept", "A", here.city.holder("A"))
        await here.ask("wait_reporter", "A", "desk:desk-1", reason="which door?")
        state, why, line = await resolve()
        assert (state, why) == ("stands", "waiting_reporter") and "stands: waiting_reporter" in line
        await here.ask("resume", "A", "desk:desk-1")
        assert (await resolve())[:2] == ("runs", None)
        assert await here.ask("wait_reporter", "A", "desk:desk-1", reason="which house?") == "done_as_asked"
        assert await here.ask("cancel", "A", "chief:chief-1", reason="withdrawn") == "done_as_asked"
        over = (await client.get(f"/v1/tickets/{ticket}", headers=desk)).json()
        assert "stands" not in {one["state"] for one in over["clocks"]}
        assert not any("stands" in line for line in told_lines(here, ticket))


def told_lines(here: House, ticket: str) -> list[str]:
    """What a terminal says of a ticket."""
    law = here.city.laws[REF]
    return list(shown._clocks(here.city["A"], law, ZoneInfo(law.bundle.timezone)))


async def test_what_is_shown_as_allowed_is_what_the_law_then_does(redis_url: str, tmp_path: Path) -> None:
    """Each command shown as allowed is done when it is given; each that is not is refused for the reason shown."""
    async with house(redis_url, tmp_path) as (here, client):
        desk = here.person("desk:desk-1")
        given = {
            "accept": {}, "start": {}, "file": {"category": "bins"}, "note": {"text": "seen"}, "remind": {},
            "recategorise": {"category": "wall", "reason": "no bins"}, "finish": {"text": "done"}, "lift": {},
            "approve": {}, "follow": {}, "dismiss": {"reason": "not_ours", "text": "not ours"},
        }  # fmt: skip
        for number, (kind, fields) in enumerate(given.items()):
            ticket = await here.report(f"T{number}", text=f"of its own {number}")
            shown = by_kind((await client.get(f"/v1/tickets/{ticket}", headers=desk)).json())[kind]
            done = await client.post(f"/v1/tickets/{ticket}/commands", json={"kind": kind, **fields}, headers=desk)
            told = done.json()
            assert (done.status_code == 200) is shown["allowed"], (kind, shown, told)
            if not shown["allowed"]:
                assert (done.status_code, told["reason"]) == (409, shown["reason"]) and told["detail"]


async def test_absent_and_another_s_are_one_answer(redis_url: str, tmp_path: Path) -> None:
    """Grids are compared node by node: neither a sibling nor a code that begins alike opens anything."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        sees = [
            here.person("street:north-street"), here.person("centre:centre-1"), here.key("source", "app"),
            here.person("supervisor:supervisor-1"),
        ]  # fmt: skip
        blind = [
            here.person("street:south-street"), here.key("source", "ap"), here.key("source", "other"),
            here.key("department", "fire-1", "department", "fire"),
        ]  # fmt: skip
        assert [(await client.get(f"/v1/tickets/{ticket}", headers=one)).status_code for one in sees] == [200] * 4
        answers = [await client.get(f"/v1/tickets/{ticket}", headers=one) for one in blind]
        answers += [
            await client.get(f"/v1/tickets/{name}", headers=sees[0]) for name in ("east-20260302-999", "x", "app:no")
        ]
        answers.append(await client.post(f"/v1/tickets/{ticket}/commands", json={"kind": "follow"}, headers=blind[0]))
        assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}
        assert (await client.get("/v1/tickets/app:A", headers=sees[2])).json()["id"] == ticket


async def test_the_actor_is_who_asks(redis_url: str, tmp_path: Path) -> None:
    """Whatever the body says: fields of the actor are refused, not overwritten."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        holder = here.city["A"]
        headers = here.person(f"{holder.party}:{holder.person}")
        for field in ("actor", "accepted_at", "identity", "duty", "version", "我"):
            found = await client.post(
                f"/v1/tickets/{ticket}/commands", json={"kind": "accept", field: 1}, headers=headers
            )
            assert found.status_code == 422, field
        found = await client.post(f"/v1/tickets/{ticket}/commands", json={"kind": "adopt_pack"}, headers=headers)
        assert (found.status_code, found.json()["field"]) == (422, "kind")
        found = await client.post(
            f"/v1/tickets/{ticket}/commands", json={"kind": "accept", "id": "c-1"}, headers=headers
        )
        assert (found.status_code, found.json()["events"]) == (200, ["TicketAccepted"]), found.text
        records = [one for number in range(2) for one in here.log.all(COMMANDS.name, number)]
        assert [decode(one.value, Command).actor.person for one in records] == [holder.person]
        again = await client.post(
            f"/v1/tickets/{ticket}/commands", json={"kind": "accept", "id": "c-1"}, headers=headers
        )
        assert again.json()["first_decision"] == found.json()["decision"]


async def test_what_was_not_done_may_be_tried_again_under_its_key(redis_url: str, tmp_path: Path) -> None:
    """Who is told to look again does so, and gives the same command for what it is now: not 412 for a day."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        asked, headers = f"/v1/tickets/{ticket}/commands", here.person("desk:desk-1") | {"idempotency-key": "k"}
        given = {"kind": "note", "text": "seen"}
        late = await client.post(asked, headers=headers | {"if-match": '"99"'}, json=given)
        assert late.status_code == 412
        found = await client.post(asked, headers=headers | {"if-match": late.headers["etag"]}, json=given)
        assert (found.status_code, found.json()["events"]) == (200, ["NoteAdded"])
        again = await client.post(asked, headers=headers | {"if-match": late.headers["etag"]}, json=given)
        assert (again.content, again.headers["idempotent-replayed"]) == (found.content, "true")
        refused = headers | {"idempotency-key": "r"}
        told = [await client.post(asked, headers=refused, json={"kind": "start"}) for _ in range(2)]
        assert [one.status_code for one in told] == [409, 409] and told[0].content == told[1].content
        assert len([one for number in range(2) for one in here.log.all(COMMANDS.name, number)]) == 2


async def test_one_of_several_versions_fits(redis_url: str, tmp_path: Path) -> None:
    """A list is what RFC 9110 (13.1.1) has; ``*`` is any; a text that holds the number is none."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        headers, n = here.person("desk:desk-1"), here.city["A"].version
        for given, status in ((f'"99", "{n}"', 200), ("*", 200), (f'"99{n}"', 412), ('"*"', 412), ("", 412)):
            now = here.city["A"].version
            told = given.replace(f'"{n}"', f'"{now}"')
            found = await client.post(
                f"/v1/tickets/{ticket}/commands",
                json={"kind": "note", "text": given},
                headers=headers | {"if-match": told},
            )
            assert found.status_code == status, (given, found.text)


async def test_a_command_for_another_version_is_not_given(redis_url: str, tmp_path: Path) -> None:
    """412 with what it is now; nothing is sent."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        headers = here.person("desk:desk-1") | {"if-match": '"99"'}
        found = await client.post(f"/v1/tickets/{ticket}/commands", json={"kind": "follow"}, headers=headers)
        assert (found.status_code, found.json()["now"]["status"]) == (412, "offered")
        assert [one for number in range(2) for one in here.log.all(COMMANDS.name, number)] == []
        fits = headers | {"if-match": f'"{here.city["A"].version}"'}
        assert (
            await client.post(f"/v1/tickets/{ticket}/commands", json={"kind": "follow"}, headers=fits)
        ).status_code == 200


async def test_what_is_not_decided_in_time_is_safe_and_says_where_to_ask(redis_url: str, tmp_path: Path) -> None:
    """202; the same id given again is told the decision. With Kafka away it is 503, and its id is named."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        headers = here.person("desk:desk-1")
        here.decides, here.world.wait_seconds = False, 0.01
        found = await client.post(
            f"/v1/tickets/{ticket}/commands", json={"kind": "follow", "id": "f1"}, headers=headers
        )
        assert (found.status_code, found.json()["command"]) == (202, "f1")
        here.decides = True
        here.world.wait_seconds = 60.0
        again = await client.post(
            f"/v1/tickets/{ticket}/commands", json={"kind": "follow", "id": "f1"}, headers=headers
        )
        assert again.status_code == 200
        here.is_away = True
        gone = await client.post(f"/v1/tickets/{ticket}/commands", json={"kind": "follow", "id": "f2"}, headers=headers)
        assert (gone.status_code, gone.json()["command"]) == (503, "f2")


async def test_many_wait_by_one_reader_and_each_gets_their_own(redis_url: str, tmp_path: Path) -> None:
    """Same command id, other people: each is told of their own."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        people = [f"{role}:{role}-{n}" for role in ("desk", "chief", "centre", "supervisor") for n in (1, 2)]
        answers = await asyncio.gather(
            *(
                client.post(
                    f"/v1/tickets/{ticket}/commands", json={"kind": "follow", "id": "same"}, headers=here.person(who)
                )
                for who in people
            )
        )
        assert [one.status_code for one in answers] == [200] * 8
        assert len({one.json()["decision"] for one in answers}) == 8
        assert here.world.waiting._futures == {}


async def test_who_leaves_the_roster_is_nobody_at_once(redis_url: str, tmp_path: Path) -> None:
    """A key or a session is worth what its person still is."""
    async with house(redis_url, tmp_path) as (here, client):
        headers = here.person("desk:desk-2")
        assert (await client.get("/v1/queues", headers=headers)).status_code == 200
        here.city.now = here.world.now
        assert here.city.duty("desk-2", "desk", "remove") == "duty_set"
        for number in range(2):  # as in every partition
            await here.commit_state(number)
        await eventually(lambda: all(rosters.duties for rosters in here.world.tail.rosters.values()))
        await asyncio.sleep(0)
        assert (await client.get("/v1/queues", headers=headers)).status_code == 401
