"""A Chinese font for a browser on a machine that has none: WOFF, as npm carries it, unwrapped to what fontconfig
reads."""

import struct
import zlib
from pathlib import Path

HEADER = struct.Struct(">4sIIHHIHHIIIII")
ENTRY = struct.Struct(">4sIIII")


def unwrapped(woff: bytes) -> bytes:
    """Give the font that a WOFF 1.0 file wraps: the same tables, each inflated (W3C WOFF 1.0, sections 3 to 5)."""
    signature, flavour, _, count, *_ = HEADER.unpack_from(woff)
    assert signature == b"wOFF"
    power = count.bit_length() - 1
    head = struct.pack(">IHHHH", flavour, count, 16 << power, power, count * 16 - (16 << power))
    entries, body, at = b"", b"", 12 + 16 * count
    for number in range(count):
        tag, offset, packed, size, checksum = ENTRY.unpack_from(woff, HEADER.size + number * ENTRY.size)
        table = woff[offset : offset + packed]
        table = zlib.decompress(table) if packed < size else table
        entries += struct.pack(">4sIII", tag, checksum, at + len(body), size)
        body += table + b"\0" * (-size % 4)
    return head + entries + body


def configured(folder: Path, fonts: Path, cache: Path) -> Path:
    """Write a configuration of fontconfig that knows these fonts alone, so that pictures are the same everywhere."""
    file = folder / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"
    )
    return file
