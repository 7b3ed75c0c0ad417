"""A department's webhooks over HTTP: made, tried, changed and looked at by whom they are, from a report to a
receiver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from engine.calling_off import called_off
from engine.doors.store import Doors
from engine.notifier.http import Poster
from engine.notifier.loop import SendingLoop
from engine.notifier.pauses import Pauses
from engine.notifier.signed import WebhookKind
from engine.observability.metrics import StageMetrics
from tests.support.house import House, eventually, house
from tests.support.receiver import Receiver, failing, good
from tests.support.webhook_stand import until

HOOKS = "/v1/departments/fire/webhooks"


@asynccontextmanager
async def sending(here: House) -> AsyncIterator[None]:
    """A notifier on the house's database."""
    doors, poster = Doors(here.settings), Poster("loopback")
    loop = SendingLoop(
        doors, [WebhookKind(doors, poster)], Pauses(0.02), metrics=StageMetrics("notifier"), keep_days=400
    )
    running = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        await called_off(running)
        await poster.close()
        await doors.close()


class Department:
    """The fire department, at its own door."""

    def __init__(self, here: House, client: httpx.AsyncClient) -> None:
        self.client, self.headers = client, here.key("department", "fire-system", "department", "fire")

    async def ask(self, method: str, path: str = "", status: int = 200, body: Any = None) -> Any:
        """Ask, and be answered so."""
        found = await self.client.request(method, HOOKS + path, json=body, headers=self.headers)
        assert found.status_code == status, (method, path, found.status_code, found.text)
        return found.json() if found.content else None


