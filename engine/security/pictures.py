"""Pictures as strangers send them: known by their bytes, and left with what is to be seen alone. What a camera writes
beside it (where it was, whose it is, a smaller picture of what was cut away) is taken out, as is all behind its end."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from topics.errors import GridwhistleError

T = TypeVar("T")

MOST_PIXELS = 4096
"""A side: a picture of few bytes that is larger fills the memory of whoever looks at it."""
MOST_PIECES = 4096
"""A picture of two megabytes has a few hundred."""


class Picture(NamedTuple):
    """One that may be kept."""

    kind: str
    content: bytes


class UnfitPicture(GridwhistleError):
    """It is none, or broken, or larger than anybody's screen; the text says which, and nothing of what was sent."""


def stripped(content: bytes) -> Picture:
    """Know a picture by its first bytes and take out all that is not to be seen.

    What is kept is a picture of the same points: nothing is decoded. Of what a camera wrote beside a JPEG it is told
    which side is up, and nothing else: telephones turn no point.

    Raises:
        UnfitPicture: It is none that is taken.
    """
    for begins, kind, strip in _KINDS:
        if begins.match(content):
            try:
                kept, (width, height) = strip(content)
            except (struct.error, IndexError) as exc:
                raise UnfitPicture("the picture ends before its end") from exc
            if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
                raise UnfitPicture(f"a side has 1 to {MOST_PIXELS} points; make it smaller")
            return Picture(kind, kept)
    raise UnfitPicture("send a JPEG, a PNG or a WebP; what it is is known by its first bytes")


def _counted(pieces: Iterator[T]) -> Iterator[T]:
    for number, piece in enumerate(pieces):
        if number >= MOST_PIECES:
            raise UnfitPicture("the picture is in too many pieces")
        yield piece


# -- JPEG (ITU T.81, annex B) ------------------------------------------------------------------------------------------

_START, _END, _SCAN, _EXIF, _ADOBE = 0xD8, 0xD9, 0xDA, 0xE1, 0xEE
_FRAMES = (0xC0, 0xC1, 0xC2)
_TABLES = (0xC4, 0xDB, 0xDD)
_BESIDE = (*range(0xE0, 0xF0), 0xFE)
"""What programs write for themselves, and comments."""
_UP = 0x0112
"""Of Exif's first directory the number that says which side is up (TIFF 6.0), 1 where it lies as it is seen."""
_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)
"""Where a scan ends: a marker that is neither a stuffed byte nor a restart."""


def _jpeg(content: bytes) -> tuple[bytes, tuple[int, int]]:
    kept, size, has_scan, up = [b""], (0, 0), False, 1
    for marker, payload, scan in _counted(_segments(content)):
        if marker == _EXIF and up == 1:
            up = _side_up(payload)
        if marker in _BESIDE:
            # of a picture in four colours it says which; its bytes are of one length
            if marker != _ADOBE or not payload.startswith(b"Adobe") or len(payload) != 12:
                continue
        elif marker in _FRAMES:
            if size != (0, 0):
                raise UnfitPicture("the picture has two frames")
            height, width = struct.unpack_from(">HH", payload, 1)
            size = (width, height)
        elif marker == _SCAN:
            has_scan = True
        elif marker not in _TABLES:
            raise UnfitPicture("a JPEG of a kind that browsers do not show")
        kept.append(struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + scan)
    if not has_scan:
        raise UnfitPicture("the picture holds no points")
    kept[0] = b"\xff\xd8" + (b"" if up == 1 else _said_up(up))
    return b"".join(kept) + b"\xff\xd9", size


def _side_up(payload: bytes) -> int:
    """Read which side is up, 1 to 8; what cannot be read, or says no side, is 1."""
    order, tiff = {b"Exif\0\0II*\0": "<", b"Exif\0\0MM\0*": ">"}.get(payload[:10]), payload[6:]
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for n in range(count):
            tag, kind, number, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * n)
            if (tag, kind, number) == (_UP, 3, 1):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _said_up(up: int) -> bytes:
    """Write which side is up as Exif has it: one directory of one entry."""
    entry = struct.pack(">HHIHH", _UP, 3, 1, up, 0)
    payload = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    return struct.pack(">BBH", 0xFF, _EXIF, len(payload) + 2) + payload


def _segments(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Give each segment's marker, what stands in it, and behind a scan's head its points; to the picture's end."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise UnfitPicture("the picture is broken")
        while content[at] == 0xFF:  # any number of them stands before a marker
            at += 1
        marker = content[at]
        if marker == _END:
            return
        (length,) = struct.unpack_from(">H", content, at + 1)
        payload, at = content[at + 3 : at + 1 + length], at + 1 + length
        if len(payload) != length - 2:
            raise UnfitPicture("the picture ends before its end")
        scan = b""
        if marker == _SCAN:
            found = _NEXT.search(content, at)
            if found is None:
                raise UnfitPicture("the picture ends before its end")
            scan, at = content[at : found.start()], found.start()
        yield marker, payload, scan


# -- PNG (ISO 15948) ---------------------------------------------------------------------------------------------------

_SEEN = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND")


def _png(content: bytes) -> tuple[bytes, tuple[int, int]]:
    kept, size = [content[:8]], (0, 0)
    for number, (kind, whole) in enumerate(_counted(_chunks(content))):
        if (kind == b"IHDR") is not (number == 0):
            raise UnfitPicture("the picture has no head, or two")
        if kind == b"IHDR":
            size = struct.unpack_from(">II", whole, 8)
        if kind in _SEEN:
            kept.append(whole)
    return b"".join(kept), size


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        whole = content[at : at + 12 + length]
        if len(whole) != 12 + length:
            raise UnfitPicture("the picture ends before its end")
        at += len(whole)
        yield kind, whole


# -- WebP (RFC 9649) ---------------------------------------------------------------------------------------------------

_ALPHA = 0x10
"""Of an extended picture's flags the one that is to be seen."""


def _webp(content: bytes) -> tuple[bytes, tuple[int, int]]:
    kept, size = list[bytes](), (0, 0)
    for kind, payload in _counted(_riff(content)):
        if kind in (b"ANIM", b"ANMF"):
            raise UnfitPicture("a picture that moves; send one that stands")
        if kind == b"VP8X":
            payload = bytes([payload[0] & _ALPHA, 0, 0, 0]) + payload[4:10]
        elif kind not in (b"VP8 ", b"VP8L", b"ALPH"):
            continue
        size = max(size, _size(kind, payload))
        kept.append(kind + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2))
    whole = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole, size


def _riff(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + struct.unpack_from("<I", content, 4)[0]
    if end > len(content):
        raise UnfitPicture("the picture ends before its end")
    while at < end:
        kind, length = struct.unpack_from("<4sI", content, at)
        payload = content[at + 8 : at + 8 + length]
        if len(payload) != length or at + 8 + length > end:
            raise UnfitPicture("the picture ends before its end")
        at += 8 + length + length % 2
        yield kind, payload


def _size(kind: bytes, payload: bytes) -> tuple[int, int]:
    if kind == b"VP8X":
        width, height = (int.from_bytes(payload[n : n + 3], "little") + 1 for n in (4, 7))
        return width, height
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", payload, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", payload, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


_KINDS = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", _jpeg),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", _png),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", _webp),
)
