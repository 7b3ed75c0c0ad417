"""Shifts that were handed over."""

from alembic import op

revision, down_revision = "0005", "0004"

STATEMENTS = (
    """CREATE TABLE handovers (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, giver text NOT NULL,
        giver_role text NOT NULL, taker text NOT NULL, note text NOT NULL, points text NOT NULL,
        n_points integer NOT NULL, at timestamptz NOT NULL, made_at timestamptz NOT NULL DEFAULT now(),
        taken_at timestamptz, taken_note text, ended_at timestamptz)""",
    "CREATE INDEX handovers_giver ON handovers (giver, seq)",
    "CREATE INDEX handovers_taker ON handovers (taker, seq)",
    "CREATE INDEX handovers_open ON handovers (taker) WHERE taken_at IS NULL",
)


def upgrade() -> None:
    """Make it."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop it; nothing makes it anew."""
    op.execute("DROP TABLE handovers")
