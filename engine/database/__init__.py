"""PostgreSQL: how a stack's schemas are named, made and brought up to date."""
