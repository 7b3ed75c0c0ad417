"""A file is read whole or refused with the mend; never partly."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import FileRefused
from engine.feed.rows import Row, Wanted, read_rows

WANTED = Wanted(("id", "when"), is_row=lambda columns: columns["id"].isdigit() and columns["when"].startswith("2026"))


def rows_of(path: Path, content: bytes, wanted: Wanted = Wanted()) -> list[tuple[object, ...]]:
    """Number, columns and line of each row of a file."""
    path.write_bytes(content)
    return [tuple(row) for row in read_rows(path, wanted)]


def refusal(path: Path, content: bytes, wanted: Wanted = WANTED) -> str:
    """What is said of a file that is refused."""
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        read_rows(path, wanted)
    return str(refused.value)


def test_csv_with_quotes_breaks_and_a_byte_order_mark(tmp_path: Path) -> None:
    """Plain CSV as spreadsheets write it; empty lines, and lines of commas alone, are no rows; any mixture of line
    ends."""
    found = rows_of(tmp_path / "a.csv", '\ufeffid,text\r\n1,"a\nb"\r\n\r\n2,"say ""x"""\n,,\r3,5" pipe\r'.encode())
    assert found == [
        (1, {"id": "1", "text": "a\nb"}, 2),
        (2, {"id": "2", "text": 'say "x"'}, 5),
        (3, {"id": "3", "text": '5" pipe'}, 7),
    ]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", "，"])
def test_the_header_tells_what_parts_the_columns(tmp_path: Path, sign: str) -> None:
    """Excel writes semicolons where a comma parts decimals."""
    text = f"id{sign}when{sign}text\n1{sign}2026-01-01{sign}a b\n"
    assert rows_of(tmp_path / "a.csv", text.encode(), WANTED) == [
        (1, {"id": "1", "when": "2026-01-01", "text": "a b"}, 2)
    ]


def good(n: int) -> str:
    """A row as it should be."""
    return f'{n},2026-01-01,"text, {n}"\n'


HEADER = "id,when,text\n"
LOST = '3,2026-01-01,"a quote is lost\n'


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (good(1) + good(2) + LOST + "".join(map(good, range(4, 500))), 4),  # the next quote closes it, and text follows
        (good(1) + LOST + "4,2026-01-01,x\n" * 3, 3),  # never closed
        # closed by chance where a cell ends: rows stand within it
        (good(1) + LOST + '4,2026-01-01,x\n5,2026-01-01,5"\n', 3),
        (good(1) + LOST + '4,2026-01-01,5"\n' + good(5), 3),  # the row right after it closes it
        (good(1) + '3,2026-01-01,"' + "x\n" * 300 + '"\n', 3),  # no honest cell has 300 lines
    ],
)
def test_a_quote_that_is_never_closed_refuses_the_file(tmp_path: Path, body: str, line: int) -> None:
    """The row where it opened is named; nothing of the file is handed on."""
    said = refusal(tmp_path / "a.csv", (HEADER + body).encode())
    assert f"line {line}" in said and "a quote opens" in said and "nothing of it was sent" in said


def test_honest_cells_with_many_lines_are_read(tmp_path: Path) -> None:
    """Text in the first column or the last, with commas, with a date in it."""
    body = 'id,when,text\n1,2026-01-01,"first, line\n2,2026 was the year\n- so, it, seems"\n'
    assert len(rows_of(tmp_path / "a.csv", body.encode(), WANTED)) == 1
    body = 'text,id,when\n"a, b\nlast",1,2026-01-01\n'
    assert len(rows_of(tmp_path / "b.csv", body.encode(), WANTED)) == 1


