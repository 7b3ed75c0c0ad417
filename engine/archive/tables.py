"""The archive's tables as SQLAlchemy knows them; the migrations make them, and a test holds the two against each
other."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

METADATA = MetaData()
MOMENT = DateTime(timezone=True)


def _must(name: str, kind: object) -> Column[object]:
    return Column(name, kind, nullable=False)  # type: ignore[arg-type]


POSITIONS = Table(
    "positions",
    METADATA,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    _must("position", BigInteger),
    Column("last_position", BigInteger),
    Column("last_appended_ms", BigInteger),
)
"""How far each partition of ``tickets.decisions`` is folded; where the last record stood and when it was written there,
which tells this log from an older copy of it."""

GAPS = Table(
    "gaps", METADATA, Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False), _must("after", BigInteger),
)  # fmt: skip
"""What the log no longer told when the archive came to read it: decisions from ``first``, before ``after``."""

DECISIONS = Table(
    "decisions", METADATA, _must("id", Text), _must("at", MOMENT), _must("partition", Integer),
    _must("position", BigInteger), _must("cause", Text), _must("reason", Text), _must("home", Text),
    Column("ticket", Text), Column("command", Text), Column("actor", Text),
    _must("tickets", ARRAY(Text)), _must("events", ARRAY(Text)), _must("record", JSON),
    PrimaryKeyConstraint("id", "at"), postgresql_partition_by="RANGE (at)",
)  # fmt: skip
"""Each decision with its place on the log. ``record`` is the record as it stands there, byte by byte; ``tickets`` are
all it is about, ``events`` the kinds of what happened; ``why`` stands in the record."""
Index("decisions_tickets", DECISIONS.c.tickets, postgresql_using="gin", postgresql_with={"fastupdate": "off"})
Index("decisions_duty", DECISIONS.c.partition, DECISIONS.c.position, postgresql_where=text("reason = 'duty_set'::text"))

TICKETS = Table(
    "tickets", METADATA, _must("id", Text), _must("received_at", MOMENT), _must("partition", Integer),
    _must("version", Integer), _must("identity", Text), _must("home", Text), Column("street", Text),
    Column("leaf", Text), Column("category", Text), Column("urgency", Text), _must("status", Text),
    _must("is_open", Boolean), Column("tier", Text), Column("party", Text), _must("person", Text),
    _must("is_breached", Boolean), Column("filed_at", MOMENT), Column("deadline_at", MOMENT),
    Column("closed_at", MOMENT), _must("changed_at", MOMENT), Column("forgotten_at", MOMENT),
    _must("words", Text), _must("grams", TSVECTOR), _must("tags", ARRAY(Text)), _must("image", JSONB),
    PrimaryKeyConstraint("id", "received_at"), postgresql_partition_by="RANGE (received_at)",
)  # fmt: skip
"""Each ticket's last image, kept when its state is forgotten. ``words`` is text and address in their plain form,
``grams`` what of it is looked up, ``tags`` what else people filter by, so that one index finds any of them together."""
Index("tickets_time", desc(TICKETS.c.received_at), desc(TICKETS.c.id))
Index("tickets_identity", TICKETS.c.identity)
Index("tickets_token", TICKETS.c.image["token"].astext)
Index("tickets_words", TICKETS.c.grams, TICKETS.c.tags, postgresql_using="gin")

BREACHES = Table(
    "breaches", METADATA, _must("decision", Text), Column("number", Integer, nullable=False), _must("at", MOMENT),
    _must("ticket", Text), _must("home", Text), Column("category", Text), _must("clock", Text),
    _must("clock_number", Text), _must("rung", Integer), Column("due_at", MOMENT), _must("late_by_ms", BigInteger),
    Column("tier", Text), Column("party", Text), Column("person", Text),
    PrimaryKeyConstraint("decision", "number", "at"), postgresql_partition_by="RANGE (at)",
)  # fmt: skip
"""Each rung from 100 % on that fired, and who had the ticket afterwards."""
Index("breaches_ticket", BREACHES.c.ticket)
Index("breaches_home", BREACHES.c.home, BREACHES.c.at)

DAYS = Table(
    "days", METADATA, Column("day", Date, primary_key=True), Column("home", Text, primary_key=True),
    Column("category", Text, primary_key=True), Column("event", Text, primary_key=True), _must("n", BigInteger),
)  # fmt: skip
"""How often each kind of event happened on a day of the pack's zone, by home and category."""

BY_MONTH = {"decisions": DECISIONS, "tickets": TICKETS, "breaches": BREACHES}
"""Tables whose parts are months: what is old is dropped, not deleted row by row."""
