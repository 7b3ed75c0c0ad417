"""No bytes, no values, no headers make the door raise or write too much."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.poison import report
from tests.unit.intake.test_bounds import fits, raw_of
from tests.unit.intake.test_intake import outs
from topics.envelope import incident_message, read_reply
from topics.hostile_json import EnvelopeFault, parse

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
