"""What strangers and callers try at the HTTP doors: who sends what, how it is answered, and the word that says why."""

import json
from typing import Any, NamedTuple
from urllib.parse import unquote

from topics.incident import INCIDENT_TYPE

JSON, CE, BATCH = "application/json", "application/cloudevents+json", "application/cloudevents-batch+json"
FORM = "application/x-www-form-urlencoded"
WHERE = {"location": {"grid": "east1"}}
DATA = {"occurred_at": "2026-03-02T09:00:00+08:00", "channel": "hotline", "category": "bins", **WHERE}
HERE = "there is no such thing"
"""What is said of what is absent and of what is another's."""


class Attack(NamedTuple):
    """One try: ``who`` by name, ``ask`` as method and path; ``{ticket}`` and the like are filled in by the test."""

    name: str
    who: str
    ask: str
    status: int
    why: str
    """Stands in the answer."""
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


def told(name: str, who: str, ask: str, status: int, why: str, given: Any, **headers: str) -> Attack:
    """An attack by JSON; a header's ``_`` is a ``-``."""
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    named = {key.replace("_", "-"): text for key, text in headers.items()}
    return Attack(name, who, ask, status, why, body=body, headers=tuple(({"content-type": JSON} | named).items()))


def report(name: str, status: int, why: str, given: Any, who: str = "hotline", **headers: str) -> Attack:
    """An attack by a report."""
    return told(name, who, "POST /v1/incidents", status, why, given, **headers)


def event(**changes: Any) -> dict[str, Any]:
    """A structured CloudEvent, as a source sends one."""
    return {"specversion": "1.0", "id": "7", "source": "hotline", "type": INCIDENT_TYPE, "data": DATA} | changes


def binary(**changes: str) -> dict[str, str]:
    """The attributes of one in binary mode."""
    known = {"ce_specversion": "1.0", "ce_id": "7", "ce_source": "hotline", "ce_type": INCIDENT_TYPE} | changes
    return {name: text for name, text in known.items() if text is not None}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str


async def sent(app: Any, ask: str, headers: list[tuple[str, str]], body: bytes = b"") -> Answer:
    """Ask the application as a server does, byte by byte as written: no client puts paths or headers right."""
    method, _, target = ask.partition(" ")
    path, _, query = target.partition("?")
    raw = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers]
    if not any(name == b"host" for name, _ in raw):
        raw.append((b"host", b"127.0.0.1"))
    if body and not any(name == b"content-length" for name, _ in raw):
        raw.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": raw, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    given = [{"type": "http.request", "body": body, "more_body": False}]
    came: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        came.append(message)

    await app(scope, receive, send)
    text = b"".join(one.get("body", b"") for one in came).decode(errors="surrogateescape")
    return Answer(came[0]["status"], [(n.decode(), v.decode("latin-1")) for n, v in came[0]["headers"]], text)
