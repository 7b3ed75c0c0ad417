"""Tickets are found by the vault's token: the other reports of one who called again."""

from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Make the index."""
    op.execute("CREATE INDEX tickets_token ON tickets ((image ->> 'token'))")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX tickets_token")
