"""A filter that was taken once is read for ever: whatever a later engine no longer knows lets everything through."""

import asyncio
import threading

import pytest

from engine.doors.filters import Filter, in_time, kept
from engine.errors import InvalidSettings
from engine.views.filters import Filter as RowFilter
from engine.views.filters import UnfitFilter

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


BOMBS = (
    '||'.join(['text.matches("\\\\pL{99}z")'] * 30), 'text.matches("\\\\w{900}")',
    'text.matches("' + "\\\\w" * 30 + '")',
    'text.matches("(?i)[!-\U0010ffff]")', "text.matches(text)", 'text.matches("a" + text)', 'text.matches(("a"))',
    'text.matches(r"\\w")', 'text.matches("""a""")', 'text.matches( // "\n"a{9}")', 'matches(text, "a{9}")',
    'grid.all(a, a.matches("b"))', 'text.matches("\\u007b9}")', "text . matches ('a{9}')", 'text.matches(b"a")',
    "||".join(['text.matches("a")'] * 4), 'text.matches("' + "a" * 101 + '")',
    r"""text == r"\" && text.matches("a{9}")""",
)  # fmt: skip


@pytest.mark.parametrize("condition", BOMBS)
def test_a_pattern_that_holds_everybody_up_is_refused(condition: str) -> None:
    """Each is made anew for every event: one took half a minute, in which nobody else was answered."""
    with pytest.raises(InvalidSettings):
        Filter(condition)
    with pytest.raises(UnfitFilter):
        RowFilter(condition)


def test_a_pattern_that_costs_nothing_holds() -> None:
    """Also beside quotes and texts that only look like one."""
    event = EVENT.replace('"at"', '"text": "lamp 12 is out {9}", "at"')
    for condition in (
        'text.matches("^lamp [0-9]+ ") && ticket.matches("^east-\\\\d+")',
        "text.matches('out') || ticket == \"matches(\"",
        'text.contains("{9}") && text.matches("(lamp|bin) .* is")',
    ):
        assert Filter(condition).takes(event), condition
        assert not Filter(f"!({condition})").takes(event), condition


async def test_many_who_filter_hold_up_nobody_who_logs_in() -> None:
    """Judging has threads of its own: passwords are tried on the others."""
    goes_on = threading.Event()

    def judge(thing: int) -> bool:
        return goes_on.wait(20)

    judging = [asyncio.create_task(in_time(judge, [number])) for number in range(64)]
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert await asyncio.to_thread(lambda: "tried") == "tried"
    finally:
        goes_on.set()
    assert await asyncio.gather(*judging) == [[True]] * 64
