"""Every address by everybody: who may use it, and which tickets they see through it, as a table that was written
otherwise says it."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from engine.gateway.policy import POLICIES
from engine.gateway.routes import CONSOLE, ROUTES
from tests.support.house import House, house
from tests.support.who_may import BY_PLACE, PLACES, WHO, Seat, may, relation, seats, town

NOT_HERE = '{"type":"urn:gridwhistle:problem:not-found"'
HOMES = {place: next((one for one in path if one in ("east", "west", "hill", "eastern")), "") for place, path in
         PLACES.items()}  # fmt: skip
STAND = ("east1", "east", "west", "hill1", "east11")
"""Where a ticket is; one of a home stands at no grid of it."""


ASKED: dict[str, tuple[str, Any, int]] = {
    "livez": ("/livez", None, 200),
    "readyz": ("/readyz", None, 200),
    "openapi": ("/openapi.json", None, 200),
    "asyncapi": ("/asyncapi.json", None, 200),
    "seats": ("/v1/seats", None, 200),
    "session_ways": ("/v1/session/ways", None, 200),
    "session_begin": ("/v1/session", {}, 422),
    "session_show": ("/v1/session", None, 200),
    "oidc_begin": ("/v1/session/oidc", None, 404),  # there is no such login here
    "oidc_back": ("/v1/session/oidc/callback", None, 404),
    "token": ("/v1/token", {}, 400),
    "accounts": ("/v1/accounts", None, 200),
    "account_disable": ("/v1/accounts/idle/disable", {}, 204),
    "report": ("/v1/incidents", {"location": {"grid": "east1"}}, 202),
    "queues": ("/v1/queues", None, 200),
    "views": ("/v1/views", None, 200),
    "view_add": ("/v1/views", {}, 422),
    "view_drop": ("/v1/views/none", None, 404),
    "viewing_end": ("/v1/tickets/east-20260302-1/viewing", None, 404),
    "webhooks": ("/v1/departments/water/webhooks", None, 404),
    "webhook": ("/v1/departments/water/webhooks/none", None, 404),
    "webhook_deliveries": ("/v1/departments/water/webhooks/none/deliveries?limit=0", None, 422),
    "webhook_add": ("/v1/departments/water/webhooks", {}, 422),
    "webhook_change": ("/v1/departments/water/webhooks/none", {"url": 1}, 422),
    "webhook_drop": ("/v1/departments/water/webhooks/none", None, 404),
    "webhook_pause": ("/v1/departments/water/webhooks/none/pause", None, 404),
    "webhook_resume": ("/v1/departments/water/webhooks/none/resume", None, 404),
    "webhook_rotate": ("/v1/departments/water/webhooks/none/rotate", {"overlap_hours": -1}, 422),
    "webhook_test": ("/v1/departments/water/webhooks/none/test", None, 404),
    "webhook_redrive": ("/v1/departments/water/webhooks/none/redrive", {}, 422),
    "notices": ("/v1/notices?limit=0", None, 422),
    "events": ("/v1/departments/water/events?limit=0", None, 422),
    "events_lease": ("/v1/departments/water/events/lease", {"n": 0}, 422),
    "events_ack": ("/v1/departments/water/events/ack", {}, 422),
    "events_nack": ("/v1/departments/water/events/nack", {}, 422),
    "readers": ("/v1/departments/water/readers", None, 404),
    "reader_put": ("/v1/departments/water/readers/A", {}, 422),
    "reader_drop": ("/v1/departments/water/readers/A", None, 422),
    "grid": ("/v1/grid/91,0", None, 422),
    "map": ("/v1/map", None, 200),
    "points": ("/v1/points", None, 404),  # there is no archive here
    "pack": ("/v1/packs/in-force", None, 200),
    "pack_check": ("/v1/packs/check", {}, 422),
    "pack_diff": ("/v1/packs/diff", {}, 422),
    "law_packs": ("/v1/packs", None, 200),
    "pack_wait": ("/v1/packs/waiting", {}, 422),
    "pack_waiting": ("/v1/packs/waiting/none", None, 404),
    "pack_drop": ("/v1/packs/waiting/none", None, 404),
    "pack_publish": ("/v1/packs/publish", {}, 422),
    "what_if_begin": ("/v1/packs/what-if", {}, 422),
    "what_if_show": ("/v1/packs/what-if/none?limit=0", None, 404),
    "what_if_cancel": ("/v1/packs/what-if/none", None, 404),
    "split": ("/v1/reports/split", None, 404),  # there is no archive here
    "trend": ("/v1/reports/trend", None, 404),  # there is no archive here
    "rates": ("/v1/reports/rates", None, 404),  # there is no archive here
    "numbers": ("/v1/reports/tickets?since=x", None, 422),
    "export": ("/v1/reports/rates/export?by=x", {}, 422),
    "rejected": ("/v1/rejected?limit=0", None, 422),
    "rejected_original": ("/v1/rejected/incidents.raw:0:0/original", {}, 404),
    "rejected_resend": ("/v1/rejected/incidents.raw:0:0/resend", {"data": 1}, 422),
    "held": ("/v1/held", None, 200),
    "held_end": ("/v1/held", {}, 422),
    "duty": ("/v1/duty?days=0", None, 422),
    "duty_change": ("/v1/duty", {"x": 1}, 422),
    "handover_points": ("/v1/handovers/points", None, 200),
    "handovers": ("/v1/handovers?limit=0", None, 422),
    "handover": ("/v1/handovers/none", None, 404),
    "handover_sign": ("/v1/handovers", {}, 422),
    "handover_take": ("/v1/handovers/none/take", {"x": 1}, 404),
    "reveal": ("/v1/tickets/east-20260302-1/reporter/reveal", [], 400),
    "earlier": ("/v1/reporters/earlier", {}, 422),
    "erase_ask": ("/v1/reporters/erase", {}, 422),
    "erasures": ("/v1/erasures", None, 200),
    "erase_approve": ("/v1/erasures/none/approve", {}, 404),
    "audit": ("/v1/audit?limit=0", None, 422),
    "resident": ("/r/none", None, 404),
    "resident_answer": ("/r/none", {}, 415),  # no form
    "open311_discovery": ("/open311/v2/discovery.json", None, 200),
    "open311_services": ("/open311/v2/services.json", None, 200),
    "open311_service": ("/open311/v2/services/bins.json", None, 200),
    "open311_request_make": ("/open311/v2/requests.json", None, 400),
    "open311_request_list": ("/open311/v2/requests.json?service_request_id=x", None, 200),
    "open311_token": ("/open311/v2/tokens/A.json", None, 200),
    "session_end": ("/v1/session", None, 204),
}
"""Route -> what is asked of it and what those who may are answered. What shows tickets is asked below."""
OF_TICKETS = {"ticket", "viewing", "photo_add", "photo", "command", "bulk", "queue", "stream", "open311_request_one"}
IN_THE_ARCHIVE = {"search", "history", "explain", "attachments"}
"""Asked with PostgreSQL by ``tests/kafka/test_authz_past.py``."""


def test_every_address_is_asked() -> None:
    """A route without a policy, without a word in the other table, or without a question fails here: write its line in
    ``engine/gateway/policy.py``, in ``tests/support/who_may.py`` and in ``ASKED``."""
    names = sorted(route.name for route in ROUTES)
    assert sorted([*names, CONSOLE]) == sorted(POLICIES)  # its files hold nothing of anybody's
    assert names == sorted(WHO)
    assert names == sorted({*ASKED, *OF_TICKETS, *IN_THE_ARCHIVE})


async def let_in(here: House, client: httpx.AsyncClient) -> dict[Seat, dict[str, str]]:
    """Everybody with what lets them in."""
    here.world.accounts.add("idle", "auditor")
    found: dict[Seat, dict[str, str]] = {}
    for seat in seats():
        if seat.word == "nobody":
            found[seat] = {}
        elif seat.word in ("auditor", "system_admin", "security_admin"):
            found[seat] = await here.login(client, seat.name, seat.word)
        elif seat.word == "source":
            found[seat] = here.key("source", seat.name)
        elif seat.word == "wall":
            found[seat] = here.key("wall", seat.name, "street")
        elif seat.is_system:
            found[seat] = here.key("department", seat.name, "department", seat.org)
        else:
            found[seat] = here.key("person", seat.name, seat.word)
    return found


def is_denied(found: httpx.Response, route: str, seat: Seat) -> bool:
    """Whether somebody was turned away as it must be: 401 before a login, the one 404 after."""
    if route.startswith("open311_"):
        return found.status_code == (403 if seat.word == "nobody" else 404)
    if seat.word == "nobody":
        return found.status_code == 401 and "www-authenticate" in found.headers
    return found.status_code == 404 and found.text.startswith(NOT_HERE)


async def test_every_address_lets_in_whom_the_other_table_names(redis_url: str, tmp_path: Path) -> None:
    """One seat of every word by every address that shows no tickets, each answered exactly as written."""
    async with house(redis_url, tmp_path, bundle=town(), gateway_requests_per_second=10_000) as (here, client):
        methods, cells, refused = {route.name: route.method for route in ROUTES}, Counter[bool](), set[str]()
        who = {(seat.word, seat.is_system): pair for pair in (await let_in(here, client)).items() for seat in pair[:1]}
        for seat, headers in who.values():
            for name, (path, body, status) in ASKED.items():
                found = await client.request(methods[name], path, headers=headers, json=body)
                cells[may(name, seat)] += 1
                if may(name, seat):
                    assert found.status_code == status, (seat, name, found.status_code, found.text)
                else:
                    assert is_denied(found, name, seat), (seat, name, found.status_code, found.text)
                    refused |= {found.text} if found.status_code == 404 and "open311" not in name else set()
        assert len(refused) == 1  # absent, and not theirs: one text
        assert sum(cells.values()) == len(who) * len(ASKED) and len(who) == 19 and min(cells.values()) >= 100


async def stand(here: House) -> dict[str, tuple[str, str]]:
    """A ticket at each place, one that departments are called to, and who holds each."""
    made = {}
    for place in STAND:
        leaf = place if place != HOMES[place] else None
        made[place] = await here.report(place, home=HOMES[place], leaf=leaf, text=f"of {place}")
    made["fire"] = await here.report("fire", category="fire", home="hill", leaf="hill1", text="smoke")
    return {name: (ticket, here.city[name].person or "") for name, ticket in made.items()}


def sees(seat: Seat, name: str, holder: str) -> bool:
    """Whether a ticket is somebody's to see, told by relations."""
    if seat.word == "nobody":
        return False
    if seat.org:
        return name == "fire" and seat.org in ("fire", "water")
    if seat.word == "source":
        return seat.name == "app"
    if seat.post:
        place = "hill1" if name == "fire" else name
        return seat.name == holder or relation(seat.post, place) in ("own", "parent")
    return seat.word == "auditor"


