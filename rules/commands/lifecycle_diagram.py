"""Draws the lifecycle from its table (LAW 6): ``python -m rules.commands.lifecycle_diagram`` writes
``docs/lifecycle.md``, and a test holds it to the table."""

from collections import defaultdict
from pathlib import Path

from rules.commands.lifecycle_table import BY_CLOCK, CHILD_TABLE, OPEN, PARTITION_TABLE, TABLE, Row
from topics.vocabulary import FINAL, Status

DOCUMENT = Path(__file__).parents[2] / "docs" / "lifecycle.md"


ANY_OPEN = "any_open"
"""Where an arrow begins that begins in every open status: nine arrows less for each."""


def arrows() -> dict[tuple[str, Status], list[str]]:
    """List what leads from each status to each other one: commands, and clocks in brackets."""
    found: dict[tuple[str, Status], list[str]] = defaultdict(list)
    named = [(str(kind), row) for kind, row in TABLE.items()] + [(f"({kind})", row) for kind, row in BY_CLOCK.items()]
    for name, row in named:
        for before in (ANY_OPEN,) if row.statuses == OPEN else row.statuses:
            for after in row.to:
                if before != after:
                    found[before, after].append(name)
    return found


def diagram() -> str:
    """Write the table as a Mermaid state diagram; what ends a ticket from anywhere open is drawn once."""
    lines = ["stateDiagram-v2", f'    state "any open status" as {ANY_OPEN}', "    [*] --> received: report"]
    lines += [f"    {before} --> {after}: {', '.join(names)}" for (before, after), names in arrows().items()]
    return "\n".join([*lines, *(f"    {status} --> [*]" for status in Status if status in FINAL)])


def _table(rows: dict[str, Row]) -> list[str]:
    lines = ["| command | in | by | to |", "|---|---|---|---|"]
    for name, row in rows.items():
        roles = "anybody" if len(row.roles) > 12 else ", ".join(row.roles) or "its end"
        lines.append(
            f"| {name} | {'any open' if row.statuses == OPEN else ', '.join(row.statuses)} | {roles} |"
            f" {', '.join(row.to) or 'as it was'} |"
        )
    return lines


def _asked(rows: dict[str, Row]) -> list[str]:
    return ["| command | by |", "|---|---|", *(f"| {name} | {', '.join(row.roles)} |" for name, row in rows.items())]


def document() -> str:
    """The whole page."""
    parts = [
        "# Lifecycle",
        "",
        (
            "Made by `python -m rules.commands.lifecycle_diagram` from the table in"
            " `rules/commands/lifecycle_table.py`. What is not here is refused with a reason."
        ),
        "A name in brackets is the end of that clock.",
        f"Any open status: {', '.join(OPEN)}.",
        "",
        "```mermaid",
        diagram(),
        "```",
        "",
        "## Commands",
        "",
        *_table({str(kind): row for kind, row in TABLE.items()}),
        "",
        "## Of a department that was called (`<ticket>/<code>/<n>`)",
        "",
        *_table({str(kind): row for kind, row in CHILD_TABLE.items()}),
        "",
        "## Of a partition",
        "",
        (
            "By the roster in force, each within their own role and grids; the first pack of an empty partition is"
            " anybody's (docs/decisions/0011)."
        ),
        "",
        *_asked({str(kind): row for kind, row in PARTITION_TABLE.items()}),
        "",
        "## Clocks that change a status",
        "",
        *_table({str(kind): row for kind, row in BY_CLOCK.items()}),
        "",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
