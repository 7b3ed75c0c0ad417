"""What small functions of the law give at their edges (LAW 3-6, DESIGN 8)."""

from fractions import Fraction

from msgspec.structs import replace

from rules.commands.required_fields import fields_of
from rules.history.deadline_rows import SHOWN, reckoned
from rules.history.explain_log import Retold
from rules.law.compiled import Law
from rules.masking.own_values import LONGEST_OWN, own_values
from rules.rulepack.diff import worded
from rules.rulepack.validation.split_bound import farthest
from rules.state.causes import ClockCause
from rules.state.duty_roster import noted
from rules.state.held_causes import rearmed, set_aside
from rules.ticket import clocks
from rules.ticket.duplicate_index import Lately
from tests.support.city import HOUR, MINUTE, REF, City, at, city_bundle
from topics.command import Duty
from topics.ticket import Clock, Duties
from topics.vocabulary import ClockKind, CommandKind, Role

LAW = Law(REF, city_bundle())


def test_a_night_watch_begins_at_its_minute() -> None:
    """From 20:30 to 04:30: at noon the next of it begins at 20:30; at 03:00 it is on."""
    assert LAW.next_on_duty("20:30-04:30", at("12:00")) == at("20:30")
    assert LAW.next_on_duty("20:30-04:30", at("03:00")) == at("03:00")


def test_a_clock_that_has_not_begun_to_run_has_nothing_to_write_down() -> None:
    """Nor one with a date: settled at any moment they are as they were; a running one has consumed its half hour."""
    later = Clock(
        kind="resolve",
        number="0",
        limit_ms=4 * HOUR,
        unit="urgent_hour",
        started_at=at("08:00"),
        running_since=at("09:00"),
        rungs=(100,),
    )
    dated = Clock(
        kind="park",
        number="0",
        limit_ms=4 * HOUR,
        unit="minute",
        started_at=at("08:00"),
        running_since=at("08:00"),
        rungs=(100,),
        until=at("12:00"),
    )
    assert clocks.settled(LAW, later, at("08:30")) == later
    assert clocks.settled(LAW, dated, at("08:30")) == dated
    assert clocks.settled(LAW, later, at("09:30")) == replace(later, consumed_ms=30 * MINUTE, running_since=at("09:30"))


def test_of_no_party_the_split_is_off_by_nothing() -> None:
    """Shares of nought take part in nothing; of the four of LAW 3 it is off by less than a ticket."""
    assert farthest({}) == farthest({"a": 0}) == 0
    assert 0 < farthest({"a": 20, "b": 30, "c": 40, "d": 10}) < Fraction(1)


def test_a_command_to_a_ticket_and_to_a_child_ask_for_their_own_fields() -> None:
    """Who finishes a ticket says what was done; a department may leave it out. What only a child has is found, too."""
    assert fields_of(CommandKind.FINISH) == ("text", "proof?")
    assert fields_of(CommandKind.FINISH, is_child=True) == ("text?", "proof?")
    assert fields_of(CommandKind.RELEASE) == ("reason",)
    assert fields_of(CommandKind.UNREADABLE) == ()


def test_what_nobody_wrote_is_said_to_be_nothing() -> None:
    """In a comparison of packs; nought and no are something."""
    values: list[object] = [None, "", [], 0, False, "x"]
    assert [worded(one) for one in values] == [
        "nothing",
        "nothing",
        "nothing",
        "0",
        "False",
        "x",
    ]


