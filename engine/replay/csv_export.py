"""Writes the rows of a comparison as CSV."""

import csv
from collections.abc import Iterable
from pathlib import Path

import msgspec

from engine import spreadsheet
from rules.history.compare import Row, Side

FIRST, LAST = ("identity", "origin", "home"), ("moved", "breaches_vanish", "breaches_appear", "no_longer_fit")
COLUMNS = (*FIRST, *(f"{name}_{when}" for name in Side.__struct_fields__ for when in ("before", "after")), *LAST)

Cell = str | tuple[str, ...] | None


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write a header and every row; lists are joined by ``; ``, what is missing is empty.

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([_cell(cells.get(name)) for name in COLUMNS] for cells in map(_flat, rows))


def _flat(row: Row) -> dict[str, Cell]:
    """Give a row's members by the names of the columns."""
    sides = {
        f"{name}_{when}": getattr(side, name)
        for when, side in (("before", row.before), ("after", row.after))
        if side
        for name in Side.__struct_fields__
    }
    return {**sides, "moved": row.moved, **{name: getattr(row, name) for name in (*FIRST, *LAST) if name != "moved"}}


def _cell(value: Cell) -> str:
    """Write one; identities come from outside."""
    return str(spreadsheet.cell("; ".join(value) if isinstance(value, tuple) else value or ""))


def as_json(rows: Iterable[Row]) -> list[dict[str, object]]:
    """Give the rows with their ``moved`` for JSON."""
    return [{**msgspec.structs.asdict(row), "moved": row.moved} for row in rows]
