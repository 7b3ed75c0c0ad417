"""DESIGN 8: every decision can be worked out again, and its clocks added up with a pencil; what was tampered with is
found."""

import random

import pytest
from msgspec.structs import replace

from engine.replay.verify import laws_of
from rules.history.deadline_rows import reckoned
from rules.history.explain_log import Retold
from rules.law.compiled import Law
from tests.support.busy_days import busy_days
from tests.support.city import HOUR, REF, City, at, city_bundle
from topics.codec import decode, encode
from topics.decision import Decision, facts_of
from topics.pack import ForceMajeure
from topics.ticket import Clock


@pytest.mark.parametrize("seed", range(6))
def test_every_decision_of_a_town_comes_out_again(seed: int) -> None:
    """Splits, limits, tiers, generations and every row of every clock, with rosters that change and force majeure."""
    log = busy_days(seed, incidents=50, hours=70)
    retold = Retold(laws_of(log))
    told = [retold.explain(decode(entry.value or b"", Decision)) for entry in log.of("tickets.decisions")]
    wrong = ["\n".join(one.lines) for one in told if not one.agrees]
    assert not wrong, wrong[0]
    assert sum(one.worked_out for one in told) > 100


def test_a_reckoning_reads_like_one_by_hand() -> None:
    """Eight working hours from Monday 15:00, half a day flooded: the rows add up to 80 %."""
    law = Law(REF, city_bundle(force_majeure=(ForceMajeure(at("08:00", 1), at("12:00", 1), ("north",), "flood"),)))
    clock = Clock(
        kind="resolve",
        number="0",
        limit_ms=8 * HOUR,
        unit="work_hour",
        started_at=at("08:00"),
        running_since=at("15:00"),
        rungs=(80,),
        consumed_ms=HOUR,
        area="east1",
    )
    rows, adds_up = reckoned(law, clock, 80, "U2")
    assert adds_up
    assert rows == [
        "resolve 0: limit 8 h of working time; 80 % of it is 6 h 24 min",
        "consumed before 2026-03-02 15:00:00: 1 h; left 5 h 24 min",
        "  2026-03-02 15:00:00 to 18:00:00: 3 h, together 3 h",
        "  2026-03-03 14:00:00 to 16:24:00: 2 h 24 min, together 5 h 24 min",
        "reached 2026-03-03 16:24:00 Asia/Shanghai",
    ]


def test_rows_add_up_for_any_clock() -> None:
    """Any unit, any start, any rung; beyond the calendar it says so."""
    draw = random.Random(7)
    windows = tuple(ForceMajeure(at("08:00", d), at("11:30", d + 1), (), "x") for d in range(1, 200, 9))
    law = Law(REF, city_bundle(force_majeure=windows))
    beyond = 0
    for _ in range(3000):
        unit = draw.choice(["minute", "urgent_day", "work_hour", "work_day"])
        since = at("00:00") + draw.randrange(600 * 86_400_000)
        limit = draw.choice([1, 7, 90]) * law._unit_ms[unit]
        clock = Clock(
            kind="resolve",
            number="0",
            limit_ms=limit,
            unit=unit,
            started_at=since,
            running_since=since,
            rungs=(50,),
            consumed_ms=draw.randrange(3 * limit),
            area=draw.choice([None, "east1"]),
        )
        rows, adds_up = reckoned(law, clock, draw.choice([50, 80, 100, 150, 300]), draw.choice(["U1", "U3"]))
        assert adds_up, rows
        beyond += "beyond_horizon" in rows[-1]
    assert 0 < beyond < 1000


def recorded(city: City) -> list[Decision]:
    """The decisions as the log has them."""
    return [decode(encode(decision), Decision) for decision in city.decisions]


