"""What a spreadsheet reads is what was written."""

import csv
import io

import pytest

from engine.spreadsheet import AT_ONCE, BOM, Cell, pieces


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r1", "\n1", "  =1+1", "＝1", "＋1", "－1", "＠a"]
)
def test_what_would_be_computed_is_text(text: str) -> None:
    """Of Chinese keyboards too, and behind blanks."""
    (row,) = csv.reader(io.StringIO(b"".join(pieces([[text]])).decode("utf-8-sig"), newline=""))
    assert row == [f"'{text}"]


def test_a_long_table_is_written_piece_by_piece() -> None:
    """Marked as UTF-8 once, every row once, and no piece holds all."""
    rows: list[list[Cell]] = [[n, '塔湾, "一"', None, 1.5] for n in range(2 * AT_ONCE + 1)]
    written = list(pieces(rows))
    assert len(written) == 3
    text = b"".join(written).decode()
    assert text.startswith(BOM) and text.count(BOM) == 1
    read = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert read == [[str(n), '塔湾, "一"', "", "1.5"] for n in range(len(rows))]
