"""The archive: everything that was decided, in PostgreSQL, found by key and by index (DESIGN 11)."""
