"""Unpacks a compressed batch within a bound: ``max.message.bytes`` counts what is compressed, and 512 KiB of gzip may
hold 500 MiB."""

import zlib
from collections.abc import Callable
from struct import unpack_from
from typing import Any

import cramjam

from topics.errors import GridwhistleError

INFLATED_BYTES = 16 * 1024 * 1024
"""Most that one batch may hold unpacked: 32 of the largest reports, ten times what honest producers gather into one
request."""

XERIAL = b"\x82SNAPPY\x00"
"""How Java begins a snappy stream: blocks behind a header of 16 bytes. librdkafka writes one bare block."""

GZIP_WINDOW = 31
"""zlib's way to say: a gzip header, a window of 32 KiB."""


class CannotInflate(GridwhistleError):
    """The bytes are none of this codec, the codec is unknown, or they hold more than the bound."""


def _gzip(data: memoryview, most: int) -> bytes:
    found, rest = bytearray(), bytes(data)
    while rest:
        one = zlib.decompressobj(GZIP_WINDOW)
        found += one.decompress(rest, most - len(found) + 1)
        if len(found) > most:
            raise CannotInflate(f"holds more than {most} bytes")
        if not one.eof:
            raise CannotInflate("ends in the middle")
        rest = one.unused_data
    return bytes(found)


class _Scratch:
    """One buffer of the bound's size for the codecs that write where they are told; its pages are touched as far as
    they are used."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def into(self, unpack: Callable[[Any, Any], int], data: memoryview, most: int) -> bytes:
        if len(self._buffer) < most:
            self._buffer = bytearray(most)
        with memoryview(self._buffer) as whole:
            n = unpack(bytes(data), whole[:most])
            return bytes(whole[:n])


_scratch = _Scratch()


def _snappy_block(data: memoryview, most: int) -> bytes:
    size = cramjam.snappy.decompress_raw_len(bytes(data))
    if size > most:
        raise CannotInflate(f"holds {size} bytes, more than {most}")
    return bytes(cramjam.snappy.decompress_raw(bytes(data)))


def _snappy(data: memoryview, most: int) -> bytes:
    if bytes(data[: len(XERIAL)]) != XERIAL:
        return _snappy_block(data, most)
    found, at = bytearray(), 16
    while at < len(data):
        (size,) = unpack_from(">i", data, at)
        if size <= 0:
            raise CannotInflate(f"a block of {size} bytes")
        found += _snappy_block(data[at + 4 : at + 4 + size], most - len(found))
        at += 4 + size
    return bytes(found)


CODECS: dict[int, tuple[str, Callable[[memoryview, int], bytes]]] = {
    1: ("gzip", _gzip),
    2: ("snappy", _snappy),
    3: ("lz4", lambda data, most: _scratch.into(cramjam.lz4.decompress_into, data, most)),
    4: ("zstd", lambda data, most: _scratch.into(cramjam.zstd.decompress_into, data, most)),
}
"""Number in a batch's attributes -> name and the way to unpack it."""


def inflate(codec: int, data: memoryview, most: int = INFLATED_BYTES) -> bytes:
    """Unpack the records of one batch.

    Raises:
        CannotInflate: Says why; memory stays below the bound whatever the bytes are.
    """
    if codec not in CODECS:
        raise CannotInflate(f"unknown codec {codec}")
    name, unpack = CODECS[codec]
    try:
        return unpack(data, most)
    except CannotInflate as exc:
        raise CannotInflate(f"{name}: {exc}") from exc
    except Exception as exc:  # each library has errors of its own; what they mean is that these bytes are none
        raise CannotInflate(f"{name}: no such bytes, or it holds more than {most}: {exc}"[:200]) from exc
