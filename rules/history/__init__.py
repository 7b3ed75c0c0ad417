"""After the fact: replay, explain, compare."""
