"""A batch of records as it goes over the wire (format 2), put together once.

The library's builder grows by an eighth whenever it is full, and copies what it has: eight times what it writes, and
its checksum takes as long again as all else (aiokafka 0.14.0). This one keeps the pieces and joins them at the end.
"""

import struct
import time
from collections.abc import Sequence
from typing import Final

from crc32c import crc32c

Headers = Sequence[tuple[str, bytes | None]]

HEAD: Final = struct.Struct(">qiibIhiqqqhii")
"""Base offset, length, leader epoch, magic, CRC, attributes, last delta, first and newest time, producer, epoch,
sequence, count."""

HEAD_BYTES: Final = HEAD.size
_BEHIND_LENGTH: Final = 12
_CRC_AT: Final = 17
_CRC: Final = struct.Struct(">I")
CHECKED_FROM: Final = 21
"""What the checksum is of begins behind it."""

_MAGIC: Final = 2
_TRANSACTIONAL: Final = 0x10

_NULL: Final = b"\x01"
_PLAIN: Final = b"\x00\x00"
"""Attributes of a record, of which there are none, and its time less the batch's."""

_NO_HEADERS: Final = b"\x00"


def varint(number: int) -> bytes:
    """Write a number that is not negative, in variable length."""
    return _KNOWN[number] if number < _OFTEN else _written(number)


def _written(number: int) -> bytes:
    left = number << 1
    written = b""
    while left >= 0x80:
        written += bytes((left & 0x7F | 0x80,))
        left >>= 7
    return written + bytes((left,))


_OFTEN: Final = 4096
"""Lengths and counts below it are written already."""

_KNOWN: Final = [_written(number) for number in range(_OFTEN)]


class RecordBatch:
    """Records for one partition, all of one transaction; a topic of ours has its broker's time."""

    def __init__(self, most: int) -> None:
        """Begin one of so many bytes at most; a single record may be larger."""
        self._most = most
        self._pieces: list[bytes] = [b"\x00" * HEAD_BYTES]
        self._size = HEAD_BYTES
        self._count = 0
        self._is_closed = False
        self._built = bytearray()

    def append(self, *, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        """Take one more record; ``False``: it does not fit, and none will from then on."""
        if self._is_closed:
            return False
        count = self._count
        begins = _PLAIN + varint(count) + (_NULL if key is None else varint(len(key)) + key)
        ends = _headed(headers) if headers else _NO_HEADERS
        if value is None:
            begins, value = begins + _NULL, b""
        else:
            begins += varint(len(value))
        size = len(begins) + len(value) + len(ends)
        length = varint(size)
        after = self._size + len(length) + size
        if count and after >= self._most:  # as the library counts: filled to its last byte it is too large
            self._is_closed = True
            return False
        self._pieces += (length + begins, value, ends)
        self._size, self._count = after, count + 1
        return True

    def size(self) -> int:
        """How many bytes it is."""
        return self._size

    def record_count(self) -> int:
        """How many records it has."""
        return self._count

    def numbered(self, producer: int, epoch: int, sequence: int) -> None:
        """Say whose it is, and the number of its first record; it takes no more."""
        self._is_closed = True
        now, count = int(time.time() * 1000), self._count
        built = bytearray().join(self._pieces)
        self._pieces = []
        HEAD.pack_into(
            built, 0, 0, self._size - _BEHIND_LENGTH, -1, _MAGIC, 0, _TRANSACTIONAL, count - 1, now, now, producer,
            epoch, sequence, count,
        )  # fmt: skip
        _CRC.pack_into(built, _CRC_AT, crc32c(memoryview(built)[CHECKED_FROM:]))
        self._built = built

    def built(self) -> bytearray:
        """Give its bytes, once it is numbered."""
        return self._built


def _headed(headers: Headers) -> bytes:
    written = varint(len(headers))
    for name, value in headers:
        encoded = name.encode()
        written += varint(len(encoded)) + encoded + (_NULL if value is None else varint(len(value)) + value)
    return written
