"""The rows of a file: CSV, JSON lines or a JSON list. The whole shape is looked at before the first row is handed
on."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.errors import FileRefused
from engine.feed.opening import MOST_BYTES, read_text
from topics.hostile_json import EnvelopeFault, parse
from topics.unreadable import UNREADABLE

csv.field_size_limit(MOST_BYTES)  # the sender refuses what is too large, naming the limit; csv would stop at 128 KiB

DELIMITERS = (",", ";", "\t", "|", "，")

MOST_LINES = 200
"""Lines in one quoted cell; what is longer is a quote that was never closed."""

MOST_COLUMNS = 1000

TOLD = 20
"""Faults of a file's shape that are listed; the rest is counted."""


class Row(NamedTuple):
    """One row: its number in the file from 1 (a header not counted), its columns as text, and the line it begins in."""

    number: int
    columns: dict[str, str]
    line: int = 0


class Wanted(NamedTuple):
    """What a feed needs of a file: columns that must be there, and what a row looks like (to see a row within a
    quote)."""

    columns: tuple[str, ...] = ()
    delimiter: str | None = None
    encoding: str = "utf-8"
    is_row: Callable[[dict[str, str]], bool] = lambda columns: False


def read_rows(path: Path, wanted: Wanted = Wanted()) -> list[Row]:
    """Read a file; what it is, is told by its content.

    Raises:
        FileRefused: Its shape is broken: every place (the first 20) with its line and the mend. Nothing is fed of it
            then.
    """
    text = read_text(path, wanted.encoding)
    rows = _json(path, text) if text.lstrip()[:1] in ("{", "[") else _csv(path, text, wanted)
    if text.lstrip()[:1] in ("{", "["):
        _need(path, wanted.columns, dict.fromkeys(name for row in rows for name in row.columns), "its objects have")
    return rows


def _refuse(path: Path, faults: Sequence[str]) -> None:
    if faults:
        more = f"\n  and {len(faults) - TOLD} more" if len(faults) > TOLD else ""
        raise FileRefused(f"{path} is broken, so nothing of it was sent:\n  " + "\n  ".join(faults[:TOLD]) + more)


