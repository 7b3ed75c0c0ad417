"""A filter that was taken once is read for ever: whatever a later engine no longer knows lets everything through."""

import pytest

from engine.doors.filters import Filter, kept
from engine.errors import InvalidSettings

EVENT = '{"id": "commands:0:1#cg#0", "event": "dispatched", "department": "cg", "ticket": "east-20260302-1", "at": ""}'


@pytest.mark.parametrize("condition", ['mood == "grim"', "event ==", "x" * 2000])
def test_what_is_refused_when_given_keeps_nothing_back_when_kept(condition: str) -> None:
    """Both doors, webhooks and pull, read what is kept by this."""
    with pytest.raises(InvalidSettings):
        Filter(condition)
    assert kept(condition).takes(EVENT)


def test_what_can_be_read_is_kept_as_it_is() -> None:
    """It goes on leaving out what it left out."""
    assert kept('event == "dispatched"').takes(EVENT) and not kept('event == "escalated"').takes(EVENT)
