"""The table of shifts that were handed over."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Text, func, text

from engine.doors.tables import METADATA, MOMENT, given, must

HANDOVERS = Table(
    "handovers", METADATA, Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Text, nullable=False, unique=True), must("giver", Text), must("giver_role", Text),
    must("taker", Text), must("note", Text), must("points", Text), must("n_points", Integer), must("at", MOMENT),
    given("made_at", MOMENT, func.now()), Column("taken_at", MOMENT), Column("taken_note", Text),
    Column("ended_at", MOMENT),
)  # fmt: skip
"""One shift's open points, signed over by ``giver`` to ``taker``; ``id`` is its entry's in the audit. ``at`` and
``taken_at`` are engine time, ``made_at`` and ``ended_at`` the wall's. It stands until it is acknowledged, however
long."""
Index("handovers_giver", HANDOVERS.c.giver, HANDOVERS.c.seq)
Index("handovers_taker", HANDOVERS.c.taker, HANDOVERS.c.seq)
Index("handovers_open", HANDOVERS.c.taker, postgresql_where=text("taken_at IS NULL"))
