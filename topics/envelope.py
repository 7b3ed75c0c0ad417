"""CloudEvents 1.0.2 around what passes a door, in binary and structured mode, by the CloudEvents SDK."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from topics import codec
from topics.ids import identity
from topics.incident import INCIDENT_TYPE
from topics.task import Reply, Task
from topics.vocabulary import RejectReason

Headers = list[tuple[str, bytes]]

DEEPEST = 32
"""Levels of nesting a door reads: no honest record has ten."""

_ANY = msgspec.json.Decoder()


class EnvelopeFault(ValueError):
    """An incoming record cannot be read as a CloudEvent of ours: the reason, and the field to mend."""

    def __init__(self, reason: RejectReason, field: str, message: str) -> None:
        """Keep reason and field beside the message."""
        super().__init__(message)
        self.reason, self.field = reason, field


class Envelope(msgspec.Struct, frozen=True):
    """What a record says about itself, and its data as parsed JSON."""

    source: str
    external_id: str
    type: str
    data: Any

    @property
    def identity(self) -> str:
        """``<source>:<id>``."""
        return identity(self.source, self.external_id)


def parse(raw: bytes) -> Any:
    """Read hostile JSON: strict UTF-8, no NaN, bounded depth, and never a long search.

    Raises:
        EnvelopeFault: It is too deep, or no JSON.
    """
    try:
        found = _ANY.decode(raw)
    except RecursionError as exc:
        raise EnvelopeFault(RejectReason.TOO_DEEP, "data", f"nested deeper than {DEEPEST} levels") from exc
    except msgspec.DecodeError as exc:
        raise EnvelopeFault(RejectReason.UNREADABLE, "data", f"no JSON: {exc}") from exc
    except UnicodeDecodeError as exc:
        raise EnvelopeFault(RejectReason.UNREADABLE, "data", f"not UTF-8: {exc.reason}") from exc
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _depth(found) > DEEPEST:
        raise EnvelopeFault(RejectReason.TOO_DEEP, "data", f"nested deeper than {DEEPEST} levels")
    return found


def _depth(value: Any) -> int:
    """Measure nesting level by level, without recursion."""
    level, here = 0, [value]
    while here and level <= DEEPEST:
        level += 1
        here = [
            inner
            for outer in here
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return level


class _Parsed(JSONFormat):  # type: ignore[misc]
    """The SDK's JSON format with our reader under it: its own accepts NaN and falls over deep nesting."""

    def read(self, event_factory: Any, data: str | bytes) -> BaseCloudEvent:
        members = parse(data.encode() if isinstance(data, str) else data)
        if not isinstance(members, dict):
            raise EnvelopeFault(RejectReason.UNREADABLE, "", "a structured CloudEvent is a JSON object")
        data_member = members.pop("data", None)
        if isinstance(members.get("time"), str):
            members["time"] = _time(members["time"])
        return CloudEvent(members, data_member)

    def read_data(self, body: bytes, datacontenttype: str | None) -> Any:
        return parse(body)


_FORMAT = _Parsed()


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as exc:
        raise EnvelopeFault(RejectReason.INVALID_FIELD, "time", "the CloudEvent's time is not RFC 3339") from exc


def incident_message(source: str, external_id: str, data: dict[str, Any], *, time: datetime | None = None, structured: bool = False) -> tuple[bytes, bytes, Headers]:
    """Wrap a report for ``incidents.raw``: key ``<source>:<id>``, value, headers."""
    attributes = {
        "id": external_id, "source": source, "type": INCIDENT_TYPE, "specversion": "1.0", "time": time or datetime.now(UTC),
        "datacontenttype": "application/json", "partitionkey": identity(source, external_id),
    }  # fmt: skip
    message = (to_structured_event if structured else to_binary_event)(CloudEvent(attributes, data), JSONFormat())
    return identity(source, external_id).encode(), message.value, list(message.headers.items())


def read_incident(key: bytes | None, value: bytes, headers: Sequence[tuple[str, bytes]]) -> Envelope:
    """Read a CloudEvent in either mode.

    Raises:
        EnvelopeFault: It is none, or not one of ours; with the reason and the field.
    """
    event = _event(value, headers)
    kind = event.get_type()
    if kind != INCIDENT_TYPE:
        family = INCIDENT_TYPE.rsplit(".", 1)[0]
        reason = RejectReason.UNKNOWN_VERSION if str(kind).rsplit(".", 1)[0] == family else RejectReason.WRONG_TYPE
        raise EnvelopeFault(reason, "type", f"this door takes {INCIDENT_TYPE}")
    return Envelope(str(event.get_source()), str(event.get_id()), kind, event.get_data())


def _event(value: bytes, headers: Sequence[tuple[str, bytes]]) -> BaseCloudEvent:
    try:
        # headers may be anything at all, and the SDK reads them without asking
        return from_kafka_event(KafkaMessage({name.lower(): text for name, text in headers}, None, value), _FORMAT)
    except EnvelopeFault:
        raise
    except CloudEventValidationError as exc:
        field = next(iter(exc.errors), "")
        raise EnvelopeFault(RejectReason.MISSING_FIELD, str(field), f"CloudEvent attribute {field} is missing or wrong") from exc
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as exc:
        raise EnvelopeFault(RejectReason.UNREADABLE, "headers", f"no CloudEvent: {type(exc).__name__}") from exc


_TASK_HEADERS: Headers = [("ce_specversion", b"1.0"), ("ce_source", b"gridwhistle"), ("content-type", b"application/json")]


def task_message(task: Task) -> tuple[bytes, bytes, Headers]:
    """Wrap a department's task, in binary mode; by hand, since fan-out is hot, and tested equal to the SDK's reading."""
    headers = [
        *_TASK_HEADERS,
        ("ce_id", task.id.encode()),
        ("ce_type", f"org.gridwhistle.task.{task.event}.v1".encode()),
        ("ce_time", task.at.encode()),
        ("ce_partitionkey", task.ticket.encode()),
    ]
    return task.ticket.encode(), codec.encode(task), headers


def read_reply(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Reply:
    """Read a department's reply: plain JSON, or a CloudEvent around it.

    Raises:
        ValueError: It cannot be read (``pydantic.ValidationError`` names the field).
    """
    if value is None:
        raise EnvelopeFault(RejectReason.NULL_VALUE, "", "a reply needs a value")
    names = {name.lower() for name, _ in headers}
    is_event = "ce_specversion" in names or any(name.lower() == "content-type" and b"cloudevents" in text.lower() for name, text in headers)
    return Reply.model_validate(_event(value, headers).get_data() if is_event else parse(value))
