"""From a file to its text: packed or not, in the pack's encoding or the one its first bytes tell. All of it or
nothing."""

import codecs
import gzip
import io
import zlib
from pathlib import Path

from engine.errors import FileRefused

MOST_BYTES = 512 * 1024 * 1024
"""Largest text that is fed at once; a plan holds all its rows, so a larger file is to be parted."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks; the longer ones first, since one begins like another."""

SHEETS = {
    b"PK\x03\x04": "an Excel workbook or another zip",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
}
GZIP = b"\x1f\x8b"


def read_text(path: Path, encoding: str) -> str:
    """Read a file whole, unpacked and decoded, without its byte order mark.

    Raises:
        FileRefused: It is a folder, empty, a workbook, too large, broken, or not in its encoding; with the mend.
    """
    if path.is_dir():
        raise FileRefused(f"{path} is a folder; name one file in it")
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}") from error
    if raw.startswith(GZIP):
        raw = _unpacked(path, raw)
    if len(raw) > MOST_BYTES:
        raise FileRefused(
            f"{path} has more than {MOST_BYTES >> 20} MiB; part it into several files, each with the header"
        )
    if not raw.strip():
        raise FileRefused(f"{path} is empty; export it again")
    for mark, what in SHEETS.items():
        if raw.startswith(mark):
            raise FileRefused(f"{path} is {what}; open it, save it as 'CSV UTF-8 (comma delimited)', and feed that")
    return _decoded(path, raw, encoding)


def _unpacked(path: Path, raw: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(raw)) as packed:
            return packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileRefused(f"{path} is gzip and broken ({error}); copy it again") from error


def _decoded(path: Path, raw: bytes, encoding: str) -> str:
    for mark, own in MARKS:
        if raw.startswith(mark):
            raw, encoding = raw[len(mark) :], own
            break
    # what calls itself GBK often holds more
    name = "gb18030" if codecs.lookup(encoding).name in ("gbk", "gb2312") else encoding
    try:
        text = raw.decode(name)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileRefused(f"{path}, line {line}: is not {encoding.upper()}; {_advice(raw, name)}") from error
    if (at := text.find("\0")) >= 0:
        line = text.count("\n", 0, at) + 1
        raise FileRefused(
            f"{path}, line {line}: holds a NUL byte: it is torn, or UTF-16 without a mark; save it as 'CSV UTF-8' and"
            " feed that"
        )
    if not text.strip().strip("\ufeff").strip():
        raise FileRefused(f"{path} is empty; export it again")
    return text


def _advice(raw: bytes, tried: str) -> str:
    """Name the encoding in which all of it can be read, if there is one."""
    for other in ("utf-8", "gb18030"):
        try:
            if other != tried and raw.decode(other):
                return (
                    f"it reads as {other.upper()}: write 'encoding: {other}' into the pack's feed.yaml, or save it as"
                    " 'CSV UTF-8'"
                )
        except UnicodeDecodeError:
            continue
    return "save it as 'CSV UTF-8', or mend that line"
