"""Envelopes: our fast headers are what the SDK would write, replies are read in every form, and hostile JSON costs
little."""

import contextlib
import itertools
import json
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.support.cpu import cpu_seconds
from topics import envelope
from topics.codec import decode, encode
from topics.envelope import Headers, incident_message, read_incident, read_reply, task_message
from topics.hostile_json import EnvelopeFault, parse
from topics.rejected import RejectReason
from topics.task import Task

TASK = Task(
    id="incidents:0:7#fire#0",
    event="dispatched",
    department="fire",
    ticket="boai-20261124-1",
    role="owner",
    at="2026-11-24T01:00:00Z",
    text="烟雾",
)
REPLY: dict[str, Any] = {"ticket": "boai-20261124-1/fire/1", "action": "report_in", "person": "fire-1"}
ATTRIBUTES = {"id": "r1", "source": "fire", "type": "org.gridwhistle.reply.v1", "specversion": "1.0"}


def test_a_task_leaves_as_the_sdk_would_write_it() -> None:
    """The SDK reads our hand-made headers and writes the same ones again; the value is the task."""
    key, value, headers = task_message(TASK)
    event = from_kafka_event(KafkaMessage(dict(headers), None, value))
    assert dict(to_binary_event(event).headers) == dict(headers)
    assert (event.get_id(), event.get_type(), event.get_source()) == (
        TASK.id,
        "org.gridwhistle.task.dispatched.v1",
        "gridwhistle",
    )
    assert key == TASK.ticket.encode()
    assert decode(value, Task) == TASK
    assert json.loads(value) == event.get_data()
    assert encode(TASK) == value


@pytest.mark.parametrize("mode", ["plain", "binary", "structured"])
def test_a_reply_is_read_in_every_form(mode: str) -> None:
    """Plain JSON, or a CloudEvent around it."""
    value, headers = json.dumps(REPLY).encode(), [("traceparent", b"\xff")]
    if mode != "plain":
        message = (to_binary_event if mode == "binary" else to_structured_event)(CloudEvent(dict(ATTRIBUTES), REPLY))
        value, headers = message.value, [*headers, *message.headers.items()]
    reply = read_reply(value, headers)
    assert (reply.ticket, reply.action, reply.person) == (REPLY["ticket"], "report_in", "fire-1")


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, []), (b"", []), (b"[]", []), (b"{}", []), (b"[" * 100_000, []), (b'{"action": NaN}', []),
        (b"{}", [("ce_specversion", b"1.0")]), (b"{}", [("content-type", None)]),
    ],
    ids=["null", "empty", "a list", "nothing in it", "deep", "NaN", "half an envelope", "null header"],
)  # fmt: skip
def test_a_reply_that_cannot_be_read_is_one_kind_of_error(value: bytes | None, headers: Headers) -> None:
    """Always a ``ValueError``, so that the stage needs no other."""
    with pytest.raises(ValueError):
        read_reply(value, headers)


@pytest.mark.parametrize("structured", [False, True], ids=["binary", "structured"])
def test_an_incident_passes_in_both_modes_whatever_else_is_in_its_headers(structured: bool) -> None:
    """Headers of others (tracing, doubles, bytes, null) do not matter; names of any script come back as they were."""
    key, value, headers = incident_message("热线", "1/ü %20", {"text": "井盖"}, structured=structured)
    found = read_incident(value, [*headers, ("trace", b"\xff\xfe"), ("trace", None)])
    assert key == found.identity.encode() == "热线:1/ü %20".encode()
    assert found.data == {"text": "井盖"}


def test_a_header_in_another_encoding_is_said_in_words() -> None:
    """A sender with GBK headers was answered with the name of an error of Python."""
    _, value, headers = incident_message("hotline", "1", {"text": "x"}, structured=False)
    with pytest.raises(EnvelopeFault, match="not UTF-8"):
        read_incident(value, [*headers, ("ce_subject", "井盖".encode("gbk"))])


