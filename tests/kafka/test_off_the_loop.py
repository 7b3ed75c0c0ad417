"""What takes a core for long is worked on threads, so that whoever waits for a ticket does not wait for it; held by
where each piece of work is done, not by how long it takes."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pwdlib import PasswordHash

from engine.doors import leases, spreading
from engine.doors.filters import Filter, judged
from engine.doors.pull import Pull
from engine.doors.spreading import spread
from engine.doors.webhooks import KIND, Subscription, Webhooks
from engine.gateway import allowed
from engine.views import filters
from rules.history.explain_log import Retold
from tests.support.house import house
from tests.support.webhook_stand import AT
from topics.vocabulary import CommandKind

EVENTS = "/v1/departments/fire"
WORK = ((Filter, "takes"), (filters.Filter, "holds"), (Retold, "explain"), (PasswordHash, "verify"))


def watched(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[int]]:
    """Which threads do each piece of work."""
    threads = defaultdict[str, set[int]](set)

    def watch(kind: type, name: str) -> None:
        own: Callable[..., Any] = getattr(kind, name)

        def work(*given: Any, **named: Any) -> Any:
            threads[f"{kind.__module__}.{name}"].add(threading.get_ident())
            return own(*given, **named)

        monkeypatch.setattr(kind, name, work)

    for kind, name in WORK:
        watch(kind, name)
    return threads


async def test_no_handler_keeps_the_loop_for_itself(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trials of filters at both doors, leases by one, live and archived tickets by an expression, explanations,
    passwords."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        fire, desk = here.key("department", "fire-1", "department", "fire"), here.person("desk:desk-1")
        ticket = await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
        await here.ask(CommandKind.FINISH, "F", "department:fire", child="fire/9")
        password = here.world.accounts.add("desk-1", "person")
        threads = watched(monkeypatch)
        wants = {"filter": 'event == "dispatched"'}
        for method, path, body, who in (
            ("PUT", f"{EVENTS}/readers/main", wants, fire),
            ("PUT", f"{EVENTS}/readers/main", {"from": "1h"}, fire),
            ("POST", f"{EVENTS}/events/lease", {}, fire),
            ("GET", f"{EVENTS}/events?last=100&filter=event%20%3D%3D%20%22dispatched%22", None, fire),
            ("POST", f"{EVENTS}/webhooks", wants | {"url": "https://198.18.0.1.example/x"}, fire),
            ("GET", "/v1/tickets?live=true&filter=received_at%20%3E%200", None, desk),
            ("GET", "/v1/tickets?filter=received_at%20%3E%200", None, desk),
            ("GET", f"/v1/tickets/{ticket}/explain", None, desk),
            ("POST", "/v1/session", {"name": "desk-1", "password": password, "role": "desk"}, {}),
        ):
            before = {name: len(found) for name, found in threads.items()}
            found = await client.request(method, path, json=body, headers=who)
            assert found.status_code < 300, (path, found.text, before)
    assert len(threads) == len(WORK), threads
    assert not any(threading.get_ident() in found for found in threads.values())


async def test_between_two_trials_of_a_bulk_others_are_answered(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The law itself reads what the loop alone may touch: so it lets others in between any two."""
    async with house(redis_url, tmp_path) as (here, client):
        names = [await here.report(f"T{number}", category="leak") for number in range(4)]
        turns, told, own = [0], list[int](), allowed.judged

        def judged_(*given: Any) -> Any:
            told.append(turns[0])
            return own(*given)

        monkeypatch.setattr(allowed, "judged", judged_)

        async def turning() -> None:
            while True:
                turns[0] += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(turning())
        body = {"dry_run": True, "commands": [{"ticket": name, "kind": "note", "text": "seen"} for name in names]}
        found = await client.post("/v1/commands", json=body, headers=here.person("desk:desk-1"))
        other.cancel()
        assert found.status_code in (200, 207), found.text
        assert len(told) == 4 and len(set(told)) == 4, told


async def test_a_filter_that_runs_out_of_time_loses_nothing(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One event is judged at a time: webhook and puller have each once, in order."""
    for module in (leases, spreading):
        monkeypatch.setattr(module, "judged", partial(judged, seconds=-1.0))
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _):
        doors = await here.world.doors()
        department, wants = Pull(doors, "fire"), 'event != "test"'
        await department.put("main", wants)
        wanted = Subscription(department="fire", url="https://a.example/", filter=wants, since=AT, has_past=False)
        name, _ = await Webhooks(doors).add(wanted, "person:desk:a")
        for number in range(5):
            await here.report(f"F{number}", category="fire", home="hill", leaf="hill2", text=f"smoke {number}")
        told = [one.id for one in await department.look(0, 100)]
        assert len(told) >= 5
        for _ in told:
            assert await spread(doors) == 1
        assert await spread(doors) == 0
        leased = list[str]()
        while found := await department.lease("main", 100, 600):
            leased += [one.id for one in found]
            await department.acknowledge("main", [one.receipt for one in found])
        from engine.doors.deliveries import Deliveries

        log = [row["id"] for row in await Deliveries(doors).log(KIND + name)]
        assert leased == told and log == told[::-1]
