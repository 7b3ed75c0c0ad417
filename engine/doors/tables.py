"""The doors' tables as SQLAlchemy knows them; the migrations make them, and a test holds the two against each other."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Table, Text

SCHEMA = "doors"
"""Stands for the stack's own schema, which ``engine.doors.store`` puts in its place."""

METADATA = MetaData(schema=SCHEMA)
MOMENT = DateTime(timezone=True)


def must(name: str, kind: object) -> Column[object]:
    """A column that is never empty."""
    return Column(name, kind, nullable=False)  # type: ignore[arg-type]


EVENTS = Table(
    "department_events", METADATA, Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Text, nullable=False, unique=True), must("department", Text), must("ticket", Text),
    must("kind", Text), must("at", MOMENT), must("body", Text),
)  # fmt: skip
"""What departments are told, as it stands on ``dept.<code>.tasks``: ``id`` is the event's, ``body`` its very bytes,
``at`` the engine's time. ``seq`` rises in the order of commits: who has read up to one misses nothing before it."""
Index("department_events_next", EVENTS.c.department, EVENTS.c.seq)
Index("department_events_time", EVENTS.c.department, EVENTS.c.at)

KEPT = Table("kept", METADATA, Column("since", MOMENT, primary_key=True))
"""One row: what happened before is no longer kept, and does not come back when the log is folded a second time."""
