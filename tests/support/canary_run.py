"""Canaries sent through a whole stack, looked for everywhere, and some of their people forgotten; one piece for the
short form and the long one."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from engine.security.vault import load_vault
from engine.settings import Settings
from tests.support import canaries
from tests.support.canaries import SOURCE, Searched
from tests.support.stacks import wait

MUST_SHOW = {"topic incidents", "topic tickets.decisions", "topic tickets.state", "redis", "postgres", "http", "sse"}
"""Places where these reports must be seen, so that a search of nothing fails."""


class Ways(NamedTuple):
    """How a stack is asked."""

    source: httpx.Client
    chief: httpx.Client
    desk: httpx.Client
    security: httpx.Client
    department: httpx.Client


def looked(settings: Settings, folder: Path, ways: Ways, pages: tuple[str, ...]) -> Searched:
    """Look everywhere."""
    found = Searched()
    asyncio.run(canaries.in_kafka(settings, found))
    canaries.in_redis(settings, found)
    canaries.in_postgres(settings, found)
    canaries.in_files(folder, found)
    in_answers(ways, found)
    for page in pages:
        found.look("metrics", httpx.get(page, trust_env=False).content)
    return found


def in_answers(ways: Ways, found: Searched) -> None:
    """What the gateway says to who may see everything, and to a department."""

    def ask(who: httpx.Client, path: str) -> Any:
        given = who.get(path)
        assert given.status_code == 200, (path, given.text)
        found.look("http", given.content)
        return given.json() if "json" in given.headers["content-type"] else given.text

    rows, path = list[Any](), "/v1/tickets?limit=500"
    for _ in range(100):
        page = ask(ways.chief, path)
        rows += [row for row in page["rows"] if row["identity"].startswith(f"{SOURCE}:")]
        if "next" not in page:
            break
        path = f"/v1/tickets?limit=500&cursor={page['next']}"
    for row in rows[:12]:
        for more in ("", "/history", "/explain"):
            ask(ways.chief, f"/v1/tickets/{row['id']}{more}")
    for name in itertools.islice(ask(ways.desk, "/v1/queues")["queues"], 30):
        ask(ways.desk, f"/v1/queues/{name}")
    for path in ("rejected", "held", "reports/tickets", "reports/days", "packs/in-force"):
        ask(ways.chief, f"/v1/{path}")
    ask(ways.security, "/v1/audit")
    ask(ways.security, "/v1/erasures")
    events = ask(ways.department, "/v1/departments/ranqi/events?from=1h&last=500")
    assert events["events"], events
    ask(ways.source, "/open311/v2/requests.json")
    with ways.desk.stream("GET", "/v1/stream?queue=grid:tawan") as stream:
        for line in stream.iter_lines():
            found.look("sse", line.encode())
            if line.startswith("data:"):  # of the snapshot
                break


def run(
    settings: Settings, folder: Path, ways: Ways, count: int, *, people: int, pages: tuple[str, ...] = (),
    compacted: Callable[[], None] | None = None,
) -> dict[str, int]:  # fmt: skip
    """Send, look, forget, look again.

    Args:
        people: How many are forgotten, of four reports each.
        compacted: Has the broker drop what was deleted, where the run may wait for that.
    """
    tickets, bad = canaries.counts(count)
    asyncio.run(canaries.send(settings, count))
    wait(lambda: canaries.archived(settings) == tickets, 60 + count / 20, "all of them are in the archive")
    found = looked(settings, folder, ways, pages)
    assert set(found.found) == {"topic incidents.raw"}, found.found
    assert found.controls >= MUST_SHOW, found.controls
    assert found.found["topic incidents.raw"].total() >= count * 8 and found.seen["topic vault"] > 0
    vault = load_vault(settings.key_file)
    sealed = canaries.open_all(vault, iter(asyncio.run(canaries.last_of_vault(settings))))
    assert sum(f"zq{n:05d}xk" in text for text in sealed for n in [number_of(text)]) == tickets
    for person in range(people):
        forgotten(ways, person * 4)
    again = looked(settings, folder, ways, pages)
    assert set(again.found) == {"topic incidents.raw"}, again.found
    gone = [canaries.mobile(person * 4) for person in range(people)]
    left = canaries.open_all(vault, iter(asyncio.run(canaries.last_of_vault(settings))))
    assert not [text for text in left if any(number in text for number in gone)]
    assert len(sealed) - len(left) == sum(n % canaries.REJECTED_EVERY != 13 for n in range(people * 4))
    if compacted is not None:
        compacted()
        on_disk = canaries.open_all(vault, iter(asyncio.run(canaries.last_of_vault(settings, physical=True))))
        assert not [text for text in on_disk if any(number in text for number in gone)] and len(on_disk) == len(left)
    return {"incidents": count, "tickets": tickets, "turned away": bad, "forgotten": people,
            "bytes looked at": found.seen.total() + again.seen.total(),
            "in the raw topic": found.found["topic incidents.raw"].total()}  # fmt: skip


def number_of(text: str) -> int:
    """Which report an original is of."""
    at = text.index("zq")
    return int(text[at + 2 : at + 7])


def forgotten(ways: Ways, n: int) -> None:
    """The reporter of a report, by two people; shown before, gone after."""
    first = n + 1 if n % canaries.REJECTED_EVERY == 13 else n
    ticket = ways.chief.get(f"/v1/tickets/{SOURCE}:c-{first}").json()["id"]
    path, why = f"/v1/tickets/{ticket}/reporter/reveal", {"purpose": "call_back"}
    shown = ways.desk.post(path, json=why)
    assert shown.status_code == 200 and canaries.mobile(n) in shown.text, shown.text
    others = ways.desk.post("/v1/reporters/earlier", json={"number": canaries.mobile(n)}).json()["rows"]
    assert len(others) == sum(one % canaries.REJECTED_EVERY != 13 for one in range(n, n + 4))
    asked = ways.chief.post("/v1/reporters/erase", json={"number": canaries.mobile(n), "text": "in writing"})
    assert asked.status_code == 202, asked.text
    done = ways.security.post(f"/v1/erasures/{asked.json()['erasure']}/approve", json={})
    assert done.status_code == 200, done.text
    rejected = sum(one % canaries.REJECTED_EVERY == 13 for one in range(n, n + 4))
    assert (done.json()["reports"], done.json()["rejected"]) == (len(others), rejected)
    assert ways.desk.post(path, json=why).status_code == 410
