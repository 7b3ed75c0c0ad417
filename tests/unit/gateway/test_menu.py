"""A menu shows what one may open: each page lives by a route whose policy lets its people in."""

from pathlib import Path

from engine.gateway.console import PATHS
from engine.gateway.menu import PAGES
from engine.gateway.policy import POLICIES
from tests.support.house import house

OF_DESK = [
    "queues", "desk", "approvals", "whistles", "numbers", "score", "map", "law", "offers", "callbacks", "duty",
    "handover", "notices", "records", "wall",
]  # fmt: skip


def test_every_page_of_the_console_is_somebody_s() -> None:
    """A page that is added says by which route it lives; a ticket's and the way in are nobody's in particular."""
    assert {path.split("/")[1] for path in PATHS} - {"", "tickets", "sign-in"} == set(PAGES)
    assert {route for route, _ in PAGES.values()} <= set(POLICIES)


async def test_a_seat_is_told_its_pages(redis_url: str, tmp_path: Path) -> None:
    """By role, by grids and by what stands outside of the roster; a wall has its one page."""
    async with house(redis_url, tmp_path) as (here, client):

        async def pages(headers: dict[str, str]) -> list[str]:
            found = await client.get("/v1/session", headers=headers)
            assert found.status_code == 200, found.text
            return list(found.json()["pages"])

        assert await pages(here.person("desk:desk-1")) == OF_DESK
        street = await pages(here.person("street:south-street"))
        assert not {"law", "records", "callbacks", "webhooks"} & set(street) and "score" in street
        department = await pages(here.person("department:urban-1"))
        assert "webhooks" in department and not {"numbers", "score", "map", "law", "records"} & set(department)
        auditor = await pages(await here.login(client, "auditor-1", "auditor"))
        assert {"records", "webhooks", "map", "score"} < set(auditor) and not {"desk", "duty", "offers"} & set(auditor)
        machines = await pages(await here.login(client, "system-1", "system_admin"))
        assert machines == ["queues", "numbers", "score", "law", "records", "wall"]
        assert await pages(await here.login(client, "security-1", "security_admin")) == []
