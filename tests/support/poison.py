"""Records for the door: good ones of a pack, and every kind of bad one with the reason it must be rejected for."""

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from rules.law.compiled import Law
from rules.rulepack.compiler import compile_pack, pack_ref
from rules.rulepack.loader import load_pack
from topics.envelope import incident_message
from topics.incident import MAX_RECORD_BYTES
from topics.rejected import RejectReason

Raw = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes | None]]]
Sent = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""A record as a sound producer sends it."""
R = RejectReason


@cache
def law_of(pack: str) -> Law:
    """Compile a shipped pack, once a process."""
    bundle = compile_pack(load_pack(pack))
    return Law(pack_ref(bundle), bundle)


def report(**changes: Any) -> dict[str, Any]:
    """A sound report; ``None`` as a change leaves the member out."""
    base = {
        "occurred_at": "2026-11-24T01:00:00Z", "channel": "app", "category": "bins_full", "text": "overflowing",
        "location": {"grid": "dongguannanli-g1-m1"},
    }  # fmt: skip
    return {name: value for name, value in (base | changes).items() if value is not None}


def good(
    seed: int, count: int, pack: str = "guancheng", occurred_at: str = "2026-11-24T01:00:00Z", urgent_percent: int = 15
) -> Iterator[Sent]:
    """Yield sound reports, spread over homes and categories; so many of a hundred are whistled at once (U1)."""
    draw, law = random.Random(seed), law_of(pack)
    parents = {node.parent for node in law.bundle.nodes}
    leaves = [
        n.code
        for n in law.bundle.nodes
        if n.code not in parents and law.home_of(n.code) not in (None, law.bundle.unplaced)
    ]
    urgent = [c.code for c in law.bundle.categories if c.urgency in law.bundle.automatic_whistle]
    others = [c.code for c in law.bundle.categories if c.code not in urgent]
    for n in range(count):
        category = draw.choice(urgent if urgent and draw.randrange(100) < urgent_percent else others)
        data = report(
            category=category,
            location={"grid": draw.choice(leaves)},
            text=f"report {n} of seed {seed}",
            occurred_at=occurred_at,
        )
        data["reporter"] = {"name": "somebody", "phone": f"000-{draw.randrange(10**8):08d}"}
        yield incident_message(f"good{seed}", str(n), data)


def _message(data: Any, n: int, structured: bool = False) -> Raw:
    return incident_message("bad", str(n), data, structured=structured)


def _raw(value: bytes | None) -> Callable[[int], Raw]:
    """Bytes as they are, under sound headers and key."""

    def make(n: int) -> Raw:
        key, _, headers = incident_message("bad", str(n), {})
        return key, value, headers

    return make


STRUCTURED = b'{"specversion": "1.0", "source": "bad", "type": "org.gridwhistle.incident.reported.v1", "id": %s}'


def _with_header(name: str, text: bytes | None) -> Callable[[int], Raw]:
    def make(n: int) -> Raw:
        key, value, headers = _message(report(), n)
        return key, value, [(h, text if h == name else v) for h, v in headers]

    return make


def _without_header(name: str) -> Callable[[int], Raw]:
    def make(n: int) -> Raw:
        key, value, headers = _message(report(), n)
        return key, value, [(h, v) for h, v in headers if h != name]

    return make


def _and_header(raw: Raw, name: str, text: bytes) -> Raw:
    return raw[0], raw[1], [*raw[2], (name, text)]


def _and_headers(raw: Raw, count: int) -> Raw:
    return raw[0], raw[1], [*raw[2], *((f"ce_not_a_name{i}", b"x") for i in range(count))]


def _doubled(raw: Raw) -> Raw:
    """Name a member twice, the second time with escapes in its name."""
    return raw[0], (raw[1] or b"").replace(b'"text"', b'"text": "", "te\\u0078t"'), raw[2]


def _cut(raw: Raw, member: bytes) -> Raw:
    return raw[0], (raw[1] or b"").replace(b'"%s"' % member, b'"no%s"' % member), raw[2]


def _data(**changes: Any) -> Callable[[int], Raw]:
    return lambda n: _message(report(**changes), n)


def _text(json_text: str) -> Callable[[int], Raw]:
    return _raw(json.dumps(report()).replace('"overflowing"', json_text).encode())


def _other_key(n: int) -> Raw:
    _, value, headers = _message(report(), n)
    return b"bad:other-%d" % n, value, headers


def _no_key(n: int) -> Raw:
    _, value, headers = _message(report(), n)
    return None, value, headers


KINDS: dict[str, tuple[RejectReason, str, Callable[[int], Raw]]] = {
    "null value": (R.NULL_VALUE, "value", _raw(None)),
    "null key": (R.NULL_KEY, "key", _no_key),
    "key of another incident": (R.KEY_MISMATCH, "key", _other_key),
    "bytes that are no JSON": (R.UNREADABLE, "data", _raw(b"\x00\xff\xfe{")),
    "no bytes at all": (R.UNREADABLE, "data", _raw(b"")),
    "half a record": (R.UNREADABLE, "data", _raw(b'{"occurred_at": "2026-11-2')),
    "NaN": (R.UNREADABLE, "data", _raw(b'{"occurred_at": NaN}')),
    "lone surrogate": (R.UNREADABLE, "data", _text('"\\ud800"')),
    "100,000 lists deep": (R.TOO_DEEP, "data", _raw(b"[" * 100_000 + b"]" * 100_000)),
    "200 objects deep": (R.TOO_DEEP, "data", _raw(b'{"attributes":' * 200 + b"1" + b"}" * 200)),
    "a list instead of an object": (R.INVALID_FIELD, "data", _raw(b"[1, 2]")),
    "no headers": (R.MISSING_FIELD, "specversion", lambda n: (b"bad:%d" % n, json.dumps(report()).encode(), [])),
    "headers that are no text": (R.UNREADABLE, "headers", _with_header("ce_id", b"\xff\xfe")),
    "header without a value": (R.INVALID_FIELD, "headers", _with_header("ce_id", None)),
    "the same header twice": (
        R.INVALID_FIELD,
        "headers",
        lambda n: _and_header(_message(report(), n), "CE_ID", b"other"),
    ),
    "1,000 attributes in headers": (R.INVALID_FIELD, "?", lambda n: _and_headers(_message(report(), n), 1000)),
    "no id": (R.MISSING_FIELD, "id", _without_header("ce_id")),
    "no source": (R.MISSING_FIELD, "source", _without_header("ce_source")),
    "no type": (R.MISSING_FIELD, "type", _without_header("ce_type")),
    "no version of CloudEvents": (R.MISSING_FIELD, "specversion", _without_header("ce_specversion")),
    "CloudEvents of another version": (R.UNKNOWN_VERSION, "specversion", _with_header("ce_specversion", b"0.3")),
    "empty source": (R.INVALID_FIELD, "source", _with_header("ce_source", b"")),
    "time of the envelope": (R.UNREADABLE, "headers", _with_header("ce_time", b"yesterday")),
    "id of 300 characters": (R.INVALID_FIELD, "id", lambda n: incident_message("bad", "x" * 300 + str(n), report())),
    "control character in the id": (R.BAD_TEXT, "id", lambda n: incident_message("bad", f"\x00{n}", report())),
    "key of a megabyte": (R.TOO_LARGE, "key", lambda n: (b"k" * 1024 * 1024, *_message(report(), n)[1:])),
    "another type": (R.WRONG_TYPE, "type", _with_header("ce_type", b"org.example.other.v1")),
    "version from the future": (
        R.UNKNOWN_VERSION,
        "type",
        _with_header("ce_type", b"org.gridwhistle.incident.reported.v9"),
    ),
    "structured mode without JSON": (
        R.UNREADABLE,
        "data",
        lambda n: (b"bad:%d" % n, b"<event/>", [("content-type", b"application/cloudevents+json")]),
    ),
    "structured, a member twice": (R.INVALID_FIELD, "data", lambda n: _doubled(_message(report(), n, structured=True))),
    "structured, no source": (
        R.MISSING_FIELD,
        "source",
        lambda n: _cut(_message(report(), n, structured=True), b"source"),
    ),
    "structured, id a number": (R.INVALID_FIELD, "id", lambda n: (b"bad:%d" % n, STRUCTURED % b"7", [])),
    "structured, no data": (R.INVALID_FIELD, "data", lambda n: (b"bad:%d" % n, STRUCTURED % b'"%d"' % n, [])),
    "structured, no object": (R.UNREADABLE, "", lambda n: (b"bad:%d" % n, b"[]", [])),
    "a member twice": (R.INVALID_FIELD, "data", lambda n: _doubled(_message(report(), n))),
    "number beyond any machine": (R.OUT_OF_RANGE, "data", _raw(b'{"occurred_at": 1e999}')),
    "5,000 digits": (R.OUT_OF_RANGE, "data", _raw(b'{"occurred_at": ' + b"9" * 5000 + b"}")),
    "byte order mark": (R.UNREADABLE, "data", _raw(b"\xef\xbb\xbf{}")),
    "UTF-16": (R.UNREADABLE, "data", _raw(json.dumps(report()).encode("utf-16"))),
    "null byte in a text": (R.BAD_TEXT, "data.text", _data(text="a\x00b")),
    "listed attribute a list": (R.INVALID_FIELD, "data.attributes.building", _data(attributes={"building": ["3"]})),
    "listed attribute of 90 bits": (R.OUT_OF_RANGE, "data.attributes.building", _data(attributes={"building": 2**90})),
    "listed attribute with an override": (
        R.BAD_TEXT,
        "data.attributes.building",
        _data(attributes={"building": "3\u202e"}),
    ),
    "listed attribute of 300 characters": (
        R.INVALID_FIELD,
        "data.attributes.building",
        _data(attributes={"building": "3" * 300}),
    ),
    "infinity as a text": (R.INVALID_FIELD, "data.location.lat", _data(location={"lat": "inf", "lon": 1.0})),
    "promised in eleven years": (R.OUT_OF_RANGE, "data.promised_by", _data(promised_by="2038-01-01T00:00:00Z")),
    "year 1": (R.OUT_OF_RANGE, "data.occurred_at", _data(occurred_at="0001-01-01T00:00:00+14:00")),
    "51 attachments": (
        R.INVALID_FIELD,
        "data.attachments",
        _data(attachments=[{"url": "https://x.test/1", "sha256": "0" * 64}] * 51),
    ),
    "no time": (R.MISSING_FIELD, "data.occurred_at", _data(occurred_at=None)),
    "time without a zone": (R.INVALID_FIELD, "data.occurred_at", _data(occurred_at="2026-11-24T01:00:00")),
    "eleven years ago": (R.OUT_OF_RANGE, "data.occurred_at", _data(occurred_at="2015-01-01T00:00:00Z")),
    "eleven years ahead": (R.OUT_OF_RANGE, "data.occurred_at", _data(occurred_at="2038-01-01T00:00:00Z")),
    "unknown channel": (R.INVALID_FIELD, "data.channel", _data(channel="pigeon")),
    "latitude off the earth": (R.OUT_OF_RANGE, "data.location.lat", _data(location={"lat": 91.0, "lon": 113.0})),
    "longitude off the earth": (R.OUT_OF_RANGE, "data.location.lon", _data(location={"lat": 34.0, "lon": 181.0})),
    "latitude as a text": (R.INVALID_FIELD, "data.location.lat", _data(location={"lat": "34", "lon": 113.0})),
    "half a point": (R.INVALID_FIELD, "data.location", _data(location={"lat": 34.0})),
    "unknown reference system": (
        R.INVALID_FIELD,
        "data.location.crs",
        _data(location={"lat": 34.0, "lon": 113.0, "crs": "MARS"}),
    ),
    "unknown member": (R.INVALID_FIELD, "data.?", _data(priority=1)),
    "control character": (R.BAD_TEXT, "data.text", _data(text="a\x07b")),
    "bidi override": (R.BAD_TEXT, "data.text", _data(text="abc\u202efdp.exe")),
    "text of 5,000 characters": (R.INVALID_FIELD, "data.text", _data(text="x" * 5000)),
    "attachment that is run": (
        R.INVALID_FIELD,
        "data.attachments.0.url",
        _data(attachments=[{"url": "javascript:alert(1)", "sha256": "0" * 64}]),
    ),
    "attachment of this machine": (
        R.INVALID_FIELD,
        "data.attachments.0.url",
        _data(attachments=[{"url": "file:///etc/passwd", "sha256": "0" * 64}]),
    ),
    "attachment whose address lies": (
        R.INVALID_FIELD,
        "data.attachments.0.url",
        _data(attachments=[{"url": "https://city.test@evil.test/", "sha256": "0" * 64}]),
    ),
    "attachment without checksum": (
        R.MISSING_FIELD,
        "data.attachments.0.sha256",
        _data(attachments=[{"url": "https://x.test/1"}]),
    ),
    "almost 512 KiB": (
        R.INVALID_FIELD,
        "data.text",
        lambda n: _message(report(text="x" * (MAX_RECORD_BYTES - 4000)), n),
    ),
}
"""Kind -> reason, field, and how to make the nth of it."""

BEYOND_THE_BROKER = frozenset(
    kind for kind, (_, _, make) in KINDS.items() if len(make(1)[0] or b"") + len(make(1)[1] or b"") > MAX_RECORD_BYTES
)
"""Kinds that the broker refuses to the sender itself; the door never sees them."""


def malformed(
    seed: int, count: int, leave_out: frozenset[str] = frozenset()
) -> Iterator[tuple[str, RejectReason, Raw]]:
    """Yield bad records, all kinds turn about: kind, the reason it must get, key, value and headers."""
    kinds = itertools.cycle(kind for kind in KINDS if kind not in leave_out)
    for n in range(count):
        kind = next(kinds)
        yield kind, KINDS[kind][0], KINDS[kind][2](seed * 1_000_000 + n)
