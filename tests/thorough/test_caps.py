"""Nobody makes a ticket, or a decision, that no record holds: every list and text has an end, and who is refused reads
which."""

import random
from typing import Any

import pytest

from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from rules.state.causes import CommandCause
from tests.support.city import HOUR, City, city_bundle
from topics import bounds, codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.pack import Alike
from topics.ticket import Child, Ticket
from topics.vocabulary import FINAL, CommandKind, Role, Status

WIDE = "𠮷"
"""A character of four bytes."""


def asked(city: City, *args: Any, **fields: Any) -> tuple[str, str | None]:
    """Reason, and the field it is about."""
    reason = city.ask(*args, **fields)
    return reason, city.decisions[-1].why.facts.get("field")


def test_sixty_times_fifty_attachments_are_refused_with_the_field() -> None:
    """The reporter's ticket stays writable, and goes on."""
    city = City()
    city.report("T")
    said = [
        asked(city, "attach", "T", "reporter:app", proof=tuple(f"{n}-{m}-" + WIDE * 190 for m in range(50)))
        for n in range(60)
    ]
    assert said[:2] == [("done_as_asked", None)] * 2
    assert set(said[2:]) == {("too_many", "attached")}
    assert len(city["T"].attached) == bounds.LISTS["attached"]
    assert city.ask("cancel", "T", "reporter:app", reason="enough") == "done_as_asked"


def test_followers_have_an_end() -> None:
    """The hundred and first is refused."""
    city = City()
    city.report("T")
    said = [asked(city, "follow", "T", f"reporter:{n}-" + WIDE * 90) for n in range(102)]
    assert said[99] == ("done_as_asked", None) and said[100] == ("too_many", "followers")


