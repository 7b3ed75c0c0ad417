"""LAW 6: merged and unmerged again is as if never merged; what came due meanwhile fires once, late. Beside a twin that
never merged."""

import random
from collections import Counter

import pytest

from rules.law.compiled import Law
from tests.support.city import DAY, MINUTE, REF, City, city_bundle
from topics.ticket import Clock, Ticket
from topics.vocabulary import ClockKind

LAW = Law(REF, city_bundle())
HISTORIES = 200


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
    acts = [
        draw.choice(["extend", "rework", "recategorise", "wait_reporter", "resume"])
        for _ in range(draw.randrange(1, 6))
    ]
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
    """Merged from 08:10 for three hours: the reminders of 10:00 and 11:12 come at 11:30, each once, then the rest at
    their moments."""
    city = City(law=LAW)
    city.report("X", "wall")
    city.report("T", "leak")
    passes(city, 10 * MINUTE)
    assert city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id) == "done_as_asked"
    passes(city, 200 * MINUTE)
    assert city.ask("unmerge", "T", "desk:desk-1", reason="another door") == "done_as_asked"
    passes(city, DAY)
    name = city["T"].id
    fired = [
        event.facts
        for event in city.events("ClockAtRisk", "ClockBreached")
        if event.ticket == name and event.facts["clock"] == "resolve"
    ]
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


def chains(seed: int, merged: bool) -> City:
    """Three or four tickets; with ``merged`` they are merged in a random tree and taken out again in a random order,
    over any deadline."""
    draw, city = random.Random(seed), City(law=LAW)
    names = ["A", "B", "C", "D"][: draw.choice([3, 4])]
    for name in names:
        city.report(name, draw.choice(["leak", "bins", "wall", "road", "lift"]))
        passes(city, draw.randrange(60) * MINUTE)
    plan = [(name, draw.choice(names[place + 1 :])) for place, name in enumerate(names[:-1])]
    draw.shuffle(plan)
    undone = [name for name, _ in plan]
    draw.shuffle(undone)
    steps: list[tuple[str, str | None]] = [*plan, *((name, None) for name in undone)]
    for what, into in steps:
        if merged and into is not None:
            while city[into].status == "merged":  # what it was to be merged into has gone on itself
                into = next(other for other in names if city[other].id == city[into].merged_into)
            reason = city.ask("duplicate_of", what, "desk:desk-1", target=city[into].id)
            assert reason in ("done_as_asked", "not_in_this_status", "children_open")  # departments may be at it by now
        elif merged and city[what].status == "merged":
            assert city.ask("unmerge", what, "desk:desk-1", reason="another door") == "done_as_asked"
        passes(city, draw.choice([5 * MINUTE, 90 * MINUTE, 400 * MINUTE, DAY]))
    passes(city, 40 * DAY if draw.random() < 0.2 else DAY)
    return city


@pytest.mark.parametrize("block", range(2))
def test_trees_of_merges_undone_in_any_order_are_as_if_never_merged(block: int) -> None:
    """Beside a second book that never merged: each limit, what is consumed of it, and each of its rungs, once, whatever
    shared limit fired."""
    for seed in range(block * 100, block * 100 + 100):
        merged, never = chains(seed, True), chains(seed, False)
        for name in ("A", "B", "C"):
            mine, other = merged[name], never[name]
            assert (mine.ledgers, mine.merged_here, mine.merged_into, mine.reach_here) == ((), (), None, ()), (
                seed,
                name,
            )
            assert mine.is_overdue == other.is_overdue, (seed, name)
            assert ledger(mine) == ledger(other), (seed, name)
            clock, twin = (
                next(clock for clock in ticket.clocks if clock.kind == ClockKind.RESOLVE) for ticket in (mine, other)
            )
            assert (clock.number, clock.rungs, sorted(clock.fired)) == (twin.number, twin.rungs, sorted(twin.fired)), (
                seed,
                name,
            )
        keys = [decision.id for decision in merged.decisions]
        assert len(keys) == len(set(keys)), seed
