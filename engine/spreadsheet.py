"""Cells of CSV that a spreadsheet shows as what they are: text from outside is never taken for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

BOM = "\ufeff"
"""Tells a spreadsheet that Chinese is UTF-8."""
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula, the wide forms of a Chinese keyboard among it."""
AT_ONCE = 500
"""Rows that are written before they are sent on."""

Cell = str | int | float | None


def cell(value: Cell) -> str | int | float:
    """Give a cell as it is written: a text that would be a formula has a quotation mark before it."""
    if not isinstance(value, str):
        return "" if value is None else value
    is_formula = value.startswith(("\t", "\r", "\n")) or value.lstrip().startswith(FORMULA)
    return f"'{value}" if is_formula else value


def pieces(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Write a table for a spreadsheet, so many rows at a time."""
    written = io.StringIO(BOM, newline="")
    written.seek(0, io.SEEK_END)
    writer = csv.writer(written)
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(value) for value in row])
        if number % AT_ONCE == 0:
            yield written.getvalue().encode()
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode()
