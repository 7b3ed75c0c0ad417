"""The tables of pulling: who reads a department's events, and what is with whom."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from engine.doors.tables import METADATA, MOMENT, must

READERS = Table(
    "readers", METADATA, must("department", Text), must("name", Text), must("filter", Text),
    must("position", BigInteger), must("seen", BigInteger), must("made_at", MOMENT), must("asked_at", MOMENT),
    PrimaryKeyConstraint("department", "name"),
)  # fmt: skip
"""Whoever reads a department's events for themselves: up to ``position`` they were looked at, and stand in ``leases``
until they are done; ``seen`` is as far as it ever stood, so what lies before it comes again. ``asked_at`` is the wall's
time of the last lease."""

LEASES = Table(
    "leases", METADATA, must("department", Text), must("reader", Text), must("seq", BigInteger), must("ticket", Text),
    Column("receipt", Text), must("until", MOMENT), Column("attempts", Integer, nullable=False),
    Column("replayed", Boolean, nullable=False), PrimaryKeyConstraint("department", "reader", "seq"),
)  # fmt: skip
"""Events that a reader has before it: with somebody until ``until`` under a ``receipt``, or to be had from then on. A
row goes when it is acknowledged."""
Index("leases_ticket", LEASES.c.department, LEASES.c.reader, LEASES.c.ticket, LEASES.c.seq)
