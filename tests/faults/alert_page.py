"""``docs/results/alerts.md``: one row for each kind of trouble, its last run, whichever kinds a run tried."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.results import machine

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "alerts.md"
HEAD = """# Alerts: what was broken, and how soon it was said

Written by `make alerts` (`ONLY=<words of -k>` tries some); each row is its last run. A real Prometheus (1 s between
scrapes, the rules' lengths of time shortened to 1/30, `for` to 1/60; thresholds are what they are) and Alertmanager
beside a running stack; each kind is broken alone, waited for, mended, and waited for again.

"""
COLUMNS = ("alerts", "what was done, and undone", "fired after s", "ended s after", "date", "machine")
NOT = "**did not**"


def note(kinds: Sequence[tuple[str, ...]], names: tuple[str, ...], how: str, fired: str, ended: str) -> None:
    """Put one kind's row in the place of its last; rows of kinds that are no more are dropped."""
    mine = f"{', '.join(names)}"
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in _rows()}
    stamp = f"{datetime.now(UTC):%Y-%m-%d}"
    rows[mine] = f"| {' | '.join((mine, how, fired, ended, stamp, machine()))} |"
    RESULTS.write_text(HEAD + table([(", ".join(one), rows.get(", ".join(one))) for one in kinds]), encoding="utf-8")


def table(rows: Sequence[tuple[str, str | None]]) -> str:
    """Count them, and name those that were never tried."""
    tried = [row for _, row in rows if row is not None]
    well = [row for row in tried if NOT not in row]
    untried = [name for name, row in rows if row is None]
    lines = [f"{len(well)} of {len(rows)} kinds fired and ended.", ""]
    lines += [f"Never tried: {'; '.join(untried)}.", ""] if untried else []
    return "\n".join([*lines, f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *tried, ""])


def _rows() -> list[str]:
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    return [line for line in lines if line.count(" | ") == len(COLUMNS) - 1 and not line.startswith(f"| {COLUMNS[0]} ")]
