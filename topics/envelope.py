"""CloudEvents 1.0.2 around what passes a door, in binary and structured mode, by the CloudEvents SDK."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka, to_binary_event, to_structured_event
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from topics import bounds, codec
from topics.hostile_json import LONGEST_NAME, REQUIRED, EnvelopeFault, parse, said
from topics.ids import folded, identity, source_part
from topics.incident import INCIDENT_TYPE, unfit_name
from topics.rejected import RejectReason
from topics.task import Reply, Task

Headers = list[tuple[str, bytes]]
Received = Sequence[tuple[str, bytes | None]]
"""Headers as they come: Kafka allows null values, doubles, and bytes that are no text."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says about itself, and its data as parsed JSON."""

    source: str
    identity: str
    """``<source>:<id>``, as identities are compared."""
    type: str
    data: Any
    raw: bytes = b""
    """The record's value as it came: what is sealed is a slice of it, and grows by nothing."""
    is_structured: bool = False
    """The data are a member of the value, not the whole."""


class _Parsed(JSONFormat):  # type: ignore[misc]
    """The SDK's JSON format with our reader under it: its own accepts NaN and falls over deep nesting."""

    def read(self, event_factory: Any, data: str | bytes) -> BaseCloudEvent:
        members = parse(data.encode() if isinstance(data, str) else data)
        if not isinstance(members, dict):
            raise EnvelopeFault(RejectReason.UNREADABLE, "", "a structured CloudEvent is a JSON object")
        data_member = members.pop("data", None)
        if len(members) > bounds.MEMBERS:
            raise EnvelopeFault(RejectReason.TOO_LARGE, "", f"more than {bounds.MEMBERS} attributes")
        if isinstance(members.get("time"), str):
            members["time"] = _time(members["time"])
        return _event_of(members, data_member)

    def read_data(self, body: bytes, datacontenttype: str | None) -> Any:
        return parse(body)


_FORMAT = _Parsed()


def _event_of(attributes: dict[str, Any], data: Any) -> BaseCloudEvent:
    """Make the event, or name the attribute it lacks; nothing is drawn or filled in."""
    for name in REQUIRED:
        if name not in attributes:
            raise EnvelopeFault(RejectReason.MISSING_FIELD, name, f"the CloudEvent has no attribute {name}")
    if attributes["specversion"] != "1.0":
        raise EnvelopeFault(RejectReason.UNKNOWN_VERSION, "specversion", "this door reads CloudEvents 1.0")
    return CloudEvent(attributes, data)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as exc:
        raise EnvelopeFault(RejectReason.INVALID_FIELD, "time", "the CloudEvent's time is not RFC 3339") from exc


def incident_message(
    source: str, external_id: str, data: dict[str, Any], *, time: datetime | None = None, structured: bool = False
) -> tuple[bytes, bytes, Headers]:
    """Wrap a report for ``incidents.raw``: key ``<source>:<id>``, value, headers."""
    attributes = {
        "id": external_id,
        "source": source,
        "type": INCIDENT_TYPE,
        "specversion": "1.0",
        "time": time or datetime.now(UTC),
        "datacontenttype": "application/json",
        "partitionkey": identity(source, external_id),
    }
    message = (to_structured_event if structured else to_binary_event)(CloudEvent(attributes, data), JSONFormat())
    return identity(source, external_id).encode(), message.value, list(message.headers.items())


def read_incident(value: bytes, headers: Received) -> Envelope:
    """Read a CloudEvent in either mode.

    Raises:
        EnvelopeFault: It is none, or not one of ours; with the reason and the field.
    """
    ours: dict[str, Any] = dict(headers)
    if not (plain := len(ours) == len(headers) and _is_plain(ours)):  # doubles, or what others add for tracing
        plain = _is_plain(ours := _ours(headers))
    if plain:
        data, source = parse(value), ours["ce_source"].decode()
        name = _identity(source, ours["ce_id"].decode())
        return Envelope(source=source, identity=name, type=INCIDENT_TYPE, data=data, raw=value)
    event = _event(value, ours)
    kind = event.get_type()
    if kind != INCIDENT_TYPE:
        family = INCIDENT_TYPE.rsplit(".", 1)[0]
        reason = RejectReason.UNKNOWN_VERSION if str(kind).rsplit(".", 1)[0] == family else RejectReason.WRONG_TYPE
        raise EnvelopeFault(reason, "type", f"this door takes {INCIDENT_TYPE}")
    return Envelope(
        source=event.get_source(),
        identity=_identity(event.get_source(), event.get_id()),
        type=kind,
        data=event.get_data(),
        raw=value,
        is_structured="ce_"
        not in {name[:3] for name in ours},  # the SDK finds the attributes in the value: no header of theirs
    )


_PLAIN = frozenset({"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_partitionkey", "content-type"})
_PLAIN_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)")


def _is_plain(ours: Mapping[str, Any]) -> bool:
    """Whether headers are so ordinary that the SDK, which takes a tenth of intake's CPU, could find nothing in them:
    binary mode, our type, no attribute of the sender's own, ASCII, a time that is one. Tested equal to its reading."""
    if (
        ours.get("ce_type") != _TYPE
        or ours.get("ce_specversion") != b"1.0"
        or not ours.keys() >= {"ce_id", "ce_source"}
        or not ours.keys() <= _PLAIN
        or not all(ours.values())
    ):
        return False
    texts = b"".join(ours.values())
    if not texts.isascii() or len(texts) > bounds.ATTRIBUTE_BYTES:  # one alone may be as long
        return False
    time = ours.get("ce_time")
    if time is None:
        return True
    try:
        return _PLAIN_TIME.fullmatch(time) is not None and bool(datetime.fromisoformat(time.decode()))
    except ValueError:
        return False


