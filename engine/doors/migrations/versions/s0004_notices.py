"""What people are told."""

from alembic import op

revision, down_revision = "0004", "0003"

STATEMENTS = (
    """CREATE TABLE notices (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, recipient text NOT NULL,
        ticket text NOT NULL, kind text NOT NULL, is_urgent boolean NOT NULL, at timestamptz NOT NULL,
        zone text NOT NULL, body text NOT NULL, made_at timestamptz NOT NULL DEFAULT now(), message text)""",
    "CREATE INDEX notices_recipient ON notices (recipient, seq)",
    "CREATE INDEX notices_waiting ON notices (recipient, seq) WHERE message IS NULL",
)


def upgrade() -> None:
    """Make it."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop it; nothing makes it anew."""
    op.execute("DROP TABLE notices")
