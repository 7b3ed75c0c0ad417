"""The outbox of what departments are told."""

from alembic import op

revision, down_revision = "0001", None

STATEMENTS = (
    """CREATE TABLE department_events (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, department text NOT NULL,
        ticket text NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, body text NOT NULL)""",
    "CREATE INDEX department_events_next ON department_events (department, seq)",
    "CREATE INDEX department_events_time ON department_events (department, at)",
    # what happened before is dropped by age, and stays so when the log is folded a second time
    "CREATE TABLE kept (since timestamptz PRIMARY KEY)",
    "INSERT INTO kept VALUES ('1970-01-01+00')",
)


def upgrade() -> None:
    """Make them."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; nothing makes them anew."""
    for name in ("department_events", "kept"):
        op.execute(f"DROP TABLE {name}")
