"""``docs/results/reliability.md``: one row for each fault, written by the run that caused it."""

import os
import platform
import re
from dataclasses import astuple, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

import psutil

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "reliability.md"
HEAD = """# Reliability: what was broken, and what came of it

Written by `make faults`; each row is its last run. A stack of its own on real servers works under load (reports,
commands, referrals, replies of departments, duplicates,
records in wrong partitions) while it is broken; then everything is judged from the log by code that shares nothing
with the engine (`tests/support/ledger.py`), by the
journals of whoever sent it, and by `gridwhistle audit`. *Lost*: acknowledged, or owed to a department, and not there.
*Doubled*: a decision, ticket or task that is there twice.
*Early*: a clock that fired before it was due, by what it says or by the broker's clock on its record.

"""


@dataclass
class Row:
    """One fault's result."""

    fault: str
    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}")
    seed: int = 0
    injected: str = ""
    incidents: int = 0
    commands: int | str = 0
    tickets: int = 0
    clocks: int | str = 0
    tasks: int | str = 0
    referred: int | str = 0
    lost: int | str = 0
    doubled: int | str = 0
    early: int | str = 0
    alarms: str = ""
    remarks: str = ""
    machine: str = ""


def machine() -> str:
    """Say in a few words what it ran on."""
    from engine.local.jars import jars

    kafka = next(
        (found[1] for jar in jars() if (found := re.match(r"kafka-clients-([\d.]+)\.jar", Path(jar).name))), "?"
    )
    memory = round(psutil.virtual_memory().total / 2**30)
    return f"{os.cpu_count()} cores, {memory} GiB, Python {platform.python_version()}, Kafka {kafka}"


def write(row: Row, where: str, path: Path = RESULTS) -> None:
    """Put a row in the place of the one of that name."""
    row.machine = where
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.exists() else []
    rows = {
        line.split("|")[1].strip(): line for line in lines if line.startswith("| ") and not line.startswith("| fault ")
    }
    rows[row.fault] = "| " + " | ".join(str(value) for value in astuple(row)) + " |"
    names = [one.name for one in fields(Row)]
    table = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names), *[rows[name] for name in sorted(rows)]]
    path.write_text(HEAD + "\n".join(table) + "\n")
