"""What the auditor reads out of records before it judges them."""

import pytest

from engine.kafka.log_snapshot import Entry, Timeline, source_identity
from topics.envelope import incident_message
from topics.reference import EngineClock


@pytest.mark.parametrize("structured", [False, True])
def test_the_identity_of_an_incoming_event(structured: bool) -> None:
    """Read from headers or body, whichever mode it came in; strange letters included."""
    key, value, headers = incident_message("la 311:%/ü", "id 1%20é", {"occurred_at": "x"}, structured=structured)
    assert (
        source_identity(Entry("incidents.raw", 0, 0, key=key, value=value, headers=headers)) == "la 311%3A%/ü:id 1%20é"
    )
    # of before
    assert (
        source_identity(Entry("incidents.raw", 0, 0, key="la 311:%/ü:id 1%20é".encode(), value=value, headers=headers))
        == "la 311:%/ü:id 1%20é"
    )


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"\xff", ()),
        (b"{}", (("ce_id", b"\xff"), ("ce_source", b"a"))),
        (b"[" * 100_000, (("content-type", b"application/cloudevents+json"),)),
        (b'{"source": 1, "id": "x"}', (("content-type", b"application/cloudevents+json"),)),
        (None, (("content-type", b"application/cloudevents+json"),)),
        (b'"\xed\xa0\x80"', (("content-type", b"application/cloudevents+json"),)),
    ],
)
def test_what_has_no_identity_has_none(value: bytes | None, headers: tuple[tuple[str, bytes], ...]) -> None:
    """Such a record is called by its position."""
    assert source_identity(Entry("incidents.raw", 0, 0, key=None, value=value, headers=headers)) is None


def test_engine_time_by_the_mapping_of_its_moment() -> None:
    """A stack that was started anew has a new mapping; what came before is read by the old one."""
    timeline = Timeline([(1000, EngineClock(0, 1000, 10)), (5000, EngineClock(30_000, 5000, 10))])
    assert [timeline.engine(ms) for ms in (1000, 2000, 4999, 5000, 6000)] == [0, 10_000, 39_990, 30_000, 40_000]
    assert timeline.earliest(4000, 6000) == 20_000
    assert timeline.speed == 10
    assert Timeline([]).engine(1) is None
