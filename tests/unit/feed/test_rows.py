"""Files are read row by row; what cannot be read is handed on with its fault."""

from pathlib import Path

from engine.feed.rows import read_rows


def rows_of(path: Path, content: bytes) -> list[tuple[int, dict[str, str], bool]]:
    """Number, columns and whether at fault, of each row of a file."""
    path.write_bytes(content)
    return [(row.number, row.columns, row.fault is not None) for row in read_rows(path)]


def test_csv_with_quotes_breaks_and_a_byte_order_mark(tmp_path: Path) -> None:
    """Plain CSV as spreadsheets write it; empty lines are no rows."""
    found = rows_of(tmp_path / "a.csv", '\ufeffid,text\r\n1,"a\nb"\r\n\r\n2,"say ""x"""\r\n'.encode())
    assert found == [(1, {"id": "1", "text": "a\nb"}, False), (2, {"id": "2", "text": 'say "x"'}, False)]


def test_a_torn_row_is_at_fault_and_the_next_is_not(tmp_path: Path) -> None:
    """Too few columns, too many, bytes that are no UTF-8: told, kept, and the rest goes on."""
    found = rows_of(tmp_path / "a.csv", b"id,text\n1\n2,b,c\n3,\xff\n4,d\n")
    assert [(number, fault) for number, _, fault in found] == [(1, True), (2, True), (3, True), (4, False)]
    assert found[1][1] == {"id": "2", "text": "b", "column_3": "c"}
    assert found[2][1] == {"id": "3", "text": "\\xff"}


def test_json_lines(tmp_path: Path) -> None:
    """Values become text as they stand; what is no object is at fault, however deep."""
    found = rows_of(tmp_path / "a.jsonl", b'{"id": 1, "lat": 34.5, "text": null, "ok": true}\n\n[1]\n{"a"\n' + b"[" * 100_000 + b"\n" + b'{"id":"5"}\n')
    assert found[0] == (1, {"id": "1", "lat": "34.5", "text": "", "ok": "true"}, False)
    assert [fault for _, _, fault in found] == [False, True, True, True, False]
