"""The result: how many changes were noticed, and of each that was not why it changes nothing."""

import json
import os
import platform
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import psutil

ENOUGH = 93
"""Per cent that must be noticed."""
NO_REASON = "**no reason written yet**"


def key(row: dict[str, Any]) -> str:
    """A change by where it is and by its text, which outlives line numbers: a reason excuses that one place."""
    return f"{row['path']}:{row.get('function') or '-'}: {row['old']} -> {row['new']}"


def _rewritten(tries: list[dict[str, Any]]) -> str:
    """Say which of an earlier draw were tried anew, since what they change was written anew."""
    anew = [row["rewritten"] for row in tries if "rewritten" in row]
    if not anew:
        return ""
    return f"""
Of the earlier draw what is no more in the code is left out; {len(anew)} in functions that were written anew since were
tried anew on the tree of {max(anew)}, the others stand in functions whose statements are the same."""


def _again(tries: list[dict[str, Any]]) -> str:
    """Say which of them only later tests notice."""
    later = [row for row in tries if "again" in row]
    if not later:
        return ""
    found = sum(row["outcome"] != "unnoticed" for row in later)
    days = sorted({row["again"] for row in later})
    when = " and ".join(days)
    return f"""
The {len(later)} that the first run did not notice were tried once more on the tree of {when}, each found by its text:
tests written meanwhile notice {found} of them."""


def write(root: Path, seed: int, tries: list[dict[str, Any]], count: int) -> int:
    """Write ``docs/results/mutants.md``; 1 when too little was noticed or a reason is missing."""
    reasons = json.loads((Path(__file__).parent / "reasons.json").read_text(encoding="utf-8"))
    missed = [row for row in tries if row["outcome"] == "unnoticed"]
    noticed = len(tries) - len(missed)
    so_far = "" if len(tries) >= count else f" **The run is not through: {count} were drawn.**"
    machine = f"{os.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB, Python {platform.python_version()}"
    looped = sum(row["outcome"] == "looped" for row in tries)
    rows = [
        f"| `{row['path']}` | `{row['old'].replace('|', chr(92) + '|')}` | `{row['new'].replace('|', chr(92) + '|')}` |"
        f" {reasons.get(key(row), NO_REASON)} |"
        for row in missed
    ]
    days = sorted({row["on"] for row in tries if "on" in row}) or [str(date.today())]
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    draws = Counter((row.get("seed", seed), row.get("on", days[0])) for row in tries)
    later = _rewritten(tries) + _again(tries)
    drawn = ", ".join(f"{number} drawn with seed {one} on {day}" for (one, day), number in sorted(draws.items()))
    text = (
        f"""# Single changes to the law, and whether the tests notice

{when} ({drawn}): of {len(tries)} single random changes to `rules/` (a comparison, a constant, a condition
turned round, a loop that does nothing; operators of cosmic-ray) the tests without servers noticed **{noticed}**,
{noticed * 100 / len(tries):.1f} % ({looped} of them by running on and on).
{sum(row["s"] for row in tries) / 60:.0f} minutes on {machine}. `make mutants` repeats it.{so_far}{later}

What was not noticed, and why it changes nothing that anybody could see:

| file | before | after | why |
|---|---|---|---|
"""
        + "\n".join(rows)
        + "\n"
    )
    (root / "docs" / "results" / "mutants.md").write_text(text, encoding="utf-8")
    print(text)
    return int(noticed * 100 < ENOUGH * len(tries) or NO_REASON in text)
