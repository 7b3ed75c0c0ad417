"""The law: pure functions over values. Time, rosters and packs are handed in; no I/O, no clock, no draw (DESIGN 6)."""

VERSION = "0.3.0"
"""Of the distribution and of the engine that decides: one number, written into each decision; raised when a rule
changes what follows from a cause."""
