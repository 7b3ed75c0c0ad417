"""Pictures made here, byte by byte: real ones, those that say more than is to be seen, and those that are none."""

import struct
import zlib

SECRET = b"34.7466N 113.6253E of 13800001234"
"""What a camera writes beside a picture."""


def segment(marker: int, payload: bytes) -> bytes:
    """One segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def exif(order: str, side: int, *, at: int = 8, kind: int = 3) -> bytes:
    """What a camera writes: which side is up (TIFF 6.0, tag 274), who made it, and where; in either order of bytes."""
    entries = struct.pack(f"{order}HHIHH", 0x112, kind, 1, side, 0) + struct.pack(f"{order}HHII", 0x10F, 2, 30, 38)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    whole = head + struct.pack(f"{order}H", 2) + entries + struct.pack(f"{order}I", 0)
    return segment(0xE1, b"Exif\0\0" + whole + SECRET)


EXIF = segment(0xE1, b"Exif\0\0MM\0*" + SECRET)
_LUMINANCE = bytes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4])
"""Lengths and values of one small table of codes: enough for a picture in one grey."""


def frame(width: int = 8, height: int = 8, marker: int = 0xC0) -> bytes:
    """A JPEG's head, in one colour."""
    return segment(marker, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")


def jpeg(*more: bytes, size: tuple[int, int] = (8, 8), behind: bytes = b"") -> bytes:
    """A grey square of eight points, ``more`` segments in its head, and something ``behind`` its end."""
    quantised = segment(0xDB, b"\0" + bytes([16] * 64))
    codes = b"".join(segment(0xC4, bytes([kind]) + bytes([1] + [0] * 15) + b"\0") for kind in (0x00, 0x10))
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x3f"  # two codes of one bit, and bits that fill the byte
    return b"\xff\xd8" + b"".join(more) + quantised + frame(*size) + codes + scan + b"\xff\xd9" + behind


def chunk(kind: bytes, payload: bytes) -> bytes:
    """One piece of a PNG."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(*more: bytes, size: tuple[int, int] = (3, 2), behind: bytes = b"") -> bytes:
    """Grey points."""
    width, height = size
    rows = zlib.compress((b"\0" + bytes(min(width, 4096))) * min(height, 4096))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", rows) + chunk(b"IEND", b"") + behind


def piece(kind: bytes, payload: bytes) -> bytes:
    """One piece of a WebP."""
    return kind + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


def webp(*more: bytes, size: tuple[int, int] = (3, 2), behind: bytes = b"") -> bytes:
    """An extended picture whose flags promise what is beside it."""
    width, height = ((one - 1).to_bytes(3, "little") for one in size)
    bits = struct.pack("<I", (size[0] - 1) | (size[1] - 1) << 14)
    whole = b"WEBP" + piece(b"VP8X", b"\x3c\0\0\0" + width + height) + b"".join(more) + piece(b"VP8L", b"\x2f" + bits)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole + behind
