"""The first tables."""

from alembic import op

revision, down_revision = "0001", None

STATEMENTS = (
    # what holds for the whole archive, and how far each partition of the log is folded
    """CREATE TABLE positions (
        partition integer PRIMARY KEY, position bigint NOT NULL, last_position bigint, last_appended_ms bigint)""",
    """CREATE TABLE gaps (
        partition integer NOT NULL, first bigint NOT NULL, after bigint NOT NULL, PRIMARY KEY (partition, first))""",
    """CREATE TABLE decisions (
        id text NOT NULL, at timestamptz NOT NULL, partition integer NOT NULL, position bigint NOT NULL,
        cause text NOT NULL, reason text NOT NULL, home text NOT NULL, ticket text, command text, actor text,
        tickets text[] NOT NULL, events text[] NOT NULL, record json NOT NULL,
        PRIMARY KEY (id, at)) PARTITION BY RANGE (at)""",
    "CREATE INDEX decisions_tickets ON decisions USING gin (tickets) WITH (fastupdate = off)",
    "CREATE INDEX decisions_duty ON decisions (partition, position) WHERE reason = 'duty_set'",
    """CREATE TABLE tickets (
        id text NOT NULL, received_at timestamptz NOT NULL, partition integer NOT NULL, version integer NOT NULL,
        identity text NOT NULL, home text NOT NULL, street text, leaf text, category text, urgency text,
        status text NOT NULL, is_open boolean NOT NULL, tier text, party text, person text NOT NULL,
        is_breached boolean NOT NULL, filed_at timestamptz, deadline_at timestamptz, closed_at timestamptz,
        changed_at timestamptz NOT NULL, forgotten_at timestamptz,
        words text NOT NULL, grams tsvector NOT NULL, tags text[] NOT NULL, image jsonb NOT NULL,
        PRIMARY KEY (id, received_at)) PARTITION BY RANGE (received_at)""",
    "CREATE INDEX tickets_time ON tickets (received_at DESC, id DESC)",
    "CREATE INDEX tickets_identity ON tickets (identity)",
    "CREATE INDEX tickets_words ON tickets USING gin (grams, tags)",
    """CREATE TABLE breaches (
        decision text NOT NULL, number integer NOT NULL, at timestamptz NOT NULL, ticket text NOT NULL,
        home text NOT NULL, category text, clock text NOT NULL, clock_number text NOT NULL, rung integer NOT NULL,
        due_at timestamptz, late_by_ms bigint NOT NULL, tier text, party text, person text,
        PRIMARY KEY (decision, number, at)) PARTITION BY RANGE (at)""",
    "CREATE INDEX breaches_ticket ON breaches (ticket)",
    "CREATE INDEX breaches_home ON breaches (home, at)",
    """CREATE TABLE days (
        day date NOT NULL, home text NOT NULL, category text NOT NULL, event text NOT NULL, n bigint NOT NULL,
        PRIMARY KEY (day, home, category, event))""",
)


def upgrade() -> None:
    """Make them."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; the log makes them anew."""
    for name in ("positions", "gaps", "decisions", "tickets", "breaches", "days"):
        op.execute(f"DROP TABLE {name}")
