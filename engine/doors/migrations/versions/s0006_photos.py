"""Pictures that were sent as proof."""

from alembic import op

revision, down_revision = "0006", "0005"

STATEMENTS = (
    """CREATE TABLE photos (
        ticket text NOT NULL, name text NOT NULL, kind text NOT NULL, content bytea NOT NULL, token text,
        sender text NOT NULL, made_at timestamptz NOT NULL DEFAULT now(), named boolean NOT NULL DEFAULT false,
        PRIMARY KEY (ticket, name))""",
    "ALTER TABLE photos ALTER COLUMN content SET STORAGE EXTERNAL",  # a picture is packed already
    "CREATE INDEX photos_token ON photos (token) WHERE token IS NOT NULL",
    "CREATE INDEX photos_sender ON photos (sender, made_at)",
    "CREATE INDEX photos_age ON photos (made_at)",
)


def upgrade() -> None:
    """Make it."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop it; nothing makes it anew."""
    op.execute("DROP TABLE photos")