_TYPE = INCIDENT_TYPE.encode()


class _Enveloped(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Personal(msgspec.Struct):
    reporter: msgspec.Raw = msgspec.Raw(b"null")
    attributes: dict[str, msgspec.Raw] | None = None


_ENVELOPED, _PERSONAL = msgspec.json.Decoder(_Enveloped), msgspec.json.Decoder(_Personal)


def personal_of(envelope: Envelope, open_names: Collection[str]) -> dict[str, Any]:
    """Slice what is to be sealed out of the bytes that came: the reporter, and the attributes that may not go on.

    Nothing is written anew: 104,000 numbers like ``1e9`` would grow fivefold.
    """
    raw = envelope.raw
    if envelope.is_structured:
        raw = bytes(_ENVELOPED.decode(raw).data)
    found = _PERSONAL.decode(raw)
    private = {name: value for name, value in (found.attributes or {}).items() if name not in open_names}
    kept = {
        "reporter": found.reporter if bytes(found.reporter) not in (b"null", b"{}") else None,
        "attributes": private,
    }
    return {name: value for name, value in kept.items() if value}


def _identity(source: str, external_id: str) -> str:
    return f"{_source(source)}:{folded(_name('id', external_id))}"


@lru_cache(maxsize=512)
def _source(source: str) -> str:
    """What stands for a source in its identities: thousands of reports have the same."""
    return source_part(folded(_name("source", source)))


def _name(field: str, text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise EnvelopeFault(RejectReason.INVALID_FIELD, field, f"at most {LONGEST_NAME} characters")
    if fault := unfit_name(text):
        raise EnvelopeFault(RejectReason.BAD_TEXT, field, fault)
    if not folded(text):
        raise EnvelopeFault(RejectReason.BAD_TEXT, field, "holds nothing that can be seen")
    return text


def _ours(headers: Received) -> dict[str, bytes]:
    """Keep the headers CloudEvents speaks of; what others add for tracing is none of our business."""
    if len(headers) > bounds.HEADERS:
        raise EnvelopeFault(RejectReason.TOO_LARGE, "headers", f"more than {bounds.HEADERS} headers")
    kept: dict[str, bytes] = {}
    for given, text in headers:
        name = given.lower()
        if name == "content-type" or name.startswith("ce_"):
            if name in kept:
                raise EnvelopeFault(RejectReason.INVALID_FIELD, "headers", f"the header {said(name)} is given twice")
            if text is None:
                raise EnvelopeFault(RejectReason.INVALID_FIELD, "headers", f"the header {said(name)} has no value")
            if len(text) > bounds.ATTRIBUTE_BYTES:
                raise EnvelopeFault(
                    RejectReason.INVALID_FIELD, name.removeprefix("ce_")[:50], f"at most {bounds.ATTRIBUTE_BYTES} bytes"
                )
            kept[name] = text
    return kept


def _event(value: bytes, ours: dict[str, bytes]) -> BaseCloudEvent:
    message = KafkaMessage(ours, None, value)
    try:
        # attributes may be anything at all, and the SDK reads them without asking
        return from_kafka(message, _FORMAT, _event_of)
    except EnvelopeFault:
        raise
    except CloudEventValidationError as exc:
        field = str(next(iter(exc.errors), ""))[:50]
        raise EnvelopeFault(
            RejectReason.INVALID_FIELD, field, f"the CloudEvent's attribute {said(field)} is wrong"
        ) from exc
    except UnicodeDecodeError as exc:
        raise EnvelopeFault(RejectReason.UNREADABLE, "headers", "the value of a header ce_… is not UTF-8") from exc
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as exc:
        raise EnvelopeFault(RejectReason.UNREADABLE, "headers", f"no CloudEvent: {type(exc).__name__}") from exc


_TASK_HEADERS: Headers = [
    ("ce_specversion", b"1.0"),
    ("ce_source", b"gridwhistle"),
    ("content-type", b"application/json"),
]


def task_message(task: Task) -> tuple[bytes, bytes, Headers]:
    """Wrap a department's task, in binary mode; by hand, as fan-out is hot, and tested equal to the SDK's reading."""
    headers = [
        *_TASK_HEADERS,
        ("ce_id", task.id.encode()),
        ("ce_type", f"org.gridwhistle.task.{task.event}.v1".encode()),
        ("ce_time", task.at.encode()),
        ("ce_partitionkey", task.ticket.encode()),
    ]
    return task.ticket.encode(), codec.encode(task), headers


def read_reply(value: bytes | None, headers: Received) -> Reply:
    """Read a department's reply: plain JSON, or a CloudEvent around it.

    Raises:
        ValueError: It cannot be read (``pydantic.ValidationError`` names the field).
    """
    if value is None:
        raise EnvelopeFault(RejectReason.NULL_VALUE, "", "a reply needs a value")
    if len(value) > bounds.COMMAND_BYTES:
        raise EnvelopeFault(RejectReason.TOO_LARGE, "", f"at most {bounds.COMMAND_BYTES} bytes")
    ours = _ours(headers)
    is_event = "ce_specversion" in ours or b"cloudevents" in ours.get("content-type", b"").lower()
    return Reply.model_validate(_event(value, ours).get_data() if is_event else parse(value))
