"""How much a run of ``make bench`` does: from the environment, so that one may look at a part with tiny counts."""

import os

PARTITIONS = 6
ROUNDS = int(os.environ.get("ROUNDS", "3"))
COUNT = int(os.environ.get("COUNT", "20000"))
"""Reports of a round, beside the peers."""

SECONDS = int(os.environ.get("SECONDS", "30"))
"""Of reports at each number of partitions, for latency."""

WARM = int(os.environ.get("WARM", "60"))
"""Seconds of reports before any part, for the broker."""

RATE = int(os.environ.get("RATE", "200"))
"""Reports a second there."""

COMMITS = int(os.environ.get("COMMITS", "300"))
"""Most transactions a second of each stage there, as ``GRIDWHISTLE_COMMITS_PER_SECOND`` has it."""

OPEN = int(os.environ.get("N", "100000"))
"""Open tickets, for restart and storm."""

DUE = int(os.environ.get("DUE", str(OPEN)))
"""How many clocks are due in the same second, for the storm: two of each ticket that has any."""

AT_ONCE = 20_000
"""Records of one transaction that a part writes: the broker ends one that stays open for 15 s."""

BESIDE = int(os.environ.get("BESIDE", "500"))
"""Incidents a second while clocks are due."""
