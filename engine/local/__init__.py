"""The local stack: real servers from packages, stages under a supervisor, all in one folder."""
