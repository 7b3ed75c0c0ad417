"""The rows of a file, CSV or JSON lines; a row that cannot be read is handed on with what is wrong with it."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

csv.field_size_limit(64 * 1024 * 1024)  # the sender refuses what is too large, naming the limit; csv would stop at 128 KiB

JSON_ENDINGS = frozenset({".jsonl", ".ndjson", ".json"})


class Row(NamedTuple):
    """One row: its number in the file from 1 (a header not counted), its columns as text, and its fault if it has one."""

    number: int
    columns: dict[str, str]
    fault: str | None = None


def read_rows(path: Path) -> Iterator[Row]:
    """Read a file; JSON lines by its ending (``.jsonl``, ``.ndjson``, ``.json``), else CSV with a header line.

    Raises:
        OSError: The file cannot be opened.
    """
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        yield from _json_lines(file) if path.suffix.lower() in JSON_ENDINGS else _csv(file)


def _csv(file: Iterator[str]) -> Iterator[Row]:
    reader = csv.reader(file)
    header = next(reader, [])
    number = 0
    while True:
        number += 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, {}, f"is no CSV: {error}")
            continue
        if not values:
            number -= 1  # an empty line is no row
            continue
        yield _checked(number, header, values)


def _checked(number: int, header: list[str], values: list[str]) -> Row:
    columns = dict(zip(header, values, strict=False)) | {f"column_{n + 1}": value for n, value in enumerate(values) if n >= len(header)}
    if len(values) != len(header):
        return Row(number, _printable(columns), f"has {len(values)} columns, the header {len(header)}")
    return _readable(Row(number, columns))


def _json_lines(file: Iterator[str]) -> Iterator[Row]:
    number = 0
    for line in file:
        if not line.strip():
            continue
        number += 1
        try:
            value = msgspec.json.decode(line.encode(errors="surrogateescape"), type=dict[str, object])
        except (msgspec.DecodeError, RecursionError) as error:
            yield Row(number, _printable({"line": line.strip()}), f"is no JSON object: {error}")
            continue
        yield _readable(Row(number, {name: _text(item) for name, item in value.items()}))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _readable(row: Row) -> Row:
    """Bytes that are no UTF-8 were carried along as lone surrogates; such a row is at fault."""
    if any(not _is_text(value) or not _is_text(name) for name, value in row.columns.items()):
        return Row(row.number, _printable(row.columns), "is not UTF-8")
    return row


def _is_text(value: str) -> bool:
    return value.isascii() or not any(0xD800 <= ord(char) <= 0xDFFF for char in value)


def _printable(columns: dict[str, str]) -> dict[str, str]:
    return {_escaped(name): _escaped(value) for name, value in columns.items()}


def _escaped(value: str) -> str:
    return value.encode(errors="surrogateescape").decode(errors="backslashreplace")
