"""Hostile records of the door: no output outgrows its topic, no record costs more than its share, each is rejected with
its field."""

import json
import time
from collections.abc import Callable

import msgspec
import pytest

from engine.stream.contracts import Out
from tests.support.poison import Raw, report
from tests.unit.intake.test_intake import VAULT, core, outs, record
from topics import bounds, codec
from topics.envelope import incident_message
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
