"""What 'top', 'ticket list', 'ticket show' and 'ticket COMMAND --help' put on a screen."""

from collections.abc import Sequence
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from engine.cli.tail import _lines
from engine.terminal import console
from engine.views.board import Board, Keys, screen
from engine.views.lists import Town, written
from engine.views.manual import manual
from engine.views.queues import queues
from engine.views.told import ticket_lines
from rules.commands.approvals import may_agree
from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from rules.commands.required_fields import fields_of
from rules.history.explain_log import Retold
from rules.law.moments import local, moment
from tests.support.city import City
from tests.support.views import summary
from tests.unit.engine.test_screen import HOSTILE, does_nothing
from topics import codec
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role

ZONE = ZoneInfo("Asia/Shanghai")


def hostile_city(evil: str) -> City:
    """Everything that people can write down holds the same hostile text."""
    city = City()
    city.report("T", "bins", text=evil, address=evil, attributes={"note": evil})
    city.work("T", until="start")
    city.ask("note", "T", "chief:chief-1", text=evil)
    city.ask("extend", "T", city.holder("T"), reason=evil)
    city.ask("attach", "T", "chief:chief-1", proof=(evil,))
    city.ask("follow", "T", f"chief:{evil}")
    return city


def town_of(city: City) -> Town:
    """The law of the story."""
    return Town(city.book.laws[city["T"].pack], ZONE)


def drawn(rows: Sequence[dict[str, Any]], city: City, keys: Keys, width: int = 80, height: int = 24) -> list[str]:
    """What 'top' shows."""
    counts = {"grid:east": len(rows), "tier:grid": len(rows), "desk": 0, "dept:urban": 1}
    return screen(Board(town_of(city), city.now, 600, counts=counts, rows=list(rows)), keys, width, height).plain.split(
        "\n"
    )


def many(city: City, count: int) -> list[dict[str, Any]]:
    """Rows as the view has them."""
    row = summary(city["T"])
    return [
        row
        | {
            "id": f"dongguannanli-20260302-{n}",
            "person": "specialist-dongguannanli-school",
            "deadline_at": city.now + n * 60_000,
        }
        for n in range(count)
    ]


@pytest.mark.parametrize(
    "evil", [text for text in HOSTILE if text.isprintable() or text.encode(errors="ignore").decode() == text], ids=ascii
)
def test_hostile_words_are_shown_and_do_nothing(evil: str) -> None:
    """Text, address, reason, note, proof, reporter's id: on every screen."""
    city = hostile_city(evil)
    town, ticket, retold = town_of(city), city["T"], Retold(city.laws)
    lines = ticket_lines(ticket, town.law, city.decisions, town.label(ticket.category))
    lines += written(summary(ticket), town, city.now, 80)
    lines += drawn([summary(ticket) | {"person": evil, "category": evil}], city, Keys(wanted="")) + drawn(
        many(city, 3), city, Keys(wanted=evil, typing=True)
    )
    lines += [
        line
        for decision in city.decisions
        for line in _lines("tickets.decisions", codec.encode(decision), ZONE)
        if decision.ticket
    ]
    assert all(does_nothing(line) and "\n" not in line for line in lines)
    # 'explain' escapes each line as it prints
    assert [line for one in city.decisions for line in retold.explain(one).lines]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (100, 10), (200, 60)])
def test_the_live_screen_fits_and_cuts_no_id(width: int, height: int) -> None:
    """Every line within the width, as many as the height; ids whole; the legend stands last."""
    city = hostile_city("大湾路垃圾桶满溢大湾路垃圾桶满溢大湾路垃圾桶满溢大湾路垃圾桶满溢")
    lines = drawn(many(city, 500), city, Keys(), width, height)
    assert len(lines) == height
    assert all(cell_len(line) <= width for line in lines), [line for line in lines if cell_len(line) > width]
    assert (
        sum("specialist-dongguannanli-school" in line and "dongguannanli-20260302-" in line for line in lines)
        >= (height - 6) // 2
    )
    assert "▲ limit broken" in lines[-1] and "filter" in lines[-2] and "Asia/Shanghai" in lines[0]


