"""Hostile records of the door: no output outgrows its topic, no record costs more than its share, each is rejected with
its field."""

import json
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.stream.contracts import Out
from tests.support.poison import Raw, report
from tests.unit.intake.test_intake import VAULT, core, outs, record
from topics import bounds, codec
from topics.envelope import incident_message, read_reply
from topics.hostile_json import EnvelopeFault, parse
from topics.incident import MAX_RECORD_BYTES, Incident
from topics.registry import TOPICS
from topics.rejected import Rejected, RejectReason, Sealed

LIMITS = {spec.name: spec.max_bytes for spec in TOPICS}
FRAME = 1024
"""What the broker's framing adds to a record, at most."""
STEP_SECONDS = 1.0
"""Ten times what the worst of these costs here; the fault they guard against cost 13.9 s."""


def fits(written: dict[str, list[Out]]) -> None:
    """Every record is below the limit of its topic."""
    for topic, several in written.items():
        for out in several:
            size = (
                len(out.key or b"")
                + len(out.value or b"")
                + sum(len(name) + len(text or b"") for name, text in out.headers)
            )
            assert size + FRAME <= LIMITS[topic], (topic, size)


def raw_of(value: bytes, name: str = "1") -> Raw:
    """Bytes under a sound envelope."""
    key, _, headers = incident_message("app", name, {})
    return key, value, headers


def full(member: str, fill: Callable[[int], str], room: int) -> bytes:
    """A report whose member is written as large as a record may be."""
    plain = json.dumps(report())[:-1]
    return f'{plain}, "{member}": {fill(room - len(plain))}}}'.encode()


