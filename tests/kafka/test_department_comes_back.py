"""A department that is taken out of the law and comes back into it: what it had by each of its doors meanwhile and
afterwards."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.support.house import House, eventually, house

EVENTS, HOOKS = "/v1/departments/fire/events", "/v1/departments/fire/webhooks"
LEFT = "town@left"


class Fire:
    """The fire department's system, by its key and by a token drawn by it."""

    def __init__(self, here: House, client: httpx.AsyncClient) -> None:
        self.here, self.client = here, client
        self.key = here.key("department", "fire-system", "department", "fire")
        self.bearer = dict[str, str]()

    async def draw(self) -> int:
        """Draw a token by the key."""
        text = self.key["authorization"].removeprefix("Bearer ")
        form = {"grant_type": "client_credentials", "client_id": text.split("_")[1], "client_secret": text}
        found = await self.client.post("/v1/token", data=form)
        if found.status_code == 200:
            self.bearer = {"authorization": f"Bearer {found.json()['access_token']}"}
        return found.status_code

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[set[int], Any]:
        """Ask by both; the statuses, and what the key was answered."""
        found = [await self.client.request(method, path, json=body, headers=who) for who in (self.bearer, self.key)]
        return {one.status_code for one in found}, found[1].json() if found[1].content else None

    async def lease(self) -> list[dict[str, Any]]:
        """Pull by the key."""
        found = await self.client.post(f"{EVENTS}/lease", json={"n": 10, "seconds": 600}, headers=self.key)
        assert found.status_code == 200, found.text
        events: list[dict[str, Any]] = found.json()["events"]
        return events

    async def settle(self, events: list[dict[str, Any]]) -> httpx.Response:
        """Acknowledge by the key."""
        body = {"receipts": [one["receipt"] for one in events]}
        return await self.client.post(f"{EVENTS}/ack", json=body, headers=self.key)


async def law(here: House, ref: str) -> None:
    """Put a pack in force, and wait until the gateway has seen to who is in it."""
    here.world.reference.current = ref
    await here.world.packs.refresh()
    await eventually(lambda: here.world.departed.looked_at == ref)


async def test_a_department_that_comes_back_goes_on_where_it_stood(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile its key, and a token drawn by it, open nothing; what its tickets brought is kept. Back, it has what was
    leased still in hand, what came since, and each event once; its webhook rests until somebody lets it go on."""
    monkeypatch.setattr("engine.gateway.world.LOOK_SECONDS", 0.02)
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        fire, former = Fire(here, client), here.world.packs.current()
        bundle = here.world.law().bundle
        left = replace(bundle, departments=tuple(one for one in bundle.departments if one.code != "fire"))
        here.world.reference.bundles[LEFT] = left
        assert await fire.draw() == 200
        await fire.lease()  # the reader begins here
        hook = (await fire.ask("POST", HOOKS, {"url": "https://receiver.example/x"}))[1]["id"]
        for name in ("A", "B"):
            await here.report(name, category="fire", home="hill", leaf="hill1", text="smoke")
        inhand = await fire.lease()
        assert len(inhand) == 2

        await law(here, LEFT)
        assert await fire.draw() == 401
        for method, path, body in (
            ("GET", HOOKS, None), ("GET", f"{HOOKS}/{hook}", None), ("POST", f"{HOOKS}/{hook}/resume", None),
            ("GET", EVENTS, None), ("POST", f"{EVENTS}/lease", {}), ("GET", "/v1/departments/fire/readers", None),
            ("GET", "/v1/tickets/app:A", None),
        ):  # fmt: skip
            assert (await fire.ask(method, path, body))[0] <= {401, 404}, path
        assert (await fire.settle(inhand)).status_code in (401, 404)
        await here.report("C", category="fire", home="hill", leaf="hill2", text="smoke")  # under the pack that it has

        await law(here, former)
        statuses, shown = await fire.ask("GET", f"{HOOKS}/{hook}")
        assert (statuses, shown["state"], shown["why"]) == ({200}, "paused", "department_left")
        assert (await fire.settle(inhand)).json()["acked"] == 2
        after = await fire.lease()
        assert [one["event"]["ticket"] for one in after] == [here.city["C"].id]
        assert (await fire.settle(after)).json()["acked"] == 1 and await fire.lease() == []
        assert (await fire.ask("POST", f"{HOOKS}/{hook}/resume"))[1]["state"] == "active"