def test_a_ticket_grows_by_no_command_beyond_what_a_record_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever makes it so large; what makes it no larger, and ends it, goes on."""
    city = City()
    city.report("T")
    monkeypatch.setattr(bounds, "TICKET_BYTES", 4000)
    said = [asked(city, "attach", "T", "reporter:app", proof=(f"{n}-" + "x" * 190,)) for n in range(30)]
    assert said[0] == ("done_as_asked", None) and said[-1] == ("too_large", "ticket")
    assert city.ask("cancel", "T", "reporter:app", reason="enough") == "done_as_asked"


def test_merging_has_an_end_for_people_and_for_rules() -> None:
    """A ticket takes in a hundred others; a rule of the pack then proposes only."""
    city = City(city_bundle(alike=(Alike("same", 600, 60, 90, merges=True),)))
    city.report("X", "bins", text="bin")
    for n in range(101):
        city.report(f"T{n}", "bins", text="bin")
    assert len(city["X"].merged_here) == bounds.LISTS["merged_here"]
    assert city["T99"].status is Status.MERGED and city["T100"].status is Status.OFFERED
    assert asked(city, "duplicate_of", "T100", "desk:desk-1", target=city["X"].id) == ("too_many", "merged_here")
    assert city.ask("unmerge", "T0", "desk:desk-1", reason="it was not") == "done_as_asked"
    assert city.ask("duplicate_of", "T100", "desk:desk-1", target=city["X"].id) == "done_as_asked"


def test_offers_by_hand_have_an_end() -> None:
    """To and fro between two parties; clocks still move it afterwards."""
    city = City()
    city.report("T", "leak")
    for n in range(120):
        party = ("residents", "specialist")[n % 2]
        reason, field = asked(city, "reassign", "T", "chief:chief-1", target=f"{party}-1", party=party, reason="r")
    assert (reason, field) == ("too_many", "offers")
    city.at("20:00")
    assert city["T"].is_overdue and city["T"].tier != "grid"


def test_what_is_put_right_on_the_spot_again_and_again_flags_once() -> None:
    """A flag is a peculiarity, not a count."""
    city = City(city_bundle(spot_check_percent=100))
    city.report("T", None)
    for _ in range(3):
        assert city.ask("spot_fix", "T", "residents:residents-1", proof=("a", "b")) == "done_as_asked"
        assert city.ask("check", "T", "checker:checker-1", passed=False, reason="no") == "done_as_asked"
    assert city["T"].flags.count("spot_fixed") == 1


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"accepted": -(10**18)}, "out_of_range", "accepted_at"),
        ({"accepted": bounds.LAST_MOMENT + 1}, "out_of_range", "accepted_at"),
        ({"until": -1}, "out_of_range", "until"),
        ({"reason": WIDE * 1001}, "too_long", "reason"),
        ({"text": "a\x1b[2J"}, "bad_text", "text"),
        ({"proof": ("a", "\u202eb")}, "bad_text", "proof"),
        ({"target": "\x00"}, "bad_text", "target"),
    ],
)
def test_what_a_command_says_is_bounded(fields: dict[str, Any], reason: str, field: str) -> None:
    """Refused with the field before anything is done."""
    city = City()
    city.report("T")
    before = codec.encode(city["T"])
    assert asked(city, "note", "T", "desk:desk-1", **{"text": "x", **fields}) == (reason, field)
    assert codec.encode(city["T"]) == before


@pytest.mark.parametrize("n", ["²", "١", "9" * 190, "-1", ""])
def test_a_child_whose_number_is_none_is_no_such_child(n: str) -> None:
    """``"²".isdigit()`` is true, and ``int("²")`` raises."""
    city = City()
    city.report("T", "fire")
    assert city.ask("finish", "T", "department:fire", child=f"fire/{n}", text="done", proof=("p",)) == "no_such_child"
    assert city.ask("note", f"east-{n}-1", "desk:desk-1", text="x") == "unknown_ticket"


def test_duties_of_one_person_have_an_end() -> None:
    """Fifty windows, and a quarter of a MiB."""
    city = City()
    said = [
        city.duty("specialist-1", "specialist", "off", since=city.now + n * HOUR, until=city.now + (n + 1) * HOUR)
        for n in range(51)
    ]
    assert said == ["duty_set"] * 50 + ["too_many"]
    nodes = tuple(f"{n}" + WIDE * 190 for n in range(200))
    said = [
        city.duty("specialist-2", "specialist", "off", since=city.now + n, until=city.now + HOUR, nodes=nodes)
        for n in range(3)
    ]
    assert said == ["duty_set", "too_many", "too_many"] or said == ["duty_set"] * 3 or said[-1] == "too_many"
    assert all(len(codec.encode(duties)) <= bounds.DUTY_BYTES for duties in city.book.rosters.duties.values())


class Glutton:
    """Gives every command there is with the longest of everything, by whoever may, as often as it is let."""

    def __init__(self, seed: int) -> None:
        """A city whose reports are as large as they may be."""
        self.draw, self.city, self.n, self.ids = random.Random(seed), City(), 0, 0
        self.city.report(
            "T",
            "leak",
            text=WIDE * bounds.TEXT_CHARS,
            address=WIDE * 200,
            attributes={f"{n}" + WIDE * 190: WIDE * 200 for n in range(30)},
        )

    def step(self) -> None:
        """One command about a ticket, or a report more."""
        draw, city = self.draw, self.city
        if draw.random() < 0.15:
            self.n += 1
            city.report(f"N{self.n}", "leak", text=WIDE * bounds.TEXT_CHARS)
        if draw.random() < 0.05:
            city.at("08:00", (city.now + 8 * HOUR) // 86_400_000 - 20_513)
        name = "T" if draw.random() < 0.8 else draw.choice(sorted(city.book.tickets))
        ticket = city[name] if name == "T" else city.book.tickets[name]
        command = self._drawn(ticket)
        if command is not None:
            city.take(CommandCause(id=f"commands:0:{self.ids}", command=command, appended_at=city.now))

    def _actor(self, ticket: Ticket, role: str, child: Child | None) -> Actor:
        """Somebody of the roster in this role; of a department the one that was called."""
        who = [
            entry
            for entry in self.city.laws[ticket.pack].bundle.roster
            if entry.role == role and (child is None or role != "department" or entry.org == child.code)
        ]
        if not who:
            return Actor(Role(role), f"{self.ids}" + WIDE * 90)
        person = self.draw.choice(who)
        return Actor(Role(role), person.person, person.org)

    def _drawn(self, ticket: Ticket) -> Command | None:
        """One that fits its status, as large as any may be."""
        draw, city = self.draw, self.city
        open_children = [child for child in ticket.children if child.status in ("called", "reported_in")]
        table = CHILD_TABLE if open_children and draw.random() < 0.5 else TABLE
        fitting = [
            kind
            for kind, row in table.items()
            if ticket.status in row.statuses and (ticket.status in FINAL or kind not in ENDING)
        ]
        if not fitting:
            return None
        kind = draw.choice(fitting)
        role = draw.choice(sorted(table[kind].roles))
        self.ids += 1
        child = draw.choice(open_children) if table is CHILD_TABLE else None
        actor = self._actor(ticket, role, child)
        return Command(
            id=f"g{self.ids}",
            kind=kind,
            actor=actor,
            accepted_at=city.now,
            ticket=ticket.id + (f"/{child.code}/{child.n}" if child else ""),
            reason=WIDE * bounds.REASON_CHARS,
            text=WIDE * (bounds.APPRAISAL_CHARS if kind == "appraise" else bounds.TEXT_CHARS),
            proof=tuple(f"{self.ids}-{n}" + WIDE * 190 for n in range(50)),
            category=draw.choice(["leak", "bins", "fire"]),
            home="east",
            grid=draw.choice(["east1", "east2"]),
            target=draw.choice([*sorted(city.book.tickets)[:9], "specialist-1", "urban", None]),
            party=draw.choice(["residents", "specialist", None]),
            departments=("urban", "fire", "water"),
            case="emergency",
            passed=draw.random() < 0.8,
            satisfied=False,
            until=city.now + 48 * HOUR,
            score=1,
        )


ENDING = (
    CommandKind.CANCEL,
    CommandKind.CLOSE_BY_SOURCE,
    CommandKind.DISMISS,
    CommandKind.REFER,
    CommandKind.DUPLICATE_OF,
)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_asked_every_record_fits(seed: int) -> None:
    """Seven hundred greedy commands: each ticket and each decision is below its topic's limit, each list within its
    cap."""
    glutton = Glutton(seed)
    for _ in range(350):
        glutton.step()
        _look(glutton.city, glutton.city.decisions[-1])
    assert len(codec.encode(glutton.city["T"])) > bounds.TICKET_BYTES // 3, "it was not greedy"


def _look(city: City, decision: Decision) -> None:
    assert len(codec.encode(decision)) < bounds.STORED_BYTES
    for change in decision.changes:
        ticket = city.book.tickets.get(change.ticket)
        if ticket is None:
            continue
        assert len(city.book.tickets.stored(ticket.id) or b"") < bounds.STORED_BYTES // 2
        over = {
            name: len(getattr(ticket, name))
            for name, most in bounds.LISTS.items()
            if len(getattr(ticket, name)) > most + bounds.LADDER
        }
        assert not over


def test_the_largest_decision_there_can_be_fits_its_topic() -> None:
    """A merge: what was merged with its former self, what it was merged into, and a task with all texts for each
    department called."""
    task = 4 * (bounds.TEXT_CHARS + bounds.REASON_CHARS + 6 * bounds.NAME_CHARS) + 1000
    tasks = (bounds.LISTS["children"] + bounds.LADDER) * task
    assert 3 * bounds.TICKET_BYTES + tasks < bounds.STORED_BYTES