def test_keys_scroll_and_filter() -> None:
    """Arrows, pages and ends move and stop at the ends; / filters as one types, Esc shows all again, q ends."""
    city, keys = hostile_city("text"), Keys()
    rows = many(city, 50)

    def first(pressed: str) -> str:
        keys.take(pressed)
        return next(line for line in drawn(rows, city, keys) if "dongguannanli-" in line)

    assert "-0 " in first("")
    assert "-2 " in first("\x1b[B\x1bOB")
    assert "-1 " in first("\x1b[A")
    assert f"-{keys.page + 1} " in first("\x1b[6~")
    assert f"-{50 - keys.page} " in first("\x1b[F")
    assert f"-{50 - keys.page} " in first("\x1b[B")
    assert "-0 " in first("\x1b[H")
    assert "-37 " in first("/-37") and keys.typing
    assert "-3 " in first("\x7f")
    assert not keys.quit
    assert "-3 " in first("\r") and not keys.typing
    assert "-0 " in first("\x1b")
    keys.take("q")
    assert keys.quit


@pytest.mark.parametrize("kind", dict.fromkeys((*TABLE, *CHILD_TABLE)))
def test_help_says_who_when_and_what_follows(kind: CommandKind) -> None:
    """For every command, from the table alone."""
    said = " ".join(manual(kind).split())
    for row in (table[kind] for table in (TABLE, CHILD_TABLE) if kind in table):
        assert all(status in said for status in row.statuses) or "any open status" in said
        assert all(role in said for role in row.roles) or "anybody" in said
        assert all(status in said for status in row.to)
    assert all(field.rstrip("?").removesuffix("s") in said for field in fields_of(kind))
    assert len(manual(kind).split("\n")[0]) > 15


def test_a_ticket_stands_in_the_queues_of_whoever_must_look_at_it() -> None:
    """Its person's, what waits for agreement, what is overdue; none of them once it has ended."""
    city = hostile_city("more time")
    ticket = city["T"]
    assert {f"person:{ticket.person}", "approval", "grid:east", "tier:grid"} <= set(
        queues(ticket)
    ) and "overdue" not in queues(ticket)
    assert summary(ticket)["waits_for"]["what"] == "extend" and "chief" in summary(ticket)["waits_for"]["roles"]
    assert "waits for" in written(summary(ticket), town_of(city), city.now, 80)[2]
    city.at("08:00", 4)
    assert "overdue" in queues(city["T"])
    city.ask("cancel", "T", "chief:chief-1", reason="over")
    assert queues(city["T"]) == []


@pytest.mark.parametrize("what", ["extend", "park"])
def test_who_is_said_to_be_asked_is_who_may_agree(what: str) -> None:
    """For every role: named in the queue exactly when its agreement is taken."""
    for role in (Role.DESK, Role.CHIEF, Role.CENTRE, Role.SUPERVISOR):
        for second in (None, Role.CHIEF):
            city = City()
            city.report("T", "bins")
            city.work("T", until="start")
            fields: dict[str, Any] = {"until": city.now + 86_400_000} if what == "park" else {}
            assert (
                city.ask(
                    what,
                    "T",
                    city.holder("T"),
                    reason="why",
                    **fields,
                )
                == "done_as_asked"
            )
            if second and what == "park":
                assert city.ask("approve", "T", "chief:chief-1") == "done_as_asked"
            asked = city["T"].asked
            assert asked is not None
            taken = city.ask("approve", "T", f"{role}:{role}-1") == "done_as_asked"
            assert taken is (role in may_agree(asked)), (role, second)


def test_one_clock_on_every_screen() -> None:
    """The city's, named; an hour that comes twice says which one."""
    los_angeles = ZoneInfo("America/Los_Angeles")
    first, second = 1_541_320_200_000, 1_541_323_800_000  # 2018-11-04 01:30, twice
    assert [local(at, los_angeles) for at in (first, second)] == [
        "2018-11-04 01:30:00-0700",
        "2018-11-04 01:30:00-0800",
    ]
    assert moment(first - 86_400_000, los_angeles) == "2018-11-03 01:30:00 America/Los_Angeles"
    city = hostile_city("text")
    told = "\n".join(line for one in city.decisions for line in Retold(city.laws).explain(one).lines)
    assert "2026-03-02 08:00:00 Asia/Shanghai" in told and "Z\n" not in told and "1772" not in told


def test_a_label_with_markup_does_not_break_a_screen() -> None:
    """``[/bold]`` in a roster once ended 'top'."""
    city = hostile_city("[/bold]")
    row: Ticket = city["T"]
    board = Board(town_of(city), city.now, 1, counts={}, rows=[summary(row) | {"person": "[/bold]"}])
    console(file=StringIO()).print(screen(board, Keys(), 80, 24))