def test_long_reckonings_show_their_two_ends() -> None:
    """Of twenty stretches the first four and the last four, and between them how many and how much; of nine one is
    between; of eight all stand there."""
    for halves, rows in ((20, SHOWN + 1), (9, SHOWN + 1), (8, SHOWN)):
        clock = Clock(
            kind="resolve",
            number="0",
            limit_ms=halves * 4 * HOUR,
            unit="work_hour",
            started_at=at("08:00"),
            running_since=at("08:00"),
            rungs=(100,),
        )
        lines, adds_up = reckoned(LAW, clock, 100, "U2")
        shown = [line for line in lines if line.startswith("  ")]
        assert adds_up and len(shown) == rows, lines
        assert halves != 20 or shown[SHOWN // 2].startswith("  … 12 more stretches until 2026-03-11 18:00:00: 48 h")
        assert halves != 9 or shown[SHOWN // 2].startswith("  … 1 more stretches until 2026-03-04 12:00:00: 4 h")
        assert shown[-1].endswith(f"together {halves * 4} h")


def test_of_tickets_filed_at_the_same_moment_the_one_that_ended_goes() -> None:
    """Three leaks of one millisecond; the last ends: the first two are still looked at."""
    city = City()
    for name in "ABC":
        city.report(name, "leak")
    lately = Lately(city.book.tickets.stored(city[name].id) or b"" for name in "ABC")
    lately.put(city["C"].id, None)
    found = [seen.ticket for seen in lately.of("east", "leak", at("00:00"))]
    assert found == [city["B"].id, city["A"].id]


def test_a_change_of_another_kind_in_the_same_window_takes_no_others_place() -> None:
    """Added and put off duty for the same week: both are known. On and off, or the same twice, are one."""
    week = {"since": at("08:00"), "until": at("08:00", 7)}
    add, off, on = (Duty(person="p", role=Role.CHECKER, change=change, **week) for change in ("add", "off", "on"))  # type: ignore[arg-type]
    now = at("07:00")
    assert noted(Duties((add,)), off, now).changes == (add, off)
    assert noted(Duties((off,)), on, now).changes == (on,)
    assert noted(Duties((add,)), add, now).changes == (add,)


def test_a_rung_that_was_set_aside_is_due_again_and_no_other() -> None:
    """50 % could not be decided, 80 % was: given back, 50 % alone is due again."""
    city = City()
    city.report("T", "leak")
    city.work("T", until="start")
    name = city["T"].id
    city.now = at("10:00")
    city.book.apply(
        set_aside(
            city.book,
            ClockCause(ticket=name, kind=ClockKind.RESOLVE, number="0", rung=50, due_at=at("10:00")),
            city.now,
        )
    )
    city.at("11:12")
    given_back = rearmed(city.book, f"clock:{name}:0:resolve:0:50")
    assert given_back is not None
    resolve = given_back[0].clock(ClockKind.RESOLVE)
    assert resolve is not None and (resolve.rungs, resolve.fired) == ((50, 100, 150, 300), (80,))


def test_who_gave_a_command_stands_in_its_explanation_and_each_clock_is_found_by_its_kind() -> None:
    """Accepted by whom; and of a child that is late in signing in, the report-in clock is added up, not the child's."""
    city = City()
    city.report("T", "fire")
    city.at("10:31")
    retold = Retold(city.laws)
    told = [retold.explain(decision) for decision in city.decisions]
    assert all(one.agrees for one in told), [one.lines for one in told if not one.agrees]
    rows = [line for one in told for line in one.lines if line.startswith("    ") and "limit" in line]
    kinds = [line.split()[0] for line in rows]
    assert kinds == [event.facts["clock"] for event in city.events("ClockAtRisk", "ClockBreached")] != []
    city = City()
    city.report("T", "leak")
    city.work("T", until="accept")
    retold = Retold(city.laws)
    lines = [line for decision in city.decisions for line in retold.explain(decision).lines]
    who = city["T"].person
    assert any(f"by command accept of {city['T'].party}:{who} (c2)" in line for line in lines), lines
    assert any(line.startswith("at ") and line.endswith("by incident") for line in lines)


def test_of_a_reporters_own_words_64_signs_are_looked_for() -> None:
    """The 64th counts, the 65th does not."""
    assert LONGEST_OWN == 64
    assert own_values({"name": "x" * 70}) == ("x" * 64,)
