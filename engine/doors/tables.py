"""The doors' tables as SQLAlchemy knows them; the migrations make them, and a test holds the two against each other."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)

SCHEMA = "doors"
"""Stands for the stack's own schema, which ``engine.doors.store`` puts in its place."""

METADATA = MetaData(schema=SCHEMA)
MOMENT = DateTime(timezone=True)


def must(name: str, kind: object) -> Column[object]:
    """A column that is never empty."""
    return Column(name, kind, nullable=False)  # type: ignore[arg-type]


def given(name: str, kind: object, default: Any) -> Column[Any]:
    """A column that is never empty, and is this unless another value is given."""
    return Column(name, kind, nullable=False, server_default=default)  # type: ignore[arg-type]


EVENTS = Table(
    "department_events", METADATA, Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Text, nullable=False, unique=True), must("department", Text), must("ticket", Text),
    must("kind", Text), must("at", MOMENT), must("body", Text),
)  # fmt: skip
"""What departments are told, as it stands on ``dept.<code>.tasks``: ``id`` is the event's, ``body`` its very bytes,
``at`` the engine's time. ``seq`` rises in the order of commits: who has read up to one misses nothing before it."""
Index("department_events_next", EVENTS.c.department, EVENTS.c.seq)
Index("department_events_time", EVENTS.c.department, EVENTS.c.at)
Index("department_events_age", EVENTS.c.at, postgresql_using="brin")

KEPT = Table("kept", METADATA, Column("since", MOMENT, primary_key=True))
"""One row: what happened before is no longer kept, and does not come back when the log is folded a second time."""

TARGETS = Table(
    "targets", METADATA, Column("id", Text, primary_key=True), given("state", Text, "active"),
    given("why", Text, ""), given("failures", Integer, "0"), given("next_at", MOMENT, func.now()),
    Column("failing_since", MOMENT),
)  # fmt: skip
"""Whoever is sent something, ``webhook:<id>`` or another kind: ``active``, ``paused`` or ``disabled``, and ``why``; how
often it has failed in a row, since when, and when it is asked next. Times here are the wall clock's, as PostgreSQL has
it."""

DELIVERIES = Table(
    "deliveries", METADATA, must("target", Text), must("id", Text), must("seq", BigInteger), must("line", Text),
    must("kind", Text), Column("body", Text), given("state", Text, "waiting"), given("attempts", Integer, "0"),
    given("tries", Integer, "0"), given("made_at", MOMENT, func.now()), given("next_at", MOMENT, func.now()),
    Column("last_at", MOMENT), Column("status", Integer), Column("answer", Text),
    PrimaryKeyConstraint("target", "id"),
)  # fmt: skip
"""One message to one target, once by its ``id``: ``waiting``, ``sent`` or ``given_up``. Of one ``line`` (a ticket) they
go one after the other, by ``seq``. Without a ``body`` of its own it is the event's of that number. ``tries`` are the
attempts made while the target took others."""
_WAITS = text("state = 'waiting'::text")
Index("deliveries_due", DELIVERIES.c.target, DELIVERIES.c.next_at, postgresql_where=_WAITS)
Index("deliveries_line", DELIVERIES.c.target, DELIVERIES.c.line, DELIVERIES.c.seq, postgresql_where=_WAITS)
Index("deliveries_seq", DELIVERIES.c.target, DELIVERIES.c.seq)

WEBHOOKS = Table(
    "webhooks", METADATA, Column("id", Text, primary_key=True), must("department", Text), must("url", Text),
    must("filter", Text), must("since", MOMENT), must("cursor", BigInteger), must("made_by", Text),
    must("made_at", MOMENT), must("changed_by", Text), must("changed_at", MOMENT),
)  # fmt: skip
"""What a department subscribes to: events from ``since`` on (engine time) for which ``filter`` holds; those up to
``cursor`` have been looked at."""
Index("webhooks_department", WEBHOOKS.c.department)

SECRETS = Table(
    "webhook_secrets", METADATA, must("webhook", Text), must("secret", Text), must("made_at", MOMENT),
    Column("until", MOMENT), PrimaryKeyConstraint("webhook", "secret"),
)  # fmt: skip
"""What a webhook's messages are signed with; a former one until its time is out."""