def test_the_relations_are_all_there() -> None:
    """Own, child, sibling, parent and other are each asked by somebody of every role."""
    for role in BY_PLACE:
        posts = [seat.post for seat in seats() if seat.word == role and seat.post]
        found = {relation(post, place) for post in posts for place in STAND}
        assert found == {"own", "child", "sibling", "parent", "other"}, role


async def test_a_ticket_is_shown_to_whom_it_belongs_by_whichever_address(redis_url: str, tmp_path: Path) -> None:
    """Page, command, pictures, bulk and Open311, each seat by each ticket; absent and another's are one
    answer, and the same is asked of the queues for both."""
    async with house(redis_url, tmp_path, bundle=town(), gateway_requests_per_second=10_000) as (here, client):
        tickets, who = await stand(here), await let_in(here, client)
        cells, bodies = Counter[bool](), set[str]()
        for seat, headers in who.items():
            for name, (ticket, holder) in tickets.items():
                seen = sees(seat, name, holder)
                for route, path, body in questions(ticket):
                    found = await client.request("POST" if body else "GET", path, headers=headers, json=body)
                    wanted = seen and may(route, seat)
                    cells[wanted] += 1
                    assert is_shown(route, found) is wanted, (seat, name, route, found.status_code, found.text)
                    if not wanted and seat.word != "nobody" and "open311" not in route and route != "bulk":
                        bodies.add(found.text)
        absent = await client.get("/v1/tickets/east-20260302-999", headers=who[Seat("desk", "desk.city", "city")])
        assert bodies == {absent.text}
        assert sum(cells.values()) == len(who) * len(tickets) * 7 >= 2100 and cells[True] >= 400


