"""What OpenAPI says of an answer's form is so: of the examples, and of what a city's gateway answers."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from engine.gateway.examples import EXAMPLES
from engine.gateway.pack_shapes import SHAPES
from tests.support.house import House, house
from tests.support.pictures import jpeg

JPEG = {"content-type": "image/jpeg"}
VIEW = {"name": "all", "address": "/queues/all"}


def as_described(name: str, told: Any) -> None:
    """Nothing that is promised is missing, nothing is of another kind, and nothing is there that is not described."""
    msgspec.convert(told, SHAPES[name])
    if isinstance(told, dict):
        assert set(told) <= set(SHAPES[name].__struct_fields__), name


@pytest.mark.parametrize("name", SHAPES)
def test_an_example_has_the_form_that_is_described(name: str) -> None:
    """Whoever copies it is not misled."""
    as_described(name, EXAMPLES[name].gives)


async def answers(here: House, client: httpx.AsyncClient, ticket: str) -> dict[str, Any]:
    """One answer of each route whose form is described."""
    chief = here.person("chief:chief-1")

    async def got(path: str) -> Any:
        found = await client.get(path, headers=chief)
        assert found.status_code == 200, found.text
        return found.json()

    reported = EXAMPLES["report"].takes["application/json"][1]
    command = {"kind": "note", "text": "-"}
    return {
        "session_show": await got("/v1/session"),
        "seats": await got("/v1/seats"),
        "pack": await got("/v1/packs/in-force"),
        "ticket": await got(f"/v1/tickets/{ticket}"),
        "history": await got(f"/v1/tickets/{ticket}/history"),
        "queue": await got("/v1/queues/open"),
        "view_add": (await client.post("/v1/views", headers=chief, json=VIEW)).json(),
        "views": await got("/v1/views"),
        "command": (await client.post(f"/v1/tickets/{ticket}/commands", headers=chief, json=command)).json(),
        "photo_add": (await client.post(f"/v1/tickets/{ticket}/photos", headers=chief | JPEG, content=jpeg())).json(),
        "report": (await client.post("/v1/incidents", headers=chief, json=reported)).json(),
    }


async def test_what_is_answered_has_the_form_that_is_described(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """Rows with everything a row can have: children, a breach, something that waits for approval."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        await here.report("A", text="of its own", address="1 North Street")
        fire = await here.report("B", category="fire")
        await here.report("C", category=None)
        await here.ask("accept", "A", f"{here.city['A'].duty}:{here.city['A'].person}")
        await here.ask("extend", "A", f"{here.city['A'].duty}:{here.city['A'].person}", reason="much to do")
        found = await answers(here, client, fire)
        assert set(found) == set(SHAPES)
        for name, told in found.items():
            as_described(name, told)
        assert {row["id"] for row in found["queue"]["rows"]} == {here.city[name].id for name in "ABC"}
        for row in found["queue"]["rows"]:
            as_described("queue", {"queue": "open", "rows": [row], "now": 0})


async def test_a_page_of_the_console_is_served_as_its_own(redis_url: str, tmp_path: Path) -> None:
    """By its policy of content, whether it was built or not; a file that is not there is a problem like any other."""
    async with house(redis_url, tmp_path) as (_, client):
        found = await client.get("/tickets/north-1", headers={"accept-encoding": "gzip"})
        assert (
            found.headers["content-type"].startswith("text/html")
            and "script-src 'self'" in found.headers["content-security-policy"]
        )
        assert "unsafe" not in found.headers["content-security-policy"]
        for path in ("/assets/nothing.js", "/assets/..%2f__init__.py"):
            assert (await client.get(path)).status_code == 404