def _need(path: Path, wanted: Sequence[str], there: Sequence[str] | dict[str, None], what: str) -> None:
    """Refuse a file that lacks a column which the pack's feed.yaml names: all its rows would lack it unseen."""
    names = list(there)
    faults = []
    for column in dict.fromkeys(wanted):
        if column not in names:
            near = get_close_matches(column, names, 1)
            faults.append(f"there is no column {column!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if faults:
        listed = ", ".join(names[:30]) or "none"
        raise FileRefused(
            f"{path} does not fit feed.yaml: "
            + "; ".join(faults)
            + f". {what} {listed}. Mend the file's header, or the names in feed.yaml"
        )


def _csv(path: Path, text: str, wanted: Wanted) -> list[Row]:
    lines = list(io.StringIO(text, newline=""))
    begin = next(n for n, line in enumerate(lines) if line.strip())
    delimiter = wanted.delimiter or _delimiter(lines[begin], wanted.columns)
    table = list(_records(path, lines[begin:], delimiter, begin))
    header = [name.strip() for name in table[0][1]]
    while header and not header[-1]:
        header.pop()
    if len(header) > MOST_COLUMNS:
        raise FileRefused(f"{path} has {len(header)} columns; at most {MOST_COLUMNS}")
    _need(path, wanted.columns, [name for name in header if name], "its columns are")
    names = _names(path, header, wanted.columns)
    found: list[Row] = []
    faults: list[str] = []
    for line, values, last in table[1:]:
        if not any(value.strip() for value in values):
            continue  # spreadsheets end with lines of commas; they are no rows
        row = Row(len(found) + 1, dict(zip(names, values, strict=False)), line)
        found.append(row)
        if len(values) < len(names) or any(value.strip() for value in values[len(names) :]):
            faults.append(
                f"row {row.number}, line {line}: has {len(values)} columns, the header {len(names)}; quote a cell that"
                f" holds {delimiter!r}"
            )
        elif last > line and (fault := _swallowed(lines[line - 1 : last], names, delimiter, wanted)):
            faults.append(f"row {row.number}, line {line}: {fault}")
    _refuse(path, faults)
    return found


def _delimiter(header: str, wanted: Sequence[str]) -> str:
    """The sign that parts the header into most of the columns that are wanted; a comma where none does better."""

    def score(sign: str) -> tuple[int, int]:
        names = [name.strip().strip('"') for name in header.split(sign)]
        return sum(column in names for column in wanted), len(names)

    return max(DELIMITERS, key=score)


def _noting_its_end(lines: Iterable[str], ran_out: list[bool]) -> Iterator[str]:
    """Hand out lines; who asks for one more than there are stands within a quote, or is done."""
    yield from lines
    ran_out.append(True)


def _records(path: Path, lines: list[str], delimiter: str, before: int) -> Iterator[tuple[int, list[str], int]]:
    """First line, cells and last line of each record, strictly: a quote that opens a cell closes it."""
    ran_out: list[bool] = []
    reader = csv.reader(_noting_its_end(lines, ran_out), strict=True, delimiter=delimiter)
    while True:
        begin = reader.line_num + 1 + before
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"the row that begins in line {begin}"
            if ran_out or reader.line_num + before > begin:
                fault = (
                    f"{where}: a quote opens there and is not closed where its cell ends, so that it runs on to line"
                    f" {reader.line_num + before}; close it, or double it within a cell"
                )
            else:
                fault = (
                    f"{where}: a quote stands within a cell, or text after its end ({error}); double it and quote the"
                    " cell"
                )
            _refuse(path, [fault])
        yield begin, values, reader.line_num + before


def _swallowed(lines: list[str], names: list[str], delimiter: str, wanted: Wanted) -> str | None:
    """Whether a quoted cell with line breaks holds rows: a quote was lost, and the next one in the file closed it."""
    if len(lines) > MOST_LINES:
        return f"a quote opens and its cell has {len(lines)} lines, more than {MOST_LINES}; close it"
    rowlike = [_is_row(line, names, delimiter, wanted) for line in lines]
    if any(rowlike[1:-1]) or (rowlike[0] and rowlike[-1]):
        return (
            f"a quote opens and is not closed before the next rows: line {rowlike.index(True, 1) + 1} of the cell is a"
            " row of its own; close it"
        )
    return None


def _is_row(line: str, names: list[str], delimiter: str, wanted: Wanted) -> bool:
    cells = [cell.strip().strip('"') for cell in line.rstrip("\r\n").split(delimiter)]
    return len(cells) == len(names) and wanted.is_row(dict(zip(names, cells, strict=True)))


def _names(path: Path, header: list[str], wanted: Sequence[str]) -> list[str]:
    """Name every column once; one that is needed may not stand twice, another is numbered."""
    doubled = [name for name, n in Counter(header).items() if n > 1 and name in wanted]
    if doubled:
        raise FileRefused(f"{path} has the column {doubled[0]!r} twice; name one of them otherwise")
    seen: Counter[str] = Counter()
    names = []
    for n, name in enumerate(header, 1):
        seen[name] += 1
        names.append(name if name and seen[name] == 1 else f"{name or 'column'} ({n})")
    return names


_READER = msgspec.json.Decoder(list[msgspec.Raw])


def _json(path: Path, text: str) -> list[Row]:
    """A list of objects, or one object a line."""
    if text.lstrip().startswith("["):
        try:
            parts: list[tuple[int, bytes]] = [(0, bytes(part)) for part in _READER.decode(text)]
        except UNREADABLE as error:
            raise FileRefused(f"{path} is no JSON list of objects: {error}; export it again") from error
    else:
        parts = [(n, line.encode()) for n, line in enumerate(re.split(r"\r\n|\n|\r", text), 1) if line.strip()]
    rows, faults = [], []
    for number, (line, part) in enumerate(parts, 1):
        where = f"line {line}" if line else f"object {number}"
        try:
            value = parse(part)
        except EnvelopeFault as error:
            faults.append(f"{where}: {error}")
            continue
        if not isinstance(value, dict):
            faults.append(f"{where}: is no JSON object with the columns as names")
            continue
        rows.append(Row(number, {name: _text(item) for name, item in value.items()}, line or number))
    if faults and len(parts) > 1 and _is_one_object(text):
        raise FileRefused(
            f"{path} is one JSON object over several lines; write a list of objects, or one object on each line"
        )
    _refuse(path, faults)
    return rows


def _is_one_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except UNREADABLE:
        return False


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
