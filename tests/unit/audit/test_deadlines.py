"""Due moments of rungs from a clock's ledger."""

import msgspec

from engine.audit.deadlines import Deadlines
from engine.kafka.log_snapshot import Log
from topics.codec import decode
from topics.decision import Decision
from topics.ticket import Clock, Ticket

HOUR = 3_600_000


def first(log: Log) -> Ticket:
    """The first ticket as filed: Monday 08:00:01, urgency U2."""
    return decode(
        bytes(decode(log.entries["tickets.decisions"][0].value or b"", Decision).changes[0].after or b""), Ticket
    )


def clock(ticket: Ticket, unit: str, **fields: object) -> Clock:
    """A running clock of four hours in some unit."""
    return msgspec.structs.replace(
        Clock(
            kind="resolve",
            number="0",
            limit_ms=4 * HOUR,
            unit=unit,
            started_at=ticket.received_at,
            running_since=ticket.received_at,
            rungs=(50, 100),
        ),
        **fields,
    )


def test_units_that_run_day_and_night(log: Log) -> None:
    """Minutes, urgent hours and urgent days do not stop for lunch; what was consumed before counts."""
    deadlines, ticket = Deadlines(log.bundles()), first(log)
    for unit in ("minute", "urgent_hour", "urgent_day"):
        assert deadlines.due(ticket, clock(ticket, unit), 100) == ticket.received_at + 4 * HOUR
        assert deadlines.due(ticket, clock(ticket, unit, consumed_ms=3 * HOUR), 100) == ticket.received_at + HOUR
        assert deadlines.due(ticket, clock(ticket, unit, consumed_ms=3 * HOUR), 50) == ticket.received_at


def test_units_in_working_time(log: Log) -> None:
    """Four work hours from 08:00:01 end after lunch."""
    deadlines, ticket = Deadlines(log.bundles()), first(log)
    assert deadlines.due(ticket, clock(ticket, "work_hour"), 50) == ticket.received_at + 2 * HOUR
    assert deadlines.due(ticket, clock(ticket, "work_day"), 100) == ticket.received_at + 6 * HOUR


def test_a_clock_that_stands_is_never_due(log: Log) -> None:
    """Paused and stopped clocks have no due moment."""
    deadlines, ticket = Deadlines(log.bundles()), first(log)
    assert deadlines.due(ticket, clock(ticket, "minute", running_since=None), 100) is None
    assert deadlines.due(ticket, clock(ticket, "minute", stopped_at=ticket.received_at), 100) is None


def test_a_fixed_moment_replaces_the_budget(log: Log) -> None:
    """A promised midnight is the hundred per cent, whatever the limit says."""
    deadlines, ticket = Deadlines(log.bundles()), first(log)
    assert deadlines.due(ticket, clock(ticket, "minute", until=ticket.received_at + 7), 100) == ticket.received_at + 7


def test_reminders_of_calm_tickets_wait_for_working_hours(log: Log) -> None:
    """Half of 10 h from 08:00:01 is 13:00:01, at lunch: U3 waits until 14:00, U2 does not, and never past the
    breach."""
    deadlines, urgent = Deadlines(log.bundles()), first(log)
    calm = msgspec.structs.replace(urgent, urgency="U3")
    long = clock(urgent, "urgent_hour", limit_ms=10 * HOUR)
    assert deadlines.due(urgent, long, 50) == urgent.received_at + 5 * HOUR
    assert deadlines.due(calm, long, 50) == urgent.received_at + 6 * HOUR - 1000
    short = clock(urgent, "urgent_hour", limit_ms=5 * HOUR + HOUR // 2)
    assert deadlines.due(calm, short, 80) == urgent.received_at + 5 * HOUR + HOUR // 2
