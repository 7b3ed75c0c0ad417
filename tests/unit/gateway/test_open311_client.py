"""A client of Open311 from PyPI that knows nothing of us: it reads services and requests over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from georeport import GeoReport

from engine.gateway.process import Server, bound
from engine.gateway.routes import new_app
from tests.support.house import House, eventually, house


@asynccontextmanager
async def served(here: House) -> AsyncIterator[int]:
    """The house on a port of the loopback."""
    taken = bound(("127.0.0.1", 0))
    server = Server(uvicorn.Config(new_app(here.world), lifespan="off", log_config=None, http="httptools", ws="none"))
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    await eventually(lambda: server.started)
    try:
        yield int(taken.getsockname()[1])
    finally:
        server.should_exit = True
        await serving
        taken.close()


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_client_that_knows_nothing_of_us(redis_url: str, tmp_path: Path, form: str) -> None:
    """In both formats; the source's key stands in the address, for it can send no other."""
    async with house(redis_url, tmp_path) as (here, _), served(here) as port:
        tickets = [await here.report(name, text=f"of its own {name}") for name in "AB"]
        key = here.key("source", "app")["authorization"].partition(" ")[2]
        client = GeoReport(f"http://key:{key}@127.0.0.1:{port}/open311/v2", "toytown", output_format=form)
        services: list[dict[str, Any]] = await asyncio.to_thread(client.get_service_list)
        assert {"bins", "fire", "wall"} <= {one["service_code"] for one in services}
        defined = await asyncio.to_thread(client.get_service_definition, "bins")
        assert defined["service_code"] == "bins"
        one = await asyncio.to_thread(client.get_service_request, tickets[0])
        assert (one["service_request_id"], one["status"], one["description"]) == (tickets[0], "open", "of its own A")
        assert one["expected_datetime"] and one["agency_responsible"]
        many = await asyncio.to_thread(client.get_service_requests, ",".join(tickets))
        assert [found["service_request_id"] for found in many] == tickets
