"""The archive's tables, step by step, as Alembic makes them."""
