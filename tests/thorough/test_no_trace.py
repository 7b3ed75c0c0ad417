"""A decision that raised leaves no trace: wherever it breaks, memory is as it was, and the next one is that of a fresh
book (DESIGN 5, 6)."""

import random
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import rules
from rules.decide import decide
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause, Outcome
from rules.state.partition_state import Book
from tests.support.city import DAY, HOUR, REF, City, at, city_bundle, rule
from topics import codec
from topics.pack import Alike, ForceMajeure, PackBundle, Storm

RULES = str(Path(rules.__file__).parent)
Cause = IncidentCause | CommandCause | ClockCause
Any_Trace = Callable[[FrameType, str, Any], Any]


MORNING = at("08:00")


class Broken(Exception):
    """Our own fault, at a line chosen by the test."""


def broken_at(line: int | None, act: Callable[[], object]) -> int:
    """Run something and raise at its n-th line within ``rules/``; answers how many lines ran."""
    ran = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal ran
        if not frame.f_code.co_filename.startswith(RULES):
            return None
        if event == "line":
            ran += 1
            if ran == line:
                raise Broken
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(former)
    return ran


def into(outcomes: list[Outcome], *asked: Any) -> None:
    """Decide, and keep the outcome."""
    outcomes.append(decide(*asked))


def bundle() -> PackBundle:
    """A city in which every memo is asked: exceptions, windows, likeness, floods."""
    return city_bundle(
        rules=(rule("night", "hour < 9 && attributes.floor == 3", {"urgency": "U2"}, "hour", "attributes"),),
        force_majeure=(ForceMajeure(MORNING + HOUR, MORNING + 3 * HOUR, ("north",), "flood"),),
        alike=(Alike("same", 600, 60, 90),), storm=Storm(4, 600),
    )  # fmt: skip


def told() -> City:
    """A story of reports, duties, whistles, merges and clocks."""
    city = City(bundle())
    for n, category in enumerate(["bins", "leak", "fire", "wall", "road", "pipe", "bins", "bins", None]):
        city.report(f"T{n}", category, text=f"text {n}", attributes={"floor": n % 4})
    city.duty("specialist-1", "specialist", "off", until=city.now + HOUR)
    for name in ("T0", "T1"):
        city.ask("accept", name, city.holder(name))
        city.ask("start", name, city.holder(name))
    city.ask("park", "T0", city.holder("T0"), reason="r", until=city.now + DAY)
    city.ask("duplicate_of", "T6", "desk:desk-1", target=city["T7"].id)
    city.ask("finish", "T2", "department:fire", child="fire/1", text="out", proof=("p",))
    city.ask("escalate", "T3", "chief:chief-1", reason="r")
    city.at("20:00")
    city.ask("note", "T4", "desk:desk-1", text="x", accepted=city.now - HOUR)
    return city


def memory(book: Book) -> list[Any]:
    """All that a book holds, in a form that can be compared."""
    lately = book.lately
    return [
        sorted(book.records()),
        sorted(book.open),
        sorted(book._due_at.items()),
        list(book._seen_at),
        list(book._changed),
        book.pack,
        None if lately is None else sorted((key, list(row)) for key, row in lately._seen.items()),
    ]


def reopened(state: dict[bytes, bytes], now: int) -> tuple[Book, dict[str, Law]]:
    """A fresh book and a fresh law: nothing is remembered but what is stored."""
    laws = {REF: Law(REF, bundle())}
    book = Book(laws)
    for key in sorted(state):
        book.load(key, state[key])
    book.opened(REF, now)
    return book, laws


@pytest.mark.parametrize("seed", range(1))
def test_wherever_a_decision_breaks_nothing_is_left_behind(seed: int) -> None:
    """Each cause of a day is broken at lines drawn from all it runs through, caches cold and warm, and then decided:
    the same bytes."""
    draw, causes = random.Random(seed), told().causes
    state: dict[bytes, bytes] = {}
    warm, warm_laws = reopened(state, 0)
    broken = 0
    for number, (cause, now) in enumerate(causes):
        cold, cold_laws = reopened(state, now)
        outcomes: list[Outcome] = []
        lines = broken_at(None, partial(into, outcomes, cold, cold_laws, cause, now))
        wanted = codec.encode(outcomes[0].decision)
        for book, laws in ((warm, warm_laws), reopened(state, now)):
            before = memory(book)
            for line in draw.sample(range(1, lines + 1), min(3, lines)):
                try:
                    broken_at(line, partial(decide, book, laws, cause, now))
                except Broken:
                    broken += 1
            assert memory(book) == before, number
            assert codec.encode(decide(book, laws, cause, now).decision) == wanted, number
        warm.apply(decide(warm, warm_laws, cause, now))
        for key, value in warm.flush():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
    assert broken > 2 * len(causes), "too few decisions were broken"


def test_every_line_of_the_memos_may_break() -> None:
    """Day, month and hour, working time, rosters and places asked anew after each line that raised: as if nothing had
    been."""
    moments = [MORNING + n * 7 * HOUR for n in range(4)]
    questions: list[Callable[[Law, int], object]] = [
        Law.local_day,
        Law.local_month,
        Law.local_hour,
        lambda law, t: law.calendar.add(t, HOUR),
        lambda law, t: law.calendar.is_open(t),
        lambda law, t: [e.person for e in law.ready("street", "east1", None, None, t)],
        lambda law, t: law.home_of("east1"),
        lambda law, t: [e.person for e in law.roster("specialist", "east1")],
        lambda law, t: law.standstill("east1", "work_hour").add(t, 5 * HOUR),
        lambda law, t: law.overrides({"hour": t // HOUR % 24, "attributes": {"floor": 3}}),
    ]
    for question in questions:
        for former, now in pairwise(moments):
            wanted = question(Law(REF, bundle()), now)
            law = Law(REF, bundle())
            question(law, former)
            for line in range(1, 40):
                try:
                    broken_at(line, partial(question, law, now))
                except Broken:
                    assert question(law, now) == wanted
                    question(law, former)


def test_a_moment_beyond_the_calendar_leaves_no_stale_day() -> None:
    """What raised at -10^18 once was decided with another day's date at the second try."""
    law = Law(REF, bundle())
    law.local_day(MORNING)
    for far in (-(10**18), 10**18):
        for _ in range(2):
            with pytest.raises((ValueError, OverflowError, OSError)):
                law.local_day(far)
    assert law.local_day(MORNING) == "20260302"
