"""``docs/results/performance.md``: each part of ``make bench`` writes its own section and plot, and leaves the rest."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.results import machine

FOLDER = Path(__file__).parents[2] / "docs" / "results"
PAGE = FOLDER / "performance.md"
LOAD = os.getloadavg()[0]
"""Of the machine before anything was started here."""


def put(text: str, part: str, inside: str) -> str:
    """Put a section in the place of the one of that name; a new one comes at the end."""
    begin, end = f"<!-- bench {part}: begin -->", f"<!-- bench {part}: end -->"
    section = f"{begin}\n{inside.strip()}\n{end}"
    if begin not in text:
        return f"{text.rstrip()}\n\n{section}\n"
    head, rest = text.split(begin, 1)
    return head + section + rest.split(end, 1)[1]


def write(part: str, title: str, lines: Sequence[str], picture: str, how: str, page: Path = PAGE) -> None:
    """Write the section with its date and machine, and the plot beside the page."""
    name = f"performance-{part}.svg"
    (page.parent / name).write_text(picture, encoding="utf-8")
    inside = [
        f"## {title}",
        "",
        f"`make bench PART={part}`, {datetime.now(UTC):%Y-%m-%d}; {machine()}, {_quiet()}. {how}",
        "",
        *lines,
        "",
        f"![{title}]({name})",
    ]
    text = page.read_text(encoding="utf-8") if page.exists() else "# What it costs\n"
    page.write_text(put(text, part, "\n".join(inside)), encoding="utf-8")


def _quiet() -> str:
    """Say whether the machine was ours alone: on one that is not, times mean little."""
    return f"load before {LOAD:.1f}" + (", **not quiet: times mean little**" if LOAD > 1 else "")
