"""The law: pure functions over values. Time, rosters and packs are handed in; no I/O, no clock, no draw (DESIGN 6)."""
