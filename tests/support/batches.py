"""Batches as producers of every kind write them, down to the bytes, and a way to hand such bytes to a broker."""

import struct
import zlib
from collections.abc import Sequence

import cramjam
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from engine.settings import Settings

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
BAD_NAME = b"\xffnot-utf8"


def batch(
    values: Sequence[bytes],
    base: int = 0,
    codec: int = 0,
    transactional: bool = False,
    bad_header_at: int | None = None,
) -> bytes:
    """Build a batch as a producer does and a broker stores it: base offset in, checksum right."""
    builder = DefaultRecordBatchBuilder(2, codec, int(transactional), 7 if transactional else -1, 0, 0, 1 << 30)
    for n, value in enumerate(values):
        name = "x" * len(BAD_NAME) if n == bad_header_at else "ok"
        builder.append(n, 1000 + n, b"k%d" % n, value, [(name, b"h")])
    return sealed(bytes(builder.build()).replace(b"x" * len(BAD_NAME), BAD_NAME), base)


def sealed(raw: bytes, base: int = 0, codec: int | None = None) -> bytes:
    """Put base offset, codec and checksum into a batch."""
    data = bytearray(raw)
    struct.pack_into(">q", data, 0, base)
    if codec is not None:
        struct.pack_into(">h", data, 21, struct.unpack_from(">h", data, 21)[0] & ~7 | codec)
    struct.pack_into(">i", data, 8, len(data) - 12)
    struct.pack_into(">I", data, 17, calc_crc32c(bytes(data[21:])))
    return bytes(data)


def packed(values: Sequence[bytes], codec: int, payload: bytes, base: int = 0) -> bytes:
    """A batch of so many records whose payload is these bytes."""
    return sealed(batch(values)[:61] + payload, base, codec)


def control(base: int, commit: bool) -> bytes:
    """A transaction's marker as the broker writes it."""
    builder = DefaultRecordBatchBuilder(2, 0, 1, 7, 0, 0, 1 << 20)
    builder.append(0, 1000, struct.pack(">hh", 0, int(commit)), b"\0" * 6, [])
    raw = bytearray(builder.build())
    struct.pack_into(">h", raw, 21, struct.unpack_from(">h", raw, 21)[0] | 0x20)
    return sealed(bytes(raw), base)


def varint(value: int) -> bytes:
    """Write a number as records do."""
    zigzag, found = value << 1 ^ value >> 63, bytearray()
    while zigzag > 0x7F:
        found.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*found, zigzag])


def bombs() -> dict[int, bytes]:
    """One sound record of 400 MB of one letter (lz4: 100 MB, it shrinks 255 times at most), in each codec: brokers look
    at its framing alone, and take it."""
    made = {
        1: _gzip_of(_one_letter(400)),
        2: b"\x80\x88\xde\xbe\x01" + b"\0a" * 4,
    }
    for codec, stream, size in (
        (3, cramjam.lz4.Compressor(block_linked=False), 100),
        (4, cramjam.zstd.Compressor(), 400),
    ):
        for part in _one_letter(size):
            stream.compress(part)
        made[codec] = bytes(stream.finish())
    return made


def _gzip_of(parts: list[bytes]) -> bytes:
    """What gzip would make of it, but each part by itself, so that a part that comes again is packed once."""
    packer, packed, crc = zlib.compressobj(9, wbits=-15), dict[bytes, bytes](), 0
    for part in parts:
        if part not in packed:
            packed[part] = packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)
        crc = zlib.crc32(part, crc)
    head, size = b"\x1f\x8b\x08\0\0\0\0\0\0\xff", sum(map(len, parts)) & 0xFFFFFFFF
    return head + b"".join(packed[part] for part in parts) + packer.flush() + struct.pack("<II", crc, size)


def _one_letter(size: int) -> list[bytes]:
    """A record whose value is so many MB, in parts."""
    once = b"a" * 1_000_000
    inner = b"\0\0\0\x01" + varint(size * len(once))
    return [varint(len(inner) + size * len(once) + 1) + inner, *[once] * size, b"\0"]


async def send_raw(settings: Settings, topic: str, partition: int, raw: bytes, count: int) -> int:
    """Have the broker store a batch of so many records, byte for byte; answers the offset of its first."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", max_request_size=2**21)
    await producer.start()
    try:
        builder = producer.create_batch()
        builder.close()
        builder._buffer, builder._relative_offset = bytearray(raw), count
        return int((await (await producer.send_batch(builder, settings.prefix + topic, partition=partition))).offset)
    finally:
        await producer.stop()