def test_rows_with_too_few_or_too_many_columns_refuse_the_file(tmp_path: Path) -> None:
    """All of them are named at once, the first twenty; empty cells at the end are none too many."""
    assert len(rows_of(tmp_path / "a.csv", (HEADER + "1,2026-01-01,a,,\n").encode(), WANTED)) == 1
    said = refusal(tmp_path / "a.csv", (HEADER + "1,2026-01-01\n2,2026-01-01,a,b\n" + "3\n" * 30).encode())
    assert (
        "row 1, line 2: has 2 columns, the header 3" in said
        and "row 2, line 3: has 4 columns" in said
        and "and 12 more" in said
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b" \r\n\n", "is empty"),
        ("a.csv", b"when,text\n2026-01-01,x\n", "there is no column 'id'"),
        ("a.csv", b"ID,when\n1,2026-01-01\n", "there is no column 'id'"),
        ("a.csv", b"idd,when\n1,2\n", "did you mean 'idd'?"),
        ("a.csv", b"id,when,id\n1,2026-01-01,2\n", "the column 'id' twice"),
        ("a.csv", b"id,when\n1,2026\x00-01-01\n", "line 2: holds a NUL byte"),
        ("a.csv", "id,when\n1,二〇二六\n".encode("gbk"), "it reads as GB18030: write 'encoding: gb18030'"),
        ("a.csv", b"id,when\n1,2026\n2,\xff\xff\n", "line 3: is not UTF-8; save it as 'CSV UTF-8'"),
        ("a.xlsx", b"PK\x03\x04rest", "save it as 'CSV UTF-8"),
        ("a.xls", b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
        ("a.csv.gz", gzip.compress(b"id,when\n1,2026\n", mtime=0)[:-9], "gzip and broken"),
        ("a.jsonl", b'{"id": 1, "when": 2}\n[1]\n{"a"\n' + b"[" * 100_000 + b"\n", "line 2: is no JSON object"),
        ("a.jsonl", b'{"id": 1, "id": 2, "when": 3}\n', "'id' is given twice"),
        ("a.json", b'{\n "rows": [{"id": 1}]\n}\n', "one JSON object over several lines"),
        ("a.json", b'[{"id": 1, "when": 2}, 3]', "object 2: is no JSON object"),
        ("a.json", b'[{"id": 1}, {"id": 3}]', "there is no column 'when'"),
        ("a.json", b'[{"id": 1, "when": 2}', "is no JSON list of objects"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_mend(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """Whatever a clerk may have saved; never a part of it."""
    assert said in refusal(tmp_path / name, content)


@pytest.mark.parametrize("blank", ["", "\r\n", " \t\r\n\r\n", "\u3000\u3000\n", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_of_blanks_is_refused_as_empty(
    tmp_path: Path, blank: str, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    """Whatever its byte order mark, its line ends and its packing."""
    assert "is empty; export it again" in refusal(tmp_path / "a.csv", pack(blank.encode(encoding)))


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    """In words."""
    for path, said in ((tmp_path, "is a folder"), (tmp_path / "none.csv", "cannot be read")):
        with pytest.raises(FileRefused, match=said):
            read_rows(path)


def test_a_header_without_rows_is_read(tmp_path: Path) -> None:
    """A quiet night is no fault."""
    assert rows_of(tmp_path / "a.csv", b"id,when\n", WANTED) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030", "utf-16", "utf-8-sig"])
def test_encodings_are_named_or_found_by_their_mark(tmp_path: Path, encoding: str) -> None:
    """What calls itself GBK is read as GB18030, which holds it; a byte order mark goes before what the pack says."""
    content = "id,when,内容\n1,2026-01-01,井盖松动\n".encode(encoding)
    found = rows_of(
        tmp_path / "a.csv",
        content,
        WANTED._replace(encoding="gbk" if "sig" in encoding or encoding == "utf-16" else encoding),
    )
    assert found == [(1, {"id": "1", "when": "2026-01-01", "内容": "井盖松动"}, 2)]


def test_gzip_and_a_json_list_are_read_by_their_content(tmp_path: Path) -> None:
    """Whatever the ending says."""
    rows = [
        Row(1, {"id": "1", "when": "2026", "lat": "34.5", "text": "", "ok": "true"}, 1),
        Row(2, {"id": "x", "when": "2027"}, 2),
    ]
    listed = b'[{"id": 1, "when": "2026", "lat": 34.5, "text": null, "ok": true}, {"id": "x", "when": 2027}]'
    for name, content in (
        ("a.json", listed),
        ("b.csv", gzip.compress(listed)),
        ("c.txt", listed[1:-1].replace(b"}, {", b"}\r\n\n{")),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert [row[:2] for row in read_rows(path, WANTED)] == [row[:2] for row in rows]