ROOM = MAX_RECORD_BYTES - 4096
GROWING = {
    "numbers that are written longer than they came": (
        "reporter",
        lambda n: '{"n": [' + ",".join(["1e9"] * (n // 4)) + "]}",
    ),
    "the shortest numbers": ("reporter", lambda n: '{"n": [' + ",".join(["9"] * (n // 2)) + "]}"),
    "escapes": ("reporter", lambda n: '{"n": "' + "\\u0001" * (n // 6) + '"}'),
    "quotes": ("reporter", lambda n: '{"n": "' + '\\"' * (n // 2) + '"}'),
    "one text": ("reporter", lambda n: '{"n": "' + "字" * (n // 3 - 20) + '"}'),
    "9,900 members within the reporter": (
        "reporter",
        lambda n: '{"n": {' + ",".join(f'"{i:045}":1' for i in range(9900)) + "}}",
    ),
    "an attribute that is sealed": ("attributes", lambda n: '{"secret": [' + ",".join(["1e9"] * (n // 4)) + "]}"),
}


@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.parametrize("structured", [False, True])
def test_what_is_sealed_is_sealed_as_it_came(kind: str, structured: bool) -> None:
    """A report of half a MiB is taken, its incident placed, and what is sealed has the bytes that came, none more."""
    member, fill = GROWING[kind]
    raw = raw_of(full(member, fill, ROOM))
    if structured:
        raw = (
            raw[0],
            b'{"specversion":"1.0","id":"1","source":"app","type":"org.gridwhistle.incident.reported.v1","data":%s}'
            % raw[1],
            [],
        )
    written = outs(raw)
    fits(written)
    assert "incidents" in written, codec.decode(written["incidents.rejected"][0].value or b"", Rejected).message
    token = codec.decode(written["incidents"][0].value or b"", Incident).token or ""
    opened = VAULT.open(token, codec.decode(written["vault"][0].value or b"", Sealed))
    assert len(opened) <= len(raw[1] or b"")
    assert msgspec.json.decode(opened)[member] == msgspec.json.decode(full(member, fill, ROOM))[member]


def test_a_rejected_record_of_any_size_fits_with_its_original() -> None:
    """What is wrong is sealed whole beside its reason: base64 makes a third more of it."""
    for value in (b"x" * (MAX_RECORD_BYTES - 500), full("nonsense", lambda n: '"' + "x" * n + '"', ROOM)):
        written = outs(raw_of(value))
        assert "incidents.rejected" in written
        fits(written)


DOUBLED = b'{"reporter": {' + b",".join(b'"k%d":1' % i for i in range(9_000)) + b',"k8999":2}}'
MANY = b'{"reporter": {' + b",".join(b'"k%d":1' % i for i in range(46_000)) + b',"k45999":2}}'
HOSTILE: dict[str, tuple[bytes, RejectReason, str]] = {
    "9,000 members, the last doubled": (DOUBLED, RejectReason.INVALID_FIELD, "data"),
    "46,000 members, the last doubled": (MANY, RejectReason.TOO_LARGE, "data"),
    "48,000 members of the data": (
        b"{" + b",".join(b'"k%d":1' % i for i in range(48_000)) + b"}",
        RejectReason.TOO_LARGE,
        "data",
    ),
    "200 attributes": (
        json.dumps(report(attributes={f"k{i}": 1 for i in range(200)})).encode(),
        RejectReason.TOO_LARGE,
        "data.attributes",
    ),
    "200 members of the reporter": (
        json.dumps(report(reporter={f"k{i}": 1 for i in range(200)})).encode(),
        RejectReason.TOO_LARGE,
        "data.reporter",
    ),
    "1e400": (b'{"reporter": {"n": 1e400}}', RejectReason.OUT_OF_RANGE, "data"),
    "a number of 5,000 digits": (b'{"reporter": {"n": ' + b"9" * 5000 + b"}}", RejectReason.OUT_OF_RANGE, "data"),
    "a number of 500,000 digits": (b'{"reporter": {"n": ' + b"9" * 500_000 + b"}}", RejectReason.OUT_OF_RANGE, "data"),
    "-Infinity": (b'{"reporter": {"n": -Infinity}}', RejectReason.UNREADABLE, "data"),
    "half a character": (b'{"reporter": {"n": "\\ud800"}}', RejectReason.UNREADABLE, "data"),
    "NUL in a text": (json.dumps(report(text="a\x00b")).encode(), RejectReason.BAD_TEXT, "data.text"),
    "BD-09 at the antimeridian": (
        json.dumps(report(location={"lat": 45.0, "lon": -180.0, "crs": "BD09"})).encode(),
        RejectReason.OUT_OF_RANGE,
        "data.location",
    ),
    "BD-09 at a pole": (
        json.dumps(report(location={"lat": -90.0, "lon": 0.0, "crs": "BD09"})).encode(),
        RejectReason.OUT_OF_RANGE,
        "data.location",
    ),
    "²": (
        json.dumps(report(location={"lat": "²", "lon": "²"})).encode(),
        RejectReason.INVALID_FIELD,
        "data.location.lat",
    ),
    "the year 1": (
        json.dumps(report(occurred_at="0001-01-01T00:00:00+23:00")).encode(),
        RejectReason.OUT_OF_RANGE,
        "data.occurred_at",
    ),
    "the year 9999": (
        json.dumps(report(promised_by="9999-12-31T23:59:59-23:00")).encode(),
        RejectReason.OUT_OF_RANGE,
        "data.promised_by",
    ),
    "10^300 seconds": (
        json.dumps(report(occurred_at=10**300)).encode(),
        RejectReason.INVALID_FIELD,
        "data.occurred_at",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_report_is_rejected_with_its_field_and_at_once(kind: str) -> None:
    """Never held, never slow."""
    value, reason, field = HOSTILE[kind]
    assert len(value) <= MAX_RECORD_BYTES
    door, began = core(), time.process_time()
    written = outs(raw_of(value), door)
    assert time.process_time() - began < STEP_SECONDS
    rejected = codec.decode(written["incidents.rejected"][0].value or b"", Rejected)
    assert (rejected.reason, rejected.field) == (reason, field)


def test_many_or_long_headers_are_rejected() -> None:
    """Each attribute costs the library that reads it."""
    key, value, headers = incident_message("app", "2", report())
    several: list[tuple[str, bytes | None]] = [*headers, *((f"x{n}", b"") for n in range(bounds.HEADERS))]
    long: list[tuple[str, bytes | None]] = [
        (n, b"2026-01-01T00:00:00" + b"0" * 100_000 if n == "ce_time" else t) for n, t in headers
    ]
    for given_headers, field in ((several, "headers"), (long, "time")):
        began = time.process_time()
        (out,) = outs((key, value, given_headers))["incidents.rejected"]
        assert time.process_time() - began < STEP_SECONDS
        assert codec.decode(out.value or b"", Rejected).field == field


PIECES = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"\\",
        b"\\u0001",
        b"\\ud800",
        b"1e9",
        b"1e400",
        b"9" * 400,
        b"-0",
        b"\x00",
        "字".encode(),
        b"\xff",
        b'"reporter":',
        b'"text":',
        b'"attributes":',
        b'"data":',
        b"null",
        b" ",
    ]
)
HOSTILE_BYTES = st.builds(
    lambda parts, times: b"".join(part * n for part, n in zip(parts, times, strict=False)),
    st.lists(PIECES, max_size=12),
    st.lists(st.integers(0, 5000), max_size=12),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_time", "content-type", "x"]),
        st.none() | HOSTILE_BYTES.map(lambda b: b[:3000]),
    ),
    max_size=7,
)
SCALARS = st.sampled_from(
    [
        0,
        -1,
        2**63,
        2**64,
        1e300,
        -1e-300,
        "",
        "²",
        "\x00",
        "\u202e",
        "x" * 5000,
        "2026-11-24T01:00:00Z",
        "9999-12-31T23:59:59Z",
        True,
        None,
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = (
    "occurred_at",
    "channel",
    "category",
    "signal",
    "text",
    "location",
    "reporter",
    "attachments",
    "exercise",
    "promised_by",
    "attributes",
    "other",
)
POINTS = st.builds(
    lambda lat, lon, crs: {"lat": lat, "lon": lon, "crs": crs},
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.sampled_from(["WGS84", "GCJ02", "BD09"]),
)


@settings(deadline=5000, max_examples=150)
@given(HOSTILE_BYTES, HEADERS, st.none() | st.binary(max_size=2000))
def test_no_bytes_make_the_door_raise_or_write_too_much(
    value: bytes, headers: list[tuple[str, bytes | None]], key: bytes | None
) -> None:
    """Under hostile headers, and under sound ones: an answer, within the limits of its topic."""
    fits(outs((key, value, headers)))
    fits(outs(raw_of(value)))


@settings(deadline=5000, max_examples=200)
@given(st.dictionaries(st.sampled_from(MEMBERS), VALUES | POINTS, max_size=6), st.booleans())
def test_no_values_make_the_door_raise(changes: dict[str, object], structured: bool) -> None:
    """Each member anything at all, points anywhere on earth."""
    data = report() | changes
    key, _, headers = incident_message("app", "3", {})
    body = json.dumps(data).encode()
    if structured:
        body = (
            b'{"specversion":"1.0","id":"3","source":"app","type":"org.gridwhistle.incident.reported.v1","data":%s}'
            % body
        )
    written = outs((key, body, [] if structured else headers))
    assert ("incidents" in written) != ("incidents.rejected" in written)
    fits(written)


@settings(deadline=5000, max_examples=150)
@given(HOSTILE_BYTES, HEADERS)
def test_the_parsers_raise_what_they_declare(value: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    """JSON and replies: their own fault, or what is a ``ValueError`` by declaration."""
    with suppress(EnvelopeFault):
        parse(value)
    with suppress(ValueError):
        read_reply(value, headers)


def test_a_record_in_the_wrong_partition_fits_as_well() -> None:
    """It is written again as it came, with one header more."""
    raw = raw_of(full("reporter", lambda n: '{"n": "' + "x" * n + '"}', ROOM - 4096))
    moved = [
        out
        for partition in range(4)
        for out in core(partition, 4).take(record(raw, partition=partition), 1_795_482_000_000)
        if out.topic == "incidents.raw"
    ]
    assert len(moved) == 3
    fits({"incidents.raw": moved})
