"""The city's outlines over HTTP: one's own grids alone, and sent once."""

from pathlib import Path

import msgspec
import pytest

from engine.gateway import maps
from tests.support.city import city_bundle
from tests.support.house import house

SQUARE = ((1_136_900_000, 347_400_000), (1_136_960_000, 347_400_000), (1_136_960_000, 347_430_000))


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    """The test's packs all have one name, which a real one's hash would tell apart."""
    maps._written.clear()


async def test_outlines_are_those_of_one_s_own_grids(redis_url: str, tmp_path: Path) -> None:
    """Closed, in degrees; a street has its own; by its tag it is not sent again."""
    bundle = city_bundle()
    nodes = tuple(
        msgspec.structs.replace(one, ring=SQUARE) if one.code in ("east1", "hill1") else one for one in bundle.nodes
    )
    async with house(redis_url, tmp_path, bundle=msgspec.structs.replace(bundle, nodes=nodes)) as (here, client):
        desk, south = here.person("desk:desk-1"), here.person("street:south-street")
        told = await client.get("/v1/map", headers=desk)
        assert told.headers["content-type"].startswith("application/geo+json")
        found = {one["properties"]["code"]: one for one in told.json()["features"]}
        assert set(found) == {"east1", "hill1"}
        (ring,) = found["east1"]["geometry"]["coordinates"]
        assert ring[0] == ring[-1] == [113.69, 34.74] and len(ring) == 4
        own = await client.get("/v1/map", headers=south)
        assert [one["properties"]["code"] for one in own.json()["features"]] == ["hill1"]
        assert own.headers["etag"] != told.headers["etag"] and "private" in told.headers["cache-control"]
        again = await client.get("/v1/map", headers=desk | {"if-none-match": told.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        weak = {"if-none-match": f'"another", W/{told.headers["etag"]}'}  # of a proxy that has packed it
        assert (await client.get("/v1/map", headers=desk | weak)).status_code == 304
        assert (await client.get("/v1/map", headers=south | weak)).status_code == 200


async def test_whoever_sees_a_ticket_sees_where_it_is(redis_url: str, tmp_path: Path) -> None:
    """Its grid, those above and those beside it, to a department that is called there too; nobody else's ticket, and a
    grid that has no outline gives none."""
    bundle = city_bundle()
    nodes = tuple(
        msgspec.structs.replace(one, ring=SQUARE) if one.code in ("hill1", "hill2", "hill", "east1") else one
        for one in bundle.nodes
    )
    async with house(redis_url, tmp_path, bundle=msgspec.structs.replace(bundle, nodes=nodes)) as (here, client):
        fire = await here.report("F", category="fire", home="hill", leaf="hill1", text="smoke")
        bare = await here.report("A", home="east", leaf="east2")

        async def drawn(who: str, ticket: str) -> set[str] | int:
            found = await client.get("/v1/map", headers=here.person(who), params={"ticket": ticket})
            if found.status_code != 200:
                return found.status_code
            return {one["properties"]["code"] for one in found.json()["features"]}

        assert await drawn("desk:desk-1", fire) == {"hill", "hill1", "hill2"}
        assert await drawn("department:fire-1", fire) == {"hill", "hill1", "hill2"}
        assert await drawn("street:south-street", bare) == 404
        assert await drawn("desk:desk-1", bare) == {"east1"}
        assert await drawn("desk:desk-1", "hill-20260302-999") == 404
