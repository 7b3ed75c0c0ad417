"""LAW 6: merged and unmerged again is as if never merged; what came due meanwhile fires once, late. Beside a twin that never merged."""

import random
from collections import Counter

import pytest

from rules.law import Law
from tests.support.city import DAY, MINUTE, REF, City, city_bundle
from topics.ticket import Clock, Ticket
from topics.vocabulary import ClockKind

LAW = Law(REF, city_bundle())
HISTORIES = 400


def passes(city: City, ms: int) -> None:
    """Time passes; clocks fire at their moments."""
    until = city.now + ms
    while (due := city.book.next_due()) is not None and due <= until:
        city._fire(due)
    city.now = until


def ledger(ticket: Ticket) -> tuple[object, ...]:
    """What a resolve clock is, but for its rungs."""
    clock: Clock = next(clock for clock in ticket.clocks if clock.kind == ClockKind.RESOLVE)
    return clock.limit_ms, clock.unit, clock.consumed_ms, clock.running_since, clock.paused_reason, clock.extended


def work(city: City, act: str) -> None:
    """Something that touches X's clocks."""
    holder = city.holder("X")
    if act == "extend":
        city.ask("extend", "X", holder, reason="parts")
        city.ask("approve", "X", "chief:chief-1")
    elif act == "rework":
        city.ask("start", "X", holder)
        city.ask("finish", "X", holder, text="done", proof=("p",))
        passes(city, 7 * MINUTE)
        city.ask("check", "X", "checker:checker-2", passed=False, reason="not clean")
    elif act == "recategorise":
        city.ask("recategorise", "X", "chief:chief-1", category="road", reason="so it is")
    else:
        city.ask(act, "X", "desk:desk-1", reason="which door?")


def told(seed: int, merged: bool) -> City:
    """One history; with ``merged`` T is merged into X for a while of it."""
    draw, city = random.Random(seed), City(law=LAW)
    city.report("X", "bins")
    city.work("X", until="accept")
    passes(city, draw.randrange(40) * MINUTE)
    city.report("T", draw.choice(["leak", "bins", "wall"]))
    city.work("T", until="accept")
    acts = [draw.choice(["extend", "rework", "recategorise", "wait_reporter", "resume"]) for _ in range(draw.randrange(1, 6))]
    begin, end = sorted(draw.randrange(len(acts) + 1) for _ in range(2))
    for number, act in enumerate([*acts, None]):
        if merged and number == begin:
            assert city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id) == "done_as_asked"
        passes(city, draw.randrange(1, 14) * MINUTE)
        if merged and number == end:
            assert city.ask("unmerge", "T", "desk:desk-1", reason="another door") == "done_as_asked"
        if act is not None:
            work(city, act)
    return city


@pytest.mark.parametrize("block", range(4))
def test_an_undone_merge_leaves_every_ledger_as_if_it_had_never_been(block: int) -> None:
    """Random pauses, extensions, checks that fail, other categories, while merged and after: to the millisecond."""
    for seed in range(block * HISTORIES, (block + 1) * HISTORIES):
        merged, never = told(seed, True), told(seed, False)
        assert ledger(merged["X"]) == ledger(never["X"]), seed
        assert ledger(merged["T"]) == ledger(never["T"]), seed
        assert (merged["X"].ledgers, merged["X"].merged_here, merged["T"].merged_into) == ((), (), None)


def test_rungs_that_came_due_while_merged_fire_once_and_say_how_late() -> None:
    """Merged from 08:10 for three hours: the reminders of 10:00 and 11:12 come at 11:30, each once, then the rest at their moments."""
    city = City(law=LAW)
    city.report("X", "wall")
    city.report("T", "leak")
    passes(city, 10 * MINUTE)
    assert city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id) == "done_as_asked"
    passes(city, 200 * MINUTE)
    assert city.ask("unmerge", "T", "desk:desk-1", reason="another door") == "done_as_asked"
    passes(city, DAY)
    name = city["T"].id
    fired = [event.facts for event in city.events("ClockAtRisk", "ClockBreached") if event.ticket == name and event.facts["clock"] == "resolve"]
    assert Counter(facts["rung"] for facts in fired) == Counter((50, 80, 100, 150, 300))
    assert [facts["late_by_ms"] // MINUTE for facts in fired] == [90, 18, 0, 0, 0]


def test_after_thirty_days_it_stays_merged() -> None:
    """Too late is too late."""
    city = City(law=LAW)
    city.report("X")
    city.report("T")
    city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id)
    passes(city, 31 * DAY)
    assert city.ask("unmerge", "T", "desk:desk-1", reason="another door") == "too_late"
