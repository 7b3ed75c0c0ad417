"""Clocks fire until a moment only once ``commands`` was read past it, and what waits from before goes first (DESIGN
6)."""

from engine.stream.contracts import Record
from engine.stream.horizon import Horizon
from tests.support.fetched import fetched
from topics.registry import COMMANDS, INCIDENTS


def record(topic: str, offset: int, at: int) -> Record:
    """One that waits."""
    return fetched(topic, offset, b"", b"", at=at)


def test_no_clock_fires_before_the_end_of_commands_was_read_to() -> None:
    """An end of 5 that was observed at 100: position 4 is not enough, 5 is; a clock of 101 asks anew."""
    horizon = Horizon()
    assert horizon.wants(90, 100)
    horizon.observe(100, 5)
    assert not horizon.wants(90, 100)
    horizon.read_to(4, ())
    assert horizon.at == 0
    horizon.read_to(5, ())
    assert (horizon.at, horizon.lead) == (100, 0)
    assert not horizon.wants(100, 120)
    assert horizon.wants(101, 120)


def test_what_waits_from_before_goes_first_and_nothing_else() -> None:
    """The lead ends with the last command below the end, or handed in by then; incidents behind it do not count."""
    horizon = Horizon()
    waiting = [
        record(INCIDENTS.name, 7, 1),
        record(COMMANDS.name, 4, 99),
        record(INCIDENTS.name, 8, 99),
        record(COMMANDS.name, 5, 100),
        record(COMMANDS.name, 6, 101),
    ]
    horizon.observe(100, 5)
    horizon.read_to(7, waiting)
    assert horizon.lead == 4
    horizon.taken(3)
    assert horizon.lead == 1
    horizon.taken(2)
    assert horizon.lead == 0


def test_a_stage_without_commands_waits_for_none() -> None:
    """Its clocks fire as soon as somebody has looked."""
    horizon = Horizon()
    horizon.observe(100, 5)
    horizon.read_to(None, [record(INCIDENTS.name, 1, 1)])
    assert (horizon.at, horizon.lead) == (100, 0)
