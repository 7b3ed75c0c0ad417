"""Alembic comes here; the connection is ours, and so is its transaction: all steps are taken, or none."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], target_metadata=None, transaction_per_migration=False
)
context.run_migrations()