def questions(ticket: str) -> list[tuple[str, str, Any]]:
    """What is asked of each ticket."""
    none = {"kind": "x"}
    return [
        ("ticket", f"/v1/tickets/{ticket}", None),
        ("viewing", f"/v1/tickets/{ticket}/viewing", {"none": True}),
        ("command", f"/v1/tickets/{ticket}/commands", none),
        ("photo_add", f"/v1/tickets/{ticket}/photos", none),
        ("photo", f"/v1/tickets/{ticket}/photos/{'0' * 64}", None),
        ("bulk", "/v1/commands", {"dry_run": True, "commands": [{"ticket": ticket, **none}]}),
        ("open311_request_one", f"/open311/v2/requests/{ticket}.json", None),
    ]


def is_shown(route: str, found: httpx.Response) -> bool:
    """Whether an answer lets know that there is the ticket."""
    if route == "command":
        return found.status_code == 422
    if route == "bulk":
        return found.status_code == 422 and found.json()["results"][0]["type"].endswith(":invalid")
    if route == "photo_add":
        return found.status_code in (409, 415)  # refused to a department's system, which stands on no roster
    if route == "photo":
        return '"urn:gridwhistle:problem:no-archive"' in found.text  # there is no database here
    return found.status_code == 200


async def test_queues_and_streams_hold_what_the_pages_show(redis_url: str, tmp_path: Path) -> None:
    """Every queue, and its stream's first picture, for everybody of the roster: just the tickets that are theirs."""
    async with house(redis_url, tmp_path, bundle=town(), gateway_requests_per_second=10_000) as (here, client):
        tickets, who, cells = await stand(here), await let_in(here, client), 0
        here.world.live.closing.set()  # a stream ends once it has begun
        for seat, headers in who.items():
            if not may("queue", seat):
                for path in ("/v1/queues/desk", "/v1/stream?queue=desk"):
                    assert is_denied(await client.get(path, headers=headers), "queue", seat)
                    cells += 1
                continue
            for home in ("east", "west", "hill", "eastern"):
                at_home = [name for name in tickets if HOMES["hill1" if name == "fire" else name] == home]
                wanted = {tickets[name][0] for name in at_home if sees(seat, name, tickets[name][1])}
                page = (await client.get(f"/v1/queues/grid:{home}", headers=headers)).json()
                text = (await client.get(f"/v1/stream?queue=grid:{home}", headers=headers)).text
                assert {row["id"] for row in page["rows"]} == wanted, (seat, home)
                assert {ticket for ticket, _ in tickets.values() if f'"{ticket}"' in text} == wanted, (seat, home)
                cells += 2
        assert cells >= 500


async def test_absent_and_another_s_cost_the_same(redis_url: str, tmp_path: Path) -> None:
    """As many questions to Redis, by id and by identity: nobody learns by time what is not theirs."""
    async with house(redis_url, tmp_path, bundle=town()) as (here, client):
        ticket, blind = await here.report("A", home="east"), here.key("person", "street.hill", "street")
        asked = list[int]()
        for name in (ticket, "east-20260302-999", "app:A", "app:none"):
            before = (await here.world.view.redis.info("commandstats")).get("cmdstat_hget", {"calls": 0})["calls"]
            assert (await client.get(f"/v1/tickets/{name}", headers=blind)).status_code == 404
            asked.append((await here.world.view.redis.info("commandstats"))["cmdstat_hget"]["calls"] - before)
        assert asked == [1, 1, 2, 2]