TIMES: list[bytes | None] = [
    None,
    b"2026-11-24T01:00:00Z",
    b"2026-11-24T01:00:00.123456+08:00",
    b"2026-11-24T01:00:00-00:00",
    b"2026-11-24T01:00:00",
    b"2026-02-30T01:00:00Z",
    b"2026-11-24T24:00:00Z",
    b"2026-11-24T01:00:60Z",
    b"2026-11-24T01:00:00+24:00",
    b"2026-11-24T01:00:00+05:75",
    b"2026-11-24T01:00:00.1234567Z",
    b"2026-11-24 01:00:00Z",
    b"2026-11-24",
    b"20261124T010000Z",
    b"0000-11-24T01:00:00Z",
    b"later",
    b"",
]
PLAIN: list[tuple[str, list[bytes | None]]] = [
    ("ce_specversion", [b"1.0", b"", b"1", b"0.3"]),
    ("ce_id", [b"1", b"", "一".encode(), b"\xff", b"a" * 600, b"\x07"]),
    ("ce_source", [b"hotline", b"", b"a:b", "热线".encode()]),
    ("ce_type", [b"org.gridwhistle.incident.reported.v1", b"", b"org.gridwhistle.incident.reported.v2", b"x"]),
    ("ce_time", TIMES),
    ("ce_partitionkey", [None, b"hotline:1", b"", b"\xff"]),
    ("content-type", [None, b"application/json", b"", b"application/cloudevents+json", b"\xff"]),
    ("ce_own", [None, b"1", b""]),
]


def _read(value: bytes, headers: Headers) -> tuple[object, ...]:
    try:
        found = read_incident(value, headers)
    except EnvelopeFault as fault:
        return fault.reason, fault.field
    return found.source, found.identity, found.type, found.data, found.raw, found.is_structured


def test_ordinary_headers_are_read_as_the_sdk_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most reports pass the SDK by; any two headers made unusual in every way: the answers agree."""
    usual = {name: texts[0] for name, texts in PLAIN}
    assert envelope._is_plain({name: text for name, text in usual.items() if text is not None})
    tried: list[Headers] = []
    for (one, texts), (other, others) in itertools.combinations(PLAIN, 2):
        for text, another in itertools.product(texts, others):
            said = usual | {one: text, other: another}
            tried.append([(name, text) for name, text in said.items() if text is not None])
    tried += [[(name, text) for name, text in usual.items() if text and name != gone] for gone in usual]
    values = b'{"text": "x"}', b"{"
    quick = [_read(value, headers) for value in values for headers in tried]
    monkeypatch.setattr(envelope, "_is_plain", lambda _: False)
    assert quick == [_read(value, headers) for value in values for headers in tried]
    assert sum(len(answer) > 2 for answer in quick) > 20


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[" * 500_000, RejectReason.TOO_DEEP),
        (b'{"a":' * 100_000, RejectReason.TOO_DEEP),
        (b"[" * 33 + b"]" * 33, RejectReason.TOO_DEEP),
        (b'{"a": 1, "a": 1}', RejectReason.INVALID_FIELD),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', RejectReason.INVALID_FIELD),
        (b'"\\ud83d"', RejectReason.UNREADABLE),
        (b'"\xed\xa0\x80"', RejectReason.UNREADABLE),
        (b"Infinity", RejectReason.UNREADABLE),
        (b'"a\nb"', RejectReason.UNREADABLE),
        (b"-1e999", RejectReason.OUT_OF_RANGE),
        (b"{} {}", RejectReason.UNREADABLE),
        (b"/**/1", RejectReason.UNREADABLE),
    ],
)
def test_hostile_json_is_refused_with_its_reason(raw: bytes, reason: RejectReason) -> None:
    """Depth, doubles, halves of characters, numbers that are none."""
    with pytest.raises(EnvelopeFault) as fault:
        parse(raw)
    assert fault.value.reason == reason


def test_32_levels_and_512_kib_are_read() -> None:
    """What is within the limits passes, also where text looks like brackets."""
    assert parse(b"[" * 32 + b"]" * 32)
    assert parse(json.dumps({"text": "[{" * 1000}).encode())
    with pytest.raises(EnvelopeFault, match="lists and objects"):
        parse(b"[" + b"[]," * 20_000 + b"[]]")
    assert len(parse(json.dumps(list(range(70_000))).encode())) == 70_000


def parsed(raw: bytes) -> None:
    """Read it, whatever comes of it."""
    with contextlib.suppress(EnvelopeFault):
        parse(raw)


def test_one_bad_record_costs_others_little() -> None:
    """The dearest hostile value of 512 KiB takes well under a tenth of a second of CPU."""
    worst = [
        b"[" * 524_288,
        b"[[]" * 100_000,
        b"[" + b"[]," * 170_000 + b"[]]",
        b'{"a":{}' + b',"a":{}' * 70_000 + b"}",
        b"9" * 524_288,
    ]
    for raw in worst:
        assert cpu_seconds(lambda raw=raw: parsed(raw)) < 0.1  # type: ignore[misc]
