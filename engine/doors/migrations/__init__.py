"""Steps of the doors' tables, in order; each is taken once, by Alembic."""
