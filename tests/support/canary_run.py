"""Canaries sent through a whole stack, looked for everywhere, and some of their people forgotten; one piece for the
short form and the long one."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.security.vault import load_vault
from engine.settings import Settings
from tests.support import canaries
from tests.support.canaries import SOURCE, Searched
from tests.support.canary_places import DEPARTMENT, Watching, Ways, all_that_is_said, metrics, receiving, until_told
from tests.support.stacks import wait

MUST_SHOW = {"topic incidents", "topic tickets.decisions", "topic tickets.state", "topic dept.ranqi.tasks", "redis",
             "postgres", "http", "sse", "webhook", "read /v1/tickets", "read /v1/tickets/{id}",
             "read /v1/queues/{name}", "read /v1/departments/{department}/events"}  # fmt: skip
"""Places where these reports must be seen, so that a search of nothing fails."""
MUST_BE_READ = {"metrics", "files logs", "files mailbox", "refusals", "read /r/{token}", "read /v1/notices",
                "read /v1/held", "read /v1/rejected", "read /v1/audit", "read /v1/erasures", "read /v1/duty",
                "read /v1/departments/{department}/webhooks/{webhook}/deliveries"}  # fmt: skip
"""Places that name no source; there must be something in them all the same."""

Export = Callable[[Searched], None]


class Run:
    """One stack, and how it is looked through."""

    def __init__(self, settings: Settings, folder: Path, ways: Ways, came: list[bytes], export: Export | None) -> None:
        self.settings, self.folder, self.ways, self._came, self._export = settings, folder, ways, came, export
        self._screen = Watching(ways.desk)

    def looked(self, times: int) -> Searched:
        """Look everywhere; each event was sent to its department so often."""
        until_told(self.ways, self.settings, self._came, times)
        found = Searched()
        asyncio.run(canaries.in_kafka(self.settings, found))
        canaries.in_redis(self.settings, found)
        canaries.in_postgres(self.settings, found)
        all_that_is_said(self.ways, self._tickets(found), self.settings, found)
        metrics(self.folder, found)
        canaries.in_files(self.folder, found)
        for line in list(self._screen.lines):
            found.look("sse", line.encode())
        for body in list(self._came):
            found.look("webhook", body)
        if self._export is not None:
            self._export(found)
        assert set(found.found) == {"topic incidents.raw"}, found.found
        assert found.controls >= MUST_SHOW, MUST_SHOW - found.controls
        assert set(found.seen) >= MUST_BE_READ, MUST_BE_READ - set(found.seen)
        return found

    def _tickets(self, found: Searched) -> list[str]:
        """All tickets of the flock, page by page."""
        rows, path = list[str](), "/v1/tickets?limit=500"
        while True:
            answer = self.ways.chief.get(path)
            assert answer.status_code == 200, answer.text
            found.look("http", answer.content)
            page: dict[str, Any] = answer.json()
            rows += [row["id"] for row in page["rows"] if row["identity"].startswith(f"{SOURCE}:")]
            if "next" not in page:
                return rows
            path = f"/v1/tickets?limit=500&cursor={page['next']}"

    def forget(self, people: int) -> None:
        """Have the keys of so many destroyed; then each event of the department is sent once more."""
        for person in range(people):
            forgotten(self.ways, person * 4)
        path = f"/v1/departments/{DEPARTMENT}/webhooks"
        (webhook,) = self.ways.department.get(path).json()["webhooks"]
        again = self.ways.department.post(f"{path}/{webhook['id']}/redrive", json={"from": "1h"})
        assert again.status_code == 202, again.text

    def end(self) -> None:
        """Look away."""
        self._screen.end()


def run(
    settings: Settings, folder: Path, ways: Ways, count: int, *, people: int, export: Export | None = None,
    compacted: Callable[[], None] | None = None,
) -> dict[str, int]:  # fmt: skip
    """Send, look, forget, look again.

    Args:
        people: How many are forgotten, of four reports each.
        export: Has what the product writes for people looked at as well, where the run may take that long.
        compacted: Has the broker drop what was deleted, where the run may wait for that.
    """
    tickets, bad = canaries.counts(count)
    vault = load_vault(settings.key_file)
    with receiving(ways) as came:
        here = Run(settings, folder, ways, came, export)
        asyncio.run(canaries.send(settings, count))
        wait(lambda: canaries.archived(settings) == tickets, 60 + count / 20, "all of them are in the archive")
        found = here.looked(1)
        assert found.found["topic incidents.raw"].total() >= count * 8 and found.seen["topic vault"] > 0
        sealed = canaries.open_all(vault, iter(asyncio.run(canaries.last_of_vault(settings))))
        assert sum(f"zq{n:05d}xk" in text for text in sealed for n in [number_of(text)]) == tickets
        here.forget(people)
        again = here.looked(2)
        here.end()
    gone = [canaries.mobile(person * 4) for person in range(people)]
    left = canaries.open_all(vault, iter(asyncio.run(canaries.last_of_vault(settings))))
    assert not [text for text in left if any(number in text for number in gone)]
    assert len(sealed) - len(left) == sum(n % canaries.REJECTED_EVERY != 13 for n in range(people * 4))
    if compacted is not None:
        compacted()
        on_disk = canaries.open_all(vault, iter(asyncio.run(canaries.last_of_vault(settings, physical=True))))
        assert not [text for text in on_disk if any(number in text for number in gone)] and len(on_disk) == len(left)
    return {"incidents": count, "tickets": tickets, "turned away": bad, "forgotten": people,
            "places": len(again.seen), "bytes looked at": found.seen.total() + again.seen.total(),
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
