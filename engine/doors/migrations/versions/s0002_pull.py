"""Who reads a department's events by pulling, and what is with whom."""

from alembic import op

revision, down_revision = "0002", "0001"

STATEMENTS = (
    """CREATE TABLE readers (
        department text NOT NULL, name text NOT NULL, filter text NOT NULL, position bigint NOT NULL,
        seen bigint NOT NULL, made_at timestamptz NOT NULL, asked_at timestamptz NOT NULL,
        PRIMARY KEY (department, name))""",
    """CREATE TABLE leases (
        department text NOT NULL, reader text NOT NULL, seq bigint NOT NULL, ticket text NOT NULL, receipt text,
        until timestamptz NOT NULL, attempts integer NOT NULL, replayed boolean NOT NULL,
        PRIMARY KEY (department, reader, seq))""",
    "CREATE INDEX leases_ticket ON leases (department, reader, ticket, seq)",
)


def upgrade() -> None:
    """Make them."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; nothing makes them anew."""
    for name in ("leases", "readers"):
        op.execute(f"DROP TABLE {name}")
