"""Where canaries are looked for beside a stack's stores: all that its doors say to everybody, its metrics, what is sent
to departments, and what somebody sees who watches all the while."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import httpx

from engine.gateway.policy import POLICIES
from engine.security.report_links import ReportLinks
from engine.security.vault import load_keys
from engine.settings import Settings
from tests.support import canaries
from tests.support.canaries import Searched
from tests.support.stacks import wait
from topics.departments import tasks_of

DEPARTMENT = "ranqi"
NOT_HERE = {"/v1/stream", "/v1/session/oidc", "/v1/session/oidc/callback", "/v1/packs/waiting/{ref}",
            "/v1/packs/what-if/{job}", "/v1/handovers/{handover}", "/v1/tickets/{id}/photos/{photo}",
            "/open311/v2/tokens/{token}.{format}"}  # fmt: skip
"""Watched for themselves, or of things that there are none of here. Any other address that is read is asked."""


KINDS = {
    "source": "source",
    "department": "department",
    "security": "security_admin",
    "system": "system_admin",
    "auditor": "auditor",
}
"""What they are; the others are persons."""
QUERY = {"/v1/departments/{department}/events": {"from": "1h", "last": "500"}}


class Ways(NamedTuple):
    """How a stack is asked."""

    source: httpx.Client
    chief: httpx.Client
    desk: httpx.Client
    department: httpx.Client
    security: httpx.Client
    system: httpx.Client
    auditor: httpx.Client


def all_that_is_said(ways: Ways, tickets: list[str], settings: Settings, found: Searched) -> None:
    """Every address that is read, by everybody, about some of these tickets."""
    links = ReportLinks(*load_keys(settings.key_file))
    (webhook,) = ways.department.get(f"/v1/departments/{DEPARTMENT}/webhooks").json()["webhooks"]
    known = {
        "department": [DEPARTMENT], "webhook": [webhook["id"]], "report": ["tickets", "days", "breaches"],
        "name": ["desk", "mine", "grid:tawan", "tier:grid"], "lat": ["34.757"], "lon": ["113.66"], "code": ["x"],
        "format": ["json", "xml"], "token": [links.name("flock:c-1"), links.name("flock:c-7")], "id": tickets[:3],
    }  # fmt: skip
    paths = ways.chief.get("/openapi.json").json()["paths"]
    asked = {path: more["get"]["operationId"] for path, more in paths.items() if "get" in more}
    assert asked.keys() >= NOT_HERE, NOT_HERE - asked.keys()
    for path in sorted(asked.keys() - NOT_HERE):
        kinds = POLICIES[asked[path]].kinds
        spots = [name for name in known if f"{{{name}}}" in path]
        assert path.count("{") == len(spots), f"{path} is asked by nobody: say what stands in it"
        for choice in range(max([len(known[name]) for name in spots], default=1)):
            given = {name: quote(known[name][min(choice, len(known[name]) - 1)]) for name in spots}
            for who, client in ways._asdict().items():
                if KINDS.get(who, "person") not in kinds:
                    continue
                if path == "/r/{token}" and client is not ways.source:
                    continue  # the same page for whoever has the link, who may look but twice a second
                answer = client.get(path.format(**given), params=QUERY.get(path))
                assert answer.status_code < 500 and answer.status_code != 429, (who, path, answer.text)
                found.look(f"read {path}" if answer.status_code == 200 else "refusals", answer.content)


def metrics(folder: Path, found: Searched) -> None:
    """What Prometheus is told of every process; each has its page."""
    processes = json.loads((folder / "stack.json").read_text())["processes"]
    ports = {name: one["port"] for name, one in processes.items() if one["stage"] not in ("server", "watch")}
    assert len(ports) >= 8, ports
    for name, port in ports.items():
        page = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).content
        assert b"gridwhistle_" in page, name
        found.look("metrics", page)


@contextmanager
def receiving(ways: Ways) -> Iterator[list[bytes]]:
    """A department's system that takes each event by webhook; heads and bodies, as they come."""
    came = list[bytes]()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(str(self.headers).encode() + self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        path = f"/v1/departments/{DEPARTMENT}/webhooks"
        made = ways.department.post(path, json={"url": f"http://127.0.0.1:{server.server_port}/events"})
        assert made.status_code == 201, made.text
        try:
            yield came
        finally:
            assert ways.department.delete(f"{path}/{made.json()['id']}").status_code == 204
            server.shutdown()


class Watching:
    """The desk's screen from before the flood on, in a thread of its own."""

    def __init__(self, desk: httpx.Client) -> None:
        self.lines, self._is_over = list[str](), threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(desk,), daemon=True)
        self._thread.start()

    def _watch(self, desk: httpx.Client) -> None:
        with desk.stream("GET", "/v1/stream?queue=open") as stream:
            for line in stream.iter_lines():
                self.lines.append(line)
                if self._is_over.is_set():
                    return

    def end(self) -> None:
        """Look away with the next sign of life."""
        self._is_over.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def until_told(ways: Ways, settings: Settings, came: list[bytes], times: int) -> None:
    """Wait until the department's topic has tasks, and each of its events was sent so often."""
    events = ways.department.get(f"/v1/departments/{DEPARTMENT}/events?from=1h&last=500").json()["events"]
    assert events
    topic = tasks_of(DEPARTMENT)
    wait(lambda: bool(asyncio.run(canaries.committed(settings, topic, 3))), 120, "tasks are there")
    wait(lambda: sum(b"webhook-id" in one for one in came) >= times * len(events), 120, "webhooks are sent")
