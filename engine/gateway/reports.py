"""Reports over HTTP: plain JSON, or CloudEvents in binary, structured and batch mode; safe on ``incidents.raw`` before
anybody is told so."""

import uuid
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import idempotency, resident
from engine.gateway.callers import Caller
from engine.gateway.http import answer, body_of, envelope_problem, object_of, parsed
from engine.gateway.problems import Problem
from engine.gateway.world import World
from engine.stages.report_reading import Fault, read
from engine.stream.contracts import Record
from topics.envelope import Headers, incident_message, read_incident
from topics.hostile_json import EnvelopeFault
from topics.ids import identity, murmur2
from topics.incident import MAX_RECORD_BYTES
from topics.registry import RAW

PLAIN, STRUCTURED, BATCH = "application/json", "application/cloudevents+json", "application/cloudevents-batch+json"
MOST = 100
"""Events of one batch."""
OF_PEOPLE = "gateway"
"""The source of what people on the roster report here."""


class Message(NamedTuple):
    """One report as it goes onto the log."""

    identity: str
    key: bytes
    value: bytes
    headers: Headers


async def report(world: World, request: Request, caller: Caller) -> Response:
    """Take one report, or a batch of them."""
    body = await body_of(world, request)
    kind = request.headers.get("content-type", PLAIN).partition(";")[0].strip().lower()
    if kind == BATCH:
        return await idempotency.once(world, request, caller, body, lambda: _batch(world, caller, body))
    if kind not in (PLAIN, STRUCTURED):
        raise Problem("wrong-type", f"send {PLAIN}, {STRUCTURED} or {BATCH}", field="Content-Type")

    async def one() -> Response:
        message = _message(world, request, caller, kind, body)
        await send(world, message)
        told = told_of(
            world, message, is_own=caller.kind == "source" or (kind == PLAIN and not _is_named(request, body))
        )
        return answer(told, 202, {"Location": told["ask"]})

    return await idempotency.once(world, request, caller, body, one)


def _message(world: World, request: Request, caller: Caller, kind: str, body: bytes) -> Message:
    if kind == STRUCTURED:
        return _event(world, caller, body, [("content-type", STRUCTURED.encode())])
    attributes = [
        ("ce_" + name[3:], text.encode("latin-1")) for name, text in request.headers.items() if name.startswith("ce-")
    ]
    if attributes:
        return _event(world, caller, body, [*attributes, ("content-type", PLAIN.encode())])
    return _plain(world, request, caller, object_of(body))


def source_of(caller: Caller) -> str:
    """Name the source that somebody's reports are of: their key's, never the body's."""
    return caller.name if caller.kind == "source" else OF_PEOPLE


def _plain(world: World, request: Request, caller: Caller, given: dict[str, Any]) -> Message:
    """Wrap what 'gridwhistle report' builds: the data of a report, with ``id`` beside it."""
    data = dict(given)
    key = idempotency.key_of(request)
    name = data.pop("id", None)
    if name is None:
        name = str(uuid.uuid4()) if key is None else idempotency.drawn_from(caller, key)
    if not isinstance(name, str) or not name:  # a report that is sent again without its id would be another one
        raise Problem("invalid", "its id at the source, a text; leave it out if there is none", field="id")
    data.setdefault("occurred_at", datetime.fromtimestamp(world.now / 1000, UTC).isoformat())
    data.setdefault("channel", "app")
    key_bytes, value, headers = incident_message(source_of(caller), name, data)
    return judged(world, Message(identity(source_of(caller), name), key_bytes, value, headers=headers))


def _event(world: World, caller: Caller, value: bytes, headers: Headers) -> Message:
    try:
        envelope = read_incident(value, headers)
    except EnvelopeFault as exc:
        raise envelope_problem(exc) from exc
    if envelope.source != source_of(caller):
        raise Problem("invalid", f"this key reports as {source_of(caller)!r}", field="source")
    return judged(world, Message(envelope.identity, envelope.identity.encode(), value, headers=headers))


def judged(world: World, message: Message) -> Message:
    """Read it as intake will: what would be rejected there is said here.

    Raises:
        Problem: Names the field and the mend.
    """
    if len(message.value) > MAX_RECORD_BYTES:
        raise Problem(
            "too-large",
            f"a report has at most {MAX_RECORD_BYTES} bytes; name pictures by their address",
            most_bytes=MAX_RECORD_BYTES,
        )
    record = Record(
        topic=RAW.name,
        partition=0,
        offset=0,
        key=message.key,
        value=message.value,
        headers=message.headers,
        appended_ms=0,
        appended_at=world.now,
    )
    try:
        read(record, world.now)
    except Fault as exc:
        raise Problem("invalid", str(exc), field=exc.field, reason=exc.reason.value) from exc
    return message


async def send(world: World, message: Message) -> None:
    """Put it where every producer would: Kafka's own hash of the key.

    Raises:
        Problem: Kafka is away; sent again under this id, it counts once.
    """
    partition = (murmur2(message.key) & 0x7FFFFFFF) % world.settings.partitions
    try:
        await world.door.send(RAW.name, partition, message.key, message.value, message.headers)
    except Problem as problem:
        problem.more["identity"] = message.identity
        raise


def _is_named(request: Request, body: bytes) -> bool:
    """Whether whoever reports chose the report's id: on the roster they might name another's, which tickets show."""
    return "id" in object_of(body) or any(name.startswith("ce-") for name in request.headers)


def told_of(world: World, message: Message, is_own: bool) -> dict[str, Any]:
    """Say where a report's ticket is asked for; who reports for themselves is given their link."""
    told = {"identity": message.identity, "ask": f"/v1/tickets/{quote(message.identity, safe=':')}"}
    link = resident.address(world, message.identity) if is_own else None
    return told | ({"link": link} if link else {})


async def _batch(world: World, caller: Caller, body: bytes) -> Response:
    """Take each event by itself; the answer names each one's fate, in order."""
    events = parsed(body)
    if not isinstance(events, list) or not 0 < len(events) <= MOST:
        raise Problem("invalid", f"a batch is a list of 1 to {MOST} events", most=MOST)
    told = []
    for event in events:
        try:
            message = _event(world, caller, msgspec.json.encode(event), [("content-type", STRUCTURED.encode())])
        except Problem as problem:
            told.append(problem.told())
            continue
        await send(world, message)
        told.append({"status": 202, **told_of(world, message, is_own=caller.kind == "source")})
    statuses = {one["status"] for one in told}
    status = 202 if statuses == {202} else 207 if 202 in statuses else 422
    return answer({"reports": told}, status)
