"""Creations and closings in one order of events."""

from engine.feed.mapped import Closing, Mapped
from engine.feed.plan import Plan, make_plan
from topics.vocabulary import CommandKind


def row(n: int, at: int | None, closed: int | None = None) -> Mapped:
    """A row that occurred at some moment, and perhaps ended at another."""
    closing = None if closed is None else Closing(at=closed, kind=CommandKind.CLOSE_BY_SOURCE, reason="closed")
    return Mapped(number=n, source="s", id=str(n), at=at, data={}, closing=closing)


def told(plan: Plan) -> list[str]:
    """The steps as words: ``n`` for a row, ``-n`` for its closing."""
    return [("-" if step.closing else "") + step.row.id for step in plan.steps]


ROWS = (row(1, 10, 25), row(2, 30, 30), row(3, 20, 99), row(4, None))


def test_events_come_in_order_and_closings_beyond_the_last_row_are_counted() -> None:
    """Rows go before closings of the same moment; a row without a time stays behind the one in front of it in the
    file."""
    plan = make_plan(ROWS)
    assert told(plan) == ["1", "3", "4", "-1", "2", "-2"]
    assert (plan.rows, plan.closings, plan.beyond, plan.left_out, plan.last_at) == (4, 2, 1, 0, 30)


def test_limit_takes_the_first_rows_in_order_of_time() -> None:
    """The end moves with the last row taken."""
    plan = make_plan(ROWS, limit=2)
    assert told(plan) == ["1", "3"]
    assert (plan.beyond, plan.last_at) == (2, 20)


def test_until_cuts_rows_and_lets_closings_go_on() -> None:
    """With a time given, what happened until then is fed, closings included."""
    assert told(make_plan(ROWS, until=100)) == ["1", "3", "4", "-1", "2", "-2", "-3"]
    plan = make_plan(ROWS, until=20)
    assert told(plan) == ["1", "3", "4"]
    assert (plan.beyond, plan.left_out) == (2, 1)


def test_nothing_to_feed() -> None:
    """An empty file is a plan without steps."""
    assert make_plan(()) == Plan([], 0, 0, last_at=None)
