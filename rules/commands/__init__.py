"""LAW 6, one module for a family of commands."""