@pytest.mark.parametrize("what", ["due_at", "limit_ms", "party", "generation", "to_tier"])
def test_what_was_tampered_with_does_not_agree(what: str) -> None:
    """A moment, a limit, a party, a generation, a tier that is not what the law gives."""
    city = City()
    city.report("T", "bins")
    city.at("08:00", 2)
    city.ask("close_by_source", "T", "source:app", reason="closed")
    city.ask("reopen", "T", "reporter:r", reason="again")
    retold, disagreed = Retold(city.laws), 0
    for decision in recorded(city):
        for event in decision.events:
            facts = facts_of(event)
            if what in facts and event.type in ("ClockBreached", "TicketFiled", "TicketReopened", "TicketMoved"):
                value = facts[what]
                facts[what] = value + 1 if isinstance(value, int) else "grid" if what == "to_tier" else "nobody"
        disagreed += not retold.explain(decision).agrees
    assert disagreed


def test_a_log_whose_roster_has_aged_away_cries_over_nothing() -> None:
    """Cut anywhere, with the roster's changes as the state has them in the end: nothing disagrees, and what rests on a
    roster that ended is named."""
    city = City()
    city.report("A", "bins")
    city.duty("specialist-1", "specialist", "off", until=at("12:00"))
    city.report("B", "bins")
    city.at("12:30")
    city.duty("specialist-1", "specialist", "off")
    city.report("C", "bins")
    city.at("08:00", 3)
    city.duty("chief-1", "chief", "on")
    city.duty("specialist-1", "specialist", "on")
    city.report("D", "bins")
    stood = city.book.rosters.duties
    unvouched = []
    for cut in range(1, len(city.decisions)):
        retold = Retold(city.laws, stood)
        told = [(one, retold.explain(one)) for one in city.decisions[cut:]]
        assert all(found.agrees for _, found in told)
        unvouched += [one.id for one, found in told if not found.vouched]
        assert all("not vouched for" in " ".join(found.lines) for _, found in told if not found.vouched)
    filed = {
        decision.id: decision
        for decision in city.decisions
        if any(event.type == "TicketFiled" for event in decision.events)
    }
    assert set(unvouched) <= set(filed) and list(filed)[1] in unvouched
    whole = Retold(city.laws)
    assert all(found.agrees and found.vouched for found in map(whole.explain, city.decisions))


def test_a_moment_too_early_does_not_agree_either() -> None:
    """Fired when it was fired, but said to have been due an hour before."""
    city = City()
    city.report("T", "bins")
    city.at("08:00", 2)
    retold = Retold(city.laws)
    for decision in recorded(city):
        breached = [event for event in decision.events if event.type == "ClockBreached"]
        for event in breached:
            facts_of(event)["due_at"] -= HOUR
        assert retold.explain(decision).agrees is not bool(breached)


@pytest.mark.plain(reason="a method of a calendar is taken away")
def test_rows_that_do_not_add_up_are_said_to_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretch is missing from the rows: the sum shows it."""
    law = Law(REF, city_bundle())
    clock = Clock(
        kind="resolve",
        number="0",
        limit_ms=8 * HOUR,
        unit="work_hour",
        started_at=at("15:00"),
        running_since=at("15:00"),
        rungs=(100,),
    )
    assert reckoned(law, clock, 100, "U2")[1]
    whole = law.calendar.spans
    monkeypatch.setattr(law.calendar, "spans", lambda start, end: list(whole(start, end))[1:])
    assert not reckoned(law, clock, 100, "U2")[1]


def test_moves_by_hand_are_explained_by_who_may_move_it_so() -> None:
    """Down by a chief agrees, down by a clock would not; into the ladder of another category it is that ladder that
    counts."""
    city = City()
    city.report("T", "leak")
    city.ask("escalate", "T", "chief:chief-1", target="street", reason="up")
    city.ask("escalate", "T", "chief:chief-1", target="community", reason="down")
    city.report("P", "pipe")
    city.ask("recategorise", "P", "chief:chief-1", category="leak", reason="a leak")
    retold = Retold(city.laws)
    told = [retold.explain(decision) for decision in city.decisions]
    lines = [line for one in told for line in one.lines if " stands " in line]
    assert [one.agrees for one in told] == [True] * len(told)
    assert [line.partition(": ")[2].partition(" in ")[0] for line in lines] == [
        "street stands above grid",
        "community stands below street: moved down by chief",
        "departments stands above department",
    ]
    forged = replace(city.decisions[2], command="finish")
    again = Retold(city.laws)
    assert [again.explain(decision).agrees for decision in (*city.decisions[:2], forged)] == [True, True, False]
