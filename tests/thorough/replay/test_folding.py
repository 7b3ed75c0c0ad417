"""The state at any moment is what the decisions say: folded from them, a book is what deciding has made of it."""

from collections.abc import Mapping
from typing import Any

import pytest

from engine.kafka.log_snapshot import Log
from engine.replay.verify import laws_of
from rules.decide import decide
from rules.history.fold import fold, said
from rules.law.compiled import Law
from rules.state.causes import CommandCause, Outcome
from rules.state.held_causes import set_aside
from rules.state.partition_state import Book
from tests.support.busy_days import Dispatch, busy_days
from tests.support.town import HOUR, MINUTE, REF, START
from topics.codec import encode
from topics.command import Actor, Command
from topics.vocabulary import CommandKind, Role


def contents(book: Book) -> dict[str, Any]:
    """Everything a book holds, as values."""
    return {
        "tickets": {name: book.tickets.stored(name) for name in book.tickets},
        "quotas": dict(book.quotas),
        "counters": dict(book.counters),
        "seen": dict(book.seen),
        "pack": book.pack,
        "open": set(book.open),
        "due": dict(book._due_at),
        "next": book.next_due(),
        "rosters": dict(book.rosters.duties),
    }


def folded(log: Log) -> Book:
    """A book folded from a log's decisions."""
    laws = laws_of(log)
    book = Book(laws)
    for entry in log.of("tickets.decisions"):
        fold(book, laws, said(entry.value or b""))
    return book


def again(book: Book) -> Book:
    """The same book, from its records."""
    loaded = Book(book.laws)
    for key, value in book.records():
        loaded.load(key, value)
    loaded.opened(book.pack, 0)
    return loaded


class Watched(Book):
    """A book that writes down what it holds after each decision."""

    def __init__(self, laws: Mapping[str, Law]) -> None:
        """Start empty."""
        super().__init__(laws)
        self.past: list[dict[str, Any]] = []

    def apply(self, outcome: Outcome) -> None:
        """Take over, and write down."""
        super().apply(outcome)
        self.past.append(contents(self))


@pytest.mark.plain(reason="a book is watched by a class that is derived from it")
@pytest.mark.parametrize("seed", range(4))
def test_a_fold_of_the_log_is_the_book(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After every single decision: tickets, the split's books, counters, commands seen, the pack, and what is due
    next."""
    books: list[Watched] = []

    def watched_of(laws: Mapping[str, Law]) -> Watched:
        books.append(Watched(laws))
        return books[-1]

    monkeypatch.setattr("tests.support.busy_days.Book", watched_of)
    log = busy_days(seed, incidents=40, hours=60)
    watched = books[0]
    assert len(watched.past) == len(log.of("tickets.decisions")) > 300
    found = Book(watched.laws)
    for entry, held in zip(log.of("tickets.decisions"), watched.past, strict=True):
        fold(found, watched.laws, said(entry.value or b""))
        assert contents(found) == held
    assert contents(again(found)) == contents(watched)


def test_a_ticket_given_to_another_party_by_hand_is_counted() -> None:
    """The split's books count it apart; to another person of the same party, it is not."""
    told = Dispatch()
    told.report(1, "bins", "east", "east-1", START + MINUTE)
    holder = told.book.tickets["east-20260302-1"]
    others = ("residents", "specialist") if holder.party != "residents" else ("specialist", "residents")
    for n, party in enumerate((holder.party, others[0], others[1])):
        asked = Command(
            id=f"c{n}",
            kind=CommandKind.REASSIGN,
            actor=Actor(Role.DESK, "desk-1"),
            accepted_at=START + (2 + n) * MINUTE,
            ticket=holder.id,
            reason="so",
            party=party,
            target=f"{party}-2",
        )
        told.command(asked, START + (2 + n) * MINUTE)
    log = told.finish()
    assert told.book.quotas["east"].manual == 2
    assert contents(folded(log)) == contents(told.book)


def test_old_commands_are_forgotten_as_they_were() -> None:
    """After 35 days ids are dropped, a few with each cause; a rung set aside drops none."""
    told = Dispatch()
    for n in range(20):
        told.command(
            Command(
                id=f"c{n}", kind=CommandKind.ADOPT_PACK, actor=Actor(Role.CHIEF, "chief-1"), accepted_at=START, pack=REF
            ),
            START + n * MINUTE,
        )
    later = START + 36 * 24 * HOUR
    told.report(1, "bins", "east", "east-1", later)
    told.command(
        Command(
            id="c19",
            kind=CommandKind.NOTE,
            actor=Actor(Role.DESK, "desk-1"),
            accepted_at=later,
            ticket="east-20260302-9",
        ),
        later,
    )
    assert 0 < len(told.book.seen) < 20
    due = told.book.next_due()
    assert due is not None
    clock = told.book.first_due(due)
    assert clock is not None
    outcome = set_aside(told.book, clock, due)
    told.book.apply(outcome)
    told._put("tickets.decisions", b"east", encode(outcome.decision), due)
    assert contents(folded(told.finish())) == contents(told.book)


def test_a_repeated_command_and_an_adoption_are_folded() -> None:
    """The first decision on an id stays; the pack adopted last is in force."""
    told = Dispatch()
    adopt = Command(
        id="adopt:again", kind=CommandKind.ADOPT_PACK, actor=Actor(Role.CHIEF, "chief-1"), accepted_at=START, pack=REF
    )
    for minute in (1, 2):
        told.command(adopt, START + minute * MINUTE)
    unknown = CommandCause(
        id="commands:0:9",
        command=Command(
            id="adopt:9", kind=CommandKind.ADOPT_PACK, actor=Actor(Role.SOURCE, "p"), accepted_at=START, pack="no@1"
        ),
        appended_at=START,
    )
    outcome = decide(told.book, told.laws, unknown, told._at)
    told.book.apply(outcome)
    told._put("tickets.decisions", b"", encode(outcome.decision), told._at)
    assert contents(folded(told.finish())) == contents(told.book)