async def test_from_a_report_to_a_receiver(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """A new webhook is tried by a test, given what happens from then on, refused and sent again, paused and resumed,
    given another secret, asked for what was before it, and deleted."""
    receiver = Receiver({"a": good, "b": failing(1)})
    await receiver.start()
    more = {"database_url": database_url, "webhook_reach": "loopback"}
    try:
        async with house(redis_url, tmp_path, **more) as (here, client), sending(here):
            fire = Department(here, client)
            await here.report("A", category="fire", home="hill", leaf="hill1", text="smoke")
            await lived(fire, here, receiver)
    finally:
        await receiver.stop()


async def lived(fire: Department, here: House, receiver: Receiver) -> None:
    """A webhook's life."""
    made = await fire.ask("POST", "", 201, {"url": receiver.url("a"), "filter": "event == 'dispatched'"})
    receiver.secrets["a"], hook = [made["secret"]], f"/{made['id']}"
    assert (made["matched"], made["of"]) == (1, 1) and made["secret"].startswith("whsec_")
    tried = await fire.ask("POST", f"{hook}/test", 202)
    await until(lambda: receiver.taken["a"] == [tried["id"]])
    await here.report("B", category="fire", home="hill", leaf="hill2", text="more smoke")
    await until(lambda: len(receiver.taken["a"]) == 2)
    one = receiver.taken["a"][1]
    assert '"dispatched"' in receiver.came["a"][1][1] and receiver.forged == []

    await fire.ask("POST", f"{hook}/pause")
    await here.report("C", category="fire", home="hill", leaf="hill1", text="much smoke")
    changed = await fire.ask("PATCH", hook, 200, {"url": receiver.url("b"), "filter": ""})
    assert (changed["state"], changed["why"], changed["filter"], changed["matched"]) == ("paused", "asked", "", 3)
    await fire.ask("POST", f"{hook}/test", 422)
    rotated = await fire.ask("POST", f"{hook}/rotate", 200, {"overlap_hours": 1})
    receiver.secrets["b"] = [rotated["secret"]]
    assert (await fire.ask("POST", f"{hook}/resume"))["state"] == "active"
    await until(lambda: len(receiver.taken["b"]) == 1)
    assert len(receiver.came["b"]) == 2, "it was refused once, and sent again with the same id"
    assert receiver.came["b"][0] == receiver.came["b"][1] and receiver.forged == []

    assert (await fire.ask("POST", f"{hook}/redrive", 202, {"id": one})) == {"again": 1}
    await until(lambda: one in receiver.taken["b"])
    await fire.ask("POST", f"{hook}/redrive", 202, {"from": "1d"})
    await until(lambda: len(set(receiver.taken["b"])) == 3)
    await until(lambda: told(fire, hook))
    page = await fire.ask("GET", f"{hook}/deliveries?state=sent&limit=2")
    rest = await fire.ask("GET", f"{hook}/deliveries?state=sent&cursor={page['next'].replace('#', '%23')}")
    seen = [row["id"] for row in page["deliveries"] + rest["deliveries"]]
    assert {tried["id"], one} < set(seen) and len(seen) == len(set(seen)) == 4
    shown = await fire.ask("GET", hook)
    assert shown["made_by"].endswith("fire-system") and "secret" not in str(shown)
    await fire.ask("DELETE", hook, 204)
    assert (await fire.ask("GET"))["webhooks"] == [] and await fire.ask("GET", hook, 404)


async def told(fire: Department, hook: str) -> bool:
    """Whether everything is sent, by the log."""
    return not (await fire.ask("GET", f"{hook}/deliveries?state=waiting"))["deliveries"]


async def test_what_does_not_fit_or_is_another_s_is_refused(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """Each with the field; addresses of our own network; another department, an auditor who changes, and people of no
    department."""
    more = {"database_url": database_url, "gateway_requests_per_second": 10_000}
    async with house(redis_url, tmp_path, **more) as (here, client):
        fire = Department(here, client)
        inside = ("http://127.0.0.1/", "https://127.0.0.1/", "https://10.0.0.1/x", "https://169.254.169.254/", "x", 1)
        for url in inside:
            assert (await fire.ask("POST", "", 422, {"url": url}))["field"] == "url", url
        good_url = "https://receiver.example/x"
        wrong = (({"filter": "colour == 1"}, "filter"), ({"filter": 1}, "filter"), ({"from": "soon"}, "from"),
                 ({"colour": 1}, "colour"))  # fmt: skip
        for members, field in wrong:
            assert (await fire.ask("POST", "", 422, {"url": good_url, **members}))["field"] == field
        made = await fire.ask("POST", "", 201, {"url": good_url})
        hook = f"/{made['id']}"
        for path, body, field in (
            ("/rotate", {"overlap_hours": 169}, "overlap_hours"), ("/redrive", {"id": "a", "all": True}, "id"),
            ("/redrive", {}, "id"), ("/redrive", {"id": "none"}, "id"), ("/redrive", {"all": 1}, "id"),
            ("/redrive", {"id": "a\0"}, "id"),
        ):  # fmt: skip
            assert (await fire.ask("POST", hook + path, 422, body))["field"] == field, (path, body)
        for query, field in (("state=x", "state"), ("cursor=x", "cursor"), ("cursor=9~%00", "cursor"), ("x=1", "x")):
            assert (await fire.ask("GET", f"{hook}/deliveries?{query}", 422))["field"] == field
        await others(here, client, HOOKS + hook)
        for _ in range(19):
            await fire.ask("POST", "", 201, {"url": good_url})
        assert (await fire.ask("POST", "", 422, {"url": good_url}))["field"] == "department"


async def others(here: House, client: httpx.AsyncClient, hook: str) -> None:
    """What is theirs is absent for others; an auditor looks and does nothing."""
    auditor = await here.login(client, "auditor-1", "auditor")
    water = here.key("department", "water-system", "department", "water")
    own_people, desk = here.person("department:fire-1"), here.person("desk:desk-1")
    for headers, reads, writes in ((auditor, 200, 404), (water, 404, 404), (own_people, 200, 200), (desk, 404, 404)):
        assert (await client.get(hook, headers=headers)).status_code == reads
        assert (await client.post(f"{hook}/pause", headers=headers)).status_code == writes
    elsewhere = hook.replace("/fire/", "/water/")
    assert (await client.get(elsewhere, headers=water)).status_code == 404
    assert (await client.get(hook.replace("/fire/", "/none/"), headers=auditor)).status_code == 404


async def test_a_law_without_the_department_lets_its_webhooks_rest(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by the gateway when another pack is in force; its key opens nothing meanwhile, and afterwards shows why."""
    monkeypatch.setattr("engine.gateway.world.LOOK_SECONDS", 0.02)
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        world, fire = here.world, Department(here, client)
        name = (await fire.ask("POST", status=201, body={"url": "https://a.example/x"}))["id"]
        former, bundle = world.packs.current(), world.law().bundle
        await eventually(lambda: world.departed.looked_at == former)
        assert (await fire.ask("GET", f"/{name}"))["state"] == "active"
        left = replace(bundle, departments=tuple(one for one in bundle.departments if one.code != "fire"))
        world.reference.bundles["town@left"] = left
        for ref in ("town@left", former):
            world.reference.current = ref
            await world.packs.refresh()
            await eventually(lambda: world.departed.looked_at == ref)  # noqa: B023 - awaited before the next
            await client.get(HOOKS, headers=fire.headers)
        found = await fire.ask("GET", f"/{name}")
        assert (found["state"], found["why"]) == ("paused", "department_left")
        assert world.metrics.counters["alarms", ("department_left",)] == 1
        assert (await fire.ask("POST", f"/{name}/resume"))["state"] == "active"
