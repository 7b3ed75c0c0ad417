"""The table of what people are told."""

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Table, Text, func, text

from engine.doors.tables import METADATA, MOMENT, given, must

NOTICES = Table(
    "notices", METADATA, Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Text, nullable=False, unique=True), must("recipient", Text), must("ticket", Text), must("kind", Text),
    must("is_urgent", Boolean), must("at", MOMENT), must("zone", Text), must("body", Text),
    given("made_at", MOMENT, func.now()), Column("message", Text),
)  # fmt: skip
"""One line to one recipient, a person of the roster or ``source:<name>`` for the reporters of a system. ``at`` is
engine time, ``made_at`` the wall's; ``message`` the delivery it went into."""
Index("notices_recipient", NOTICES.c.recipient, NOTICES.c.seq)
Index("notices_waiting", NOTICES.c.recipient, NOTICES.c.seq, postgresql_where=text("message IS NULL"))

SOURCE = "source:"
"""Begins the recipient that is a system which reported."""
