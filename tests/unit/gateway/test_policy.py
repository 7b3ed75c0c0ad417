"""Who may do what: every route has its line in the one table. What each line comes to for everybody stands in
``test_authz_matrix``."""

import httpx

from engine.gateway.callers import OUTSIDE, Caller
from engine.gateway.policy import POLICIES
from engine.gateway.routes import CONSOLE, ROUTES
from tests.support.house import House
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
    assert sorted([*(route.name for route in ROUTES), CONSOLE]) == sorted(POLICIES)
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
