"""The description of the addresses is the addresses: one table makes both, and every example is real."""

import json
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

from engine.gateway.routes import ROUTES, new_app
from tests.support.house import house


async def test_openapi_is_equal_to_the_routes(redis_url: str, tmp_path: Path) -> None:
    """Every route, nothing else, by OpenAPI 3.1; each body and answer with an example."""
    async with house(redis_url, tmp_path) as (here, client):
        told = (await client.get("/openapi.json")).json()
        assert told["openapi"].startswith("3.1")
        described = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
        served = {
            (method, route.path_format)
            for route in new_app(here.world).routes
            if isinstance(route, APIRoute)
            for method in route.methods or ()
        }
        assert described == served and len(described) == len(ROUTES)
        for methods in told["paths"].values():
            for operation in methods.values():
                check(operation)


def check(operation: dict[str, Any]) -> None:
    """Summary, parameters, body and answers of one operation."""
    assert operation["summary"] and operation["operationId"]
    assert all("example" in parameter for parameter in operation["parameters"])
    bodies = operation.get("requestBody", {}).get("content", {})
    answers = [kind for answer in operation["responses"].values() for kind in answer.get("content", {}).items()]
    assert all("example" in body for body in bodies.values())
    assert answers or "204" in operation["responses"]
    assert all("example" in content for _, content in answers), operation["operationId"]
    if any(kind == "text/html" for kind, _ in answers):  # a page for people says what is wrong as a page
        assert all(kind == "text/html" for kind, _ in answers)
        return
    assert "422" not in operation["responses"] or "application/problem+json" in operation["responses"]["422"]["content"]


async def test_the_examples_of_reports_are_taken(redis_url: str, tmp_path: Path) -> None:
    """As they stand: whoever copies one is not refused."""
    async with house(redis_url, tmp_path) as (here, client):
        bodies = (await client.get("/openapi.json")).json()["paths"]["/v1/incidents"]["post"]["requestBody"]["content"]
        for kind, body in bodies.items():
            headers = here.key("source", "hotline") | {"content-type": kind}
            found = await client.post("/v1/incidents", content=json.dumps(body["example"]), headers=headers)
            assert found.status_code == 202, found.text


async def test_what_anybody_known_may_look_up(redis_url: str, tmp_path: Path) -> None:
    """The law in force, the topics, where a point lies, and whether the gateway is well."""
    async with house(redis_url, tmp_path) as (here, client):
        key = here.key("source", "hotline")
        pack = (await client.get("/v1/packs/in-force", headers=key)).json()
        assert (
            pack["ref"] == "toytown@1"
            and {"code": "bins", "label": "Bins full", "label_zh": "垃圾", "ladder": "default"} in pack["categories"]
        )
        assert (await client.get("/asyncapi.json")).json()["asyncapi"] == "3.1.0"
        assert (await client.get("/v1/grid/34.7,113.6", headers=key)).status_code == 404  # this city has no outlines
        for point in ("91,0", "0,181", "x,1", "nan,1", "1e999,1"):
            assert (await client.get(f"/v1/grid/{point}", headers=key)).status_code == 422
        assert (await client.get("/livez")).text == "alive\n"
        ready = await client.get("/readyz?verbose")
        assert ready.status_code == 200 and "[+]redis ok" in ready.text and "[+]kafka ok" in ready.text
        for method, path in (("PUT", "/v1/incidents"), ("GET", "/v1/nothing"), ("GET", "/docs")):
            found = await client.request(method, path)
            assert found.status_code == (405 if method == "PUT" else 404)
            assert found.headers["content-type"] == "application/problem+json"
            assert found.headers["x-content-type-options"] == "nosniff"
