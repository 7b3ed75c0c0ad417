"""A decision read for its rows alone gives the rows that all of it gives, and is refused where all of it is."""

from typing import Any

import msgspec
import pytest

from engine.views import foldable
from engine.views.rows import rows_of
from tests.support.busy_days import busy_days
from tests.support.city import City
from topics import codec
from topics.decision import Decision, Event
from topics.events.types import EventType
from topics.ids import DecisionId


def test_rows_are_the_same_however_the_log_is_read() -> None:
    """Busy days, and causes that were set aside, tried again and dropped."""
    city = City()
    written = [entry.value or b"" for entry in busy_days(4, 60, 40).of("tickets.decisions")]
    held: list[tuple[EventType, dict[str, Any]]] = [
        (EventType.CAUSE_HELD, {"record": "incidents:0:7", "n": {"a": [1]}}),
        (EventType.CAUSE_HELD, {}),
        (EventType.CAUSE_HELD, {"record": "incidents:0:8"}),
        (EventType.HELD_RETRIED, {"record": "incidents:0:8"}),
    ]
    for n, (kind, facts) in enumerate(held):
        events = (Event(kind, "t", facts),)
        one = Decision(id=DecisionId(f"held:{n}"), at=n, cause="held", reason="held", home="east", events=events)
        written.append(codec.encode(one))
    whole, part = [codec.decode(value, Decision) for value in written], [foldable.read(value) for value in written]
    found = rows_of(part, city.laws)
    assert found == rows_of(whole, city.laws) and len(found) > 50
    assert {"incidents:0:7", "held:1", "incidents:0:8"} <= {row.id for row in found}
    assert [one.id for one in part] == [one.id for one in whole]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version":1', b'"version":2'),
        (b'"reason":', b'"newer":1,"reason":'),
        (b'"type":', b'"newer":1,"type":'),
        (b'"facts":{', b'"facts":{,'),
        (b'"why":{', b'"why":{{'),
    ],
    ids=["form", "member", "member of an event", "facts that are no JSON", "a why that is none"],
)
def test_what_cannot_be_read_is_refused(old: bytes, new: bytes) -> None:
    """A newer form, a member that is not known, damage."""
    city = City()
    city.report("T")
    value = codec.encode(city.decisions[-1])
    foldable.read(value)
    assert old in value
    with pytest.raises(msgspec.MsgspecError):
        foldable.read(value.replace(old, new, 1))
