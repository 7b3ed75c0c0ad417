"""A day's counter of a home has an end: what is kept does not grow with the years."""

from rules.state.causes import Outcome
from rules.state.partition_state import Book
from tests.support.city import DAY, REF, City, at
from topics import codec
from topics.decision import Decision
from topics.ids import DecisionId
from topics.ticket import DayCounter


def counted(name: str, moment: int) -> Outcome:
    """A ticket got its number."""
    return Outcome(
        decision=Decision(id=DecisionId("x"), at=moment, cause="incident", reason="reported", home="east"),
        tickets=(),
        counter=(name, DayCounter(1, moment)),
    )


def test_counters_of_days_long_over_are_dropped_and_their_records_go() -> None:
    """A year of 20 homes: 35 days of them are left, each dropped one has its tombstone, and an opening in between
    changes nothing."""
    book, state = City().book, dict[bytes, bytes]()
    for day in range(365):
        for home in range(20):
            book.apply(counted(f"home{home}:{day}", at("09:00", 0) + day * DAY + home))
        for key, value in book.flush():
            state.pop(key) if value is None else state.__setitem__(key, value)
        if day == 200:
            book = Book(book.laws)
            for key, value in state.items():
                book.load(key, value)
            book.opened(REF, 0)
    assert len(book.counters) <= 36 * 20
    assert {key[2:].decode() for key in state if key[:2] == b"n:"} == set(book.counters)
    assert codec.decode(state[b"n:home3:364"], DayCounter).n == 1
