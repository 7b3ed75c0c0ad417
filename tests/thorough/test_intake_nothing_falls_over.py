"""No bytes and no JSON make the door fall over, and what is good is placed."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.support.poison import good
from tests.unit.intake.test_intake import core, outs
from topics.envelope import incident_message

CE_HEADERS = st.sampled_from(["ce_id", "ce_type", "ce_source", "ce_specversion", "ce_time", "content-type"])
HEADERS = st.lists(st.tuples(st.text(max_size=20) | CE_HEADERS, st.none() | st.binary(max_size=30)), max_size=6)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
REPORTS = st.fixed_dictionaries(
    {"occurred_at": st.just("2026-11-24T01:00:00Z"), "channel": st.just("app")},
    optional={
        "attributes": st.dictionaries(
            st.sampled_from(["building", "floor", "x"]) | st.text(max_size=5), VALUES, max_size=4
        ),
        "reporter": st.dictionaries(st.text(max_size=5), VALUES, max_size=3),
        "category": VALUES,
        "text": VALUES,
        "promised_by": VALUES,
        "location": st.dictionaries(st.sampled_from(["grid", "lat", "lon", "crs", "address"]), VALUES, max_size=3),
    },
)


@given(st.none() | st.binary(max_size=200), st.none() | st.binary(max_size=300), HEADERS)
def test_no_bytes_at_all_make_the_door_fall_over(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    """Whatever comes is rejected, exactly once."""
    assert len(outs((key, value, headers))["incidents.rejected"]) == 1


@given(VALUES | REPORTS)
def test_no_json_at_all_makes_the_door_fall_over(value: object) -> None:
    """The same under a sound envelope."""
    key, _, headers = incident_message("app", "8", {})
    written = outs((key, json.dumps(value).encode("utf-8", "surrogatepass"), headers))
    assert ("incidents" in written) != ("incidents.rejected" in written)


def test_good_records_are_all_placed() -> None:
    """The generator the Kafka tests use makes records that pass."""
    door = core()
    assert all("incidents" in outs(raw, door) for raw in good(1, 200))
