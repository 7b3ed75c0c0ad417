"""The city's outlines over HTTP: one's own grids alone, and sent once."""

from pathlib import Path

import msgspec

from tests.support.city import city_bundle
from tests.support.house import house

SQUARE = ((1_136_900_000, 347_400_000), (1_136_960_000, 347_400_000), (1_136_960_000, 347_430_000))


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
