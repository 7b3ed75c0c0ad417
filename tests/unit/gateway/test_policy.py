"""Who may do what: every route has its line in the one table, and every cell of roles and tickets is as the table and
the tree of grids say."""

from pathlib import Path
from typing import Any

import httpx

from engine.gateway.callers import OUTSIDE, Caller
from engine.gateway.numbers import DEALS_WITH
from engine.gateway.policy import BY_API_KEY, POLICIES, may_use
from engine.gateway.routes import ROUTES
from tests.support.house import House, house
from topics.vocabulary import Role

SEEN_BY_PLACE = ("street:north-street", "principal:north-principal")
EVERYWHERE = (
    "desk:desk-1",
    "chief:chief-1",
    "centre:centre-1",
    "checker:checker-1",
    "supervisor:supervisor-1",
    "backstop:backstop-1",
)


def test_every_route_has_a_policy_and_every_policy_a_route() -> None:
    """A route that nobody thought of is not served."""
    assert sorted(route.name for route in ROUTES) == sorted(POLICIES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


async def callers(here: House, client: httpx.AsyncClient) -> dict[str, tuple[dict[str, str], Caller]]:
    """Everybody who could ask, each with their key."""
    people = [*SEEN_BY_PLACE, "street:south-street", *EVERYWHERE, "department:urban-1"]
    found = {
        who: (here.person(who), Caller(kind="person", name=who.partition(":")[2], role=Role(who.partition(":")[0])))
        for who in people
    }
    for name in ("app", "hotline"):
        found[f"source {name}"] = here.key("source", name), Caller(kind="source", name=name)
    for code in ("fire", "water", "urban"):
        key = here.key("department", f"{code}-1", "department", code)
        found[f"department {code}"] = key, Caller(kind="department", name=f"{code}-1", role=Role.DEPARTMENT, org=code)
    for kind in OUTSIDE:
        found[kind] = await here.login(client, f"{kind}-1", kind), Caller(kind=kind, name=f"{kind}-1")
    return found | {"nobody": ({}, Caller(kind="nobody", name=""))}


async def asked(client: Any, method: str, path: str, headers: dict[str, str]) -> int:
    """What a request is answered."""
    found = await client.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
    return int(found.status_code)


async def test_every_route_lets_in_whom_its_line_names(redis_url: str, tmp_path: Path) -> None:
    """Whoever is not named is answered 401 before a login and 404 after: all routes by all callers."""
    async with house(redis_url, tmp_path) as (here, client):
        cells = 0
        for who, (headers, caller) in (await callers(here, client)).items():
            for route in sorted(ROUTES, key=lambda one: one.name == "session_end"):  # a session ends last
                if route.name == "stream":
                    continue  # it does not end; may_use is asked alike, and its rows are below
                path = route.path.replace("{id:path}", "east-20260302-1").replace("{name}", "desk")
                for name, value in {"report": "tickets", "code": "bins", "format": "json", "token": "A"}.items():
                    path = path.replace(f"{{{name}}}", value)
                path = path.replace("{id}", "east-20260302-1")
                path = path.replace("{lat}", "1").replace("{lon}", "1")
                status = await asked(client, route.method, path, headers)
                cells += 1
                if who == "nobody" and POLICIES[route.name].kinds == BY_API_KEY:
                    assert status in (400, 403), (route.name, status)  # the key is read out of the form
                elif route.name in ("rejected", "held") and caller.kind == "person":
                    assert status == (200 if caller.role in DEALS_WITH else 404), (who, route.name, status)
                elif not may_use(route.name, caller):
                    assert status == (401 if who == "nobody" else 404), (who, route.name, status)
                else:
                    assert status not in (401, 403, 405, 500, 503), (who, route.name, status)
        assert cells == 19 * (len(ROUTES) - 1)


async def test_a_ticket_is_its_own_grids_and_nobody_else_s(redis_url: str, tmp_path: Path) -> None:
    """Own, child, parent, sibling and other, for every caller: read and command are answered alike."""
    async with house(redis_url, tmp_path) as (here, client):
        tickets = {
            "east1": await here.report("A", home="east", leaf="east1"),  # below north
            "hill": await here.report("B", home="hill", leaf=None, text="other"),  # below south
            "fire": await here.report(
                "F", category="fire", home="hill", leaf="hill2", text="smoke"
            ),  # departments are called
        }
        sees = {who: set(tickets) for who in EVERYWHERE}
        sees |= {who: {"east1"} for who in SEEN_BY_PLACE} | {"street:south-street": {"hill", "fire"}}
        sees |= {"auditor": set(tickets)}
        sees |= {"source app": set(tickets), "department fire": {"fire"}, "department water": {"fire"}}
        cells = 0
        for who, (headers, caller) in (await callers(here, client)).items():
            if who == "nobody":
                continue
            for name, ticket in tickets.items():
                wanted = 200 if name in sees.get(who, ()) else 404
                assert await asked(client, "GET", f"/v1/tickets/{ticket}", headers) == wanted, (who, name)
                given = await client.post(f"/v1/tickets/{ticket}/commands", json={"kind": "x"}, headers=headers)
                assert given.status_code == (422 if wanted == 200 and may_use("command", caller) else 404), (who, name)
                cells += 2
        assert cells == 18 * 3 * 2


async def test_a_row_is_seen_by_whom_its_ticket_is(redis_url: str, tmp_path: Path) -> None:
    """The rows of every queue, by every person: as the ticket itself answers."""
    async with house(redis_url, tmp_path) as (here, client):
        await here.report("A")
        await here.report("B", home="hill", leaf="hill1", text="other")
        await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
        for who, (headers, caller) in (await callers(here, client)).items():
            if caller.kind != "person":
                continue
            seen: dict[str, int] = {}
            for queue in ("grid:east", "grid:hill", "tier:street", "street:north", "street:south", "dept:fire"):
                page = await client.get(f"/v1/queues/{queue}", headers=headers)
                for row in page.json()["rows"]:
                    if row["id"] not in seen:
                        seen[row["id"]] = await asked(client, "GET", f"/v1/tickets/{row['id']}", headers)
                if who in EVERYWHERE and queue == "grid:hill":
                    assert len(page.json()["rows"]) == 2
            assert set(seen.values()) <= {200}, who
