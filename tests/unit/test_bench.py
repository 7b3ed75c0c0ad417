"""What ``make bench`` judges by, without servers: what is not right is found, and limits are held."""

import xml.etree.ElementTree as Xml

import pytest

from engine.stream.contracts import Out, Record
from tests.bench import drawing, gate, held, page, peers_told
from tests.bench.due_clocks import Found
from tests.bench.in_process import START, dispatch_of, intake_of, record, timed
from tests.bench.open_loop import planned, quantile
from tests.bench.open_tickets import ELEVEN, LATER, NINE, SOON, Wanted, _decided, due_of
from tests.bench.peers_told import Round
from tests.bench.stand import Used
from tests.support.poison import good, law_of
from topics import codec
from topics.decision import Decision
from topics.registry import DECISIONS, INCIDENTS, RAW

COUNT = 40


@pytest.fixture(scope="module")
def round_() -> tuple[list[Record], list[Record], list[Record]]:
    """Incidents, their decisions and their tasks, as a round leaves them on the log."""
    law = law_of("guancheng")
    sent = [Out(RAW.name, 0, key, value, headers) for key, value, headers in good(5, COUNT, urgent_percent=30)]
    raws = [record(RAW.name, n, one, START + n) for n, one in enumerate(sent)]
    placed = [one for one in timed(intake_of(law), raws)[1] if one.topic == INCIDENTS.name]
    incidents = [record(INCIDENTS.name, n, one, START + n) for n, one in enumerate(placed)]
    outs = [one for one in timed(dispatch_of(law), incidents)[1] if one.topic == DECISIONS.name]
    decisions = [record(DECISIONS.name, n, one, START + n) for n, one in enumerate(outs)]
    told = [Out(topic, 0, key, value) for topic, key, value in gate.owed(decisions).elements()]
    return incidents, decisions, [record(one.topic, n, one, START) for n, one in enumerate(told)]


def test_a_sound_round_passes(round_: tuple[list[Record], list[Record], list[Record]]) -> None:
    """And there are tasks in it to be lost."""
    incidents, decisions, tasks = round_
    assert len(incidents) == COUNT and len(tasks) > COUNT // 10
    assert gate.faults_of(incidents, decisions, tasks=tasks, sent=COUNT) == []


def test_what_is_lost_or_doubled_is_found(round_: tuple[list[Record], list[Record], list[Record]]) -> None:
    """An incident, a decision, a task, and one of another decision."""
    incidents, decisions, tasks = round_

    def faults(decided: list[Record], told: list[Record], sent: int = COUNT) -> list[str]:
        return [one.split(",")[0] for one in gate.faults_of(incidents, decided, tasks=told, sent=sent)]

    assert faults(decisions, tasks, COUNT + 1) == [f"{COUNT + 1} reports were sent"]
    assert faults([*decisions, decisions[0]], tasks)[0] == "1 decisions doubled or of nobody"
    assert faults(decisions, tasks[1:]) == ["1 tasks lost"]
    assert faults(decisions, [*tasks, tasks[0]]) == ["1 tasks doubled or of nobody"]
    without = [one for one in decisions if not gate.owed([one])]
    assert faults([one for one in decisions if one is not without[0]], tasks) == ["1 decisions lost"]


def used(**own: float) -> dict[str, Used]:
    """CPU of these."""
    return {name: Used(value, kafka=1.0) for name, value in own.items()}


def test_held_are_ratios_of_medians() -> None:
    """One bad round of three says nothing; a limit that is not reached is named."""
    ours = used(intake=60, dispatch=40, fanout=10, projector=30)
    theirs = used(plain=50, send=10, batches=3, faust=400, quix=31)
    slow = ours | used(dispatch=90)
    rounds = [Round(ours, theirs), Round(slow, theirs), Round(ours, theirs)]
    assert peers_told.medians(rounds)["sum"].own == 140
    assert peers_told.broken(peers_told.medians(rounds)) == []
    [one] = peers_told.broken(peers_told.medians([Round(ours, theirs | used(quix=29))]))
    assert one.startswith("quixstreams") and "0.72" in one
    assert len(peers_told.broken(peers_told.medians([Round(slow, theirs)]))) == 2
    lines = peers_told.table(rounds)
    assert any("| 0.78 | ≥ 0.75 |" in line for line in lines)
    assert "plain Python: quixstreams 0.62, stock Faust 8.00" in lines[-1]


def test_a_limit_that_is_missed_is_said_so() -> None:
    """In the same row as the figure."""
    lines = held.table({held.DISPATCH: 44.61, held.INTAKE: 45.0})
    assert lines[2].endswith("| ≤ 35 µs | 44.6 µs | **missed** |")
    assert lines[3].endswith("| ≤ 45 µs | 45 µs | held |")


def test_a_section_takes_its_own_place() -> None:
    """What stands beside it stays; written twice it is there once."""
    text = page.put(page.put("# Costs\n\nby hand\n", "a", "one"), "b", "two")
    again = page.put(text, "a", "three")
    assert "one" not in again and again.count("bench a: begin") == 1
    assert again.index("by hand") < again.index("three") < again.index("two")


def test_plots_are_pictures() -> None:
    """Well formed, every name in them, whatever it contains."""
    for text in (
        drawing.bars("a < b", {"x & y": 3.0, "nought": 0.0}, "µs"),
        drawing.lines("a < b", {"x & y": [(0, 1), (1, 2)]}, x_is="s", y_is="ms"),
    ):
        assert "x & y" in {one.text for one in Xml.fromstring(text).iter()}


def test_clocks_that_are_early_late_or_missing_are_told() -> None:
    """By the broker's clock; a report without a decision as well."""
    found = Found(due={"a": 1000, "b": 1000, "c": 1000}, fired={"a": 999, "b": 1007}, sent=[1.0])
    assert sorted(found.late()) == [-1, 7]
    assert [one.split(" ", 1)[0] for one in found.faults()] == ["1", "1", "1"]


def test_the_tickets_made_are_due_as_wanted() -> None:
    """So many at eleven, the others much later; the law's limits are as the benchmark takes them."""
    wanted = Wanted(open=60, due=20, spread_ms=1000)
    due = [at for p in range(2) for at in _decided(law_of("guancheng"), p, 2, wanted).book._due_at.values()]
    soon = sorted(at for at in due if at <= ELEVEN + 1000)
    assert len(due) == 60 and soon == [ELEVEN + n * 50 for n in range(20)]
    assert min(at for at in due if at > ELEVEN + 1000) > ELEVEN + 3_600_000
    assert NINE < ELEVEN and SOON != LATER


def test_the_clocks_counted_at_eleven_are_all_that_fire_then() -> None:
    """Two of each ticket: a storm of a hundred thousand tickets was told as one of a hundred thousand clocks."""
    core = _decided(law_of("guancheng"), 0, 2, Wanted.of_clocks(20, open=30))
    due, fired = due_of(core, ELEVEN), list[str]()
    while outs := core.fire(ELEVEN, ELEVEN):
        fired += [codec.decode(out.value or b"", Decision).id for out in outs if out.topic == DECISIONS.name]
    assert sorted(fired) == sorted(due) and set(due.values()) == {ELEVEN} and len(due) % 2 == 0


def test_moments_and_quantiles() -> None:
    """Planned beforehand, and the value below which so many lie."""
    assert planned(10.0, 4, 0.5) == [10.0, 10.25]
    assert quantile([3, 1, 2], 0.5) == 2 and quantile(range(100), 0.99) == 99
