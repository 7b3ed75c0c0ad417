"""What one fetch brought of a partition, batch by batch: what can be read, and pieces that cannot, in their places.

In the place of two classes of the library's, which let the first fault out without saying where it lies (aiokafka
0.14.0, pinned; ``docs/decisions/0009-what-a-fetch-cannot-read.md``).
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiokafka.consumer.fetcher as library
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.record.default_records import DefaultRecordBatch
from crc32c import crc32c

from engine.kafka.inflate import CannotInflate, inflate
from engine.kafka.record_batch import CHECKED_FROM, HEAD
from engine.kafka.record_bytes import record, varint

HANDED_BYTES = 16 * 1024 * 1024
"""Unpacked bytes after which one ``getmany`` takes no further compressed batch: the rest is fetched again."""

PAIRS = object()
"""In the place of what the library would unpack keys with: let records of transactions come as lists of keys and
values, where they have no headers. A record of the library's takes longer to make than to read."""

_LENGTH_AT, _ATTRIBUTES_AT = 8, 21
_CODEC, _TRANSACTIONAL, _CONTROL = 0x07, 0x10, 0x20


class Loose(ConsumerRecord):  # type: ignore[misc]
    """A record that was written outside of any transaction: on a topic that only our stages write, a stranger's."""


@dataclass
class Unreadable(ConsumerRecord):  # type: ignore[misc]
    """What cannot be read, from ``first`` to ``offset``; key and value of a single record where they could be told."""

    first: int = 0
    why: str = ""
    loose: bool = True
    """Whether it was written outside of any transaction."""


class Batches:
    """The bytes of one partition of a fetch, as a row of batches. In the place of the library's ``MemoryRecords``."""

    def __init__(self, data: bytes | memoryview | None) -> None:
        self.data = data if data is not None else b""

    def size_in_bytes(self) -> int:
        """Say 0 for less than one batch: the library would pass one offset by, unread; so it is fetched again."""
        return len(self.data) if self.has_next() else 0

    def has_next(self) -> bool:
        return next(self.slices(), None) is not None

    def slices(self) -> Iterator[memoryview]:
        data, at = memoryview(self.data), 0
        while at + 12 <= len(data):
            end = at + 12 + max(0, struct.unpack_from(">i", data, at + _LENGTH_AT)[0])
            if end > len(data):
                return
            yield data[at:end]
            at = end


class Budget:
    """What one ``getmany`` may still unpack."""

    left = HANDED_BYTES


class Unpacked:
    """Hands out the records of one partition of a fetch, in order. In the place of the library's ``PartitionRecords``,
    and called as that is: by place."""

    def __init__(
        self,
        tp: TopicPartition,
        records: Batches,
        aborted: Sequence[tuple[int, int]] | None,
        fetch_offset: int,
        key_deserializer: Any,
        value_deserializer: Any,
        check_crcs: bool,
        isolation_level: int,
    ) -> None:
        self._tp, self._batches = tp, records
        self._aborted = sorted(aborted or [], key=lambda one: one[1])
        self._aborting: set[int] = set()
        self._committed_only = isolation_level == library.READ_COMMITTED
        self.next_fetch_offset = fetch_offset
        self._in_pairs = key_deserializer is PAIRS
        self._records = self._unpack()

    def __iter__(self) -> Iterator[ConsumerRecord]:
        return self._records

    def __next__(self) -> ConsumerRecord:
        return next(self._records)

    def _unpack(self) -> Iterator[ConsumerRecord]:
        for raw in self._batches.slices():
            if len(raw) < HEAD.size or raw[16] != 2:
                yield self._older(raw)
                continue
            base, _, _, _, _, attributes, delta, _, newest, producer, _, _, _ = HEAD.unpack_from(raw)
            after = base + max(0, delta) + 1
            if after > self.next_fetch_offset and not self._skips(raw, base, attributes, producer):
                if attributes & _CODEC and Budget.left <= 0:
                    return
                yield from self._batch(raw, attributes, after, newest)
            self.next_fetch_offset = max(self.next_fetch_offset, after)

    def _older(self, raw: memoryview) -> Unreadable:
        """A batch of a format that brokers have not written since 2017, or of none."""
        base = struct.unpack_from(">q", raw)[0]
        after = max(base, self.next_fetch_offset) + 1
        return self._unreadable(after, "a format older than 2, or none", 0, True)

    def _skips(self, raw: memoryview, base: int, attributes: int, producer: int) -> bool:
        """Whether the batch is a marker, or of a transaction that was aborted."""
        if self._committed_only:
            while self._aborted and self._aborted[0][1] <= base:
                self._aborting.add(self._aborted.pop(0)[0])
        if attributes & _CONTROL:
            # whichever it is, it ends its producer's transaction: its bytes need not be sound
            self._aborting.discard(producer)
            return True
        return bool(attributes & _TRANSACTIONAL and producer in self._aborting)

    def _batch(self, raw: memoryview, attributes: int, after: int, newest: int) -> Iterator[ConsumerRecord]:
        kind = ConsumerRecord if attributes & _TRANSACTIONAL else Loose
        plain = raw
        if crc32c(raw[CHECKED_FROM:]) != HEAD.unpack_from(raw)[4]:
            yield self._unreadable(after, "the checksum is wrong", newest, kind is Loose)
            return
        if attributes & _CODEC:
            try:
                plain = _inflated(raw, attributes)
            except CannotInflate as exc:
                yield self._unreadable(after, str(exc), newest, kind is Loose)
                return
        batch = DefaultRecordBatch(plain)
        topic, partition = self._tp
        try:
            if self._in_pairs and kind is ConsumerRecord:
                yield from self._pairs(batch, after)
                return
            for one in batch:
                offset = one.offset
                if offset >= self.next_fetch_offset:
                    self.next_fetch_offset = offset + 1
                    when, how = one.timestamp, one.timestamp_type
                    yield kind(
                        topic, partition, offset, when, how, one.key, one.value, None, -1, -1, tuple(one.headers)
                    )
        except Exception as exc:  # whatever the library says of one record: go through the batch once more, slowly
            yield from self._one_by_one(plain, kind, after, newest, type(exc).__name__)

    def _pairs(self, batch: DefaultRecordBatch, after: int) -> Iterator[Any]:
        """Give a batch as lists of keys and values, and whole what has headers."""
        found: list[tuple[Any, int]] = []
        some: list[tuple[bytes | None, bytes | None]] = []
        at = self.next_fetch_offset
        for one in batch:
            if one.offset < self.next_fetch_offset:
                continue
            if headers := one.headers:
                where = *self._tp, one.offset, one.timestamp, one.timestamp_type
                found += (
                    (some, at),
                    (ConsumerRecord(*where, one.key, one.value, None, -1, -1, tuple(headers)), one.offset + 1),
                )
                some = []
            else:
                some.append((one.key, one.value))
            at = one.offset + 1
        for piece, self.next_fetch_offset in (*found, (some, after)):
            if piece:
                yield piece

    def _one_by_one(
        self, plain: memoryview, kind: type[ConsumerRecord], after: int, newest: int, why: str
    ) -> Iterator[ConsumerRecord]:
        """Hand out what can be read of a batch in which one record cannot: each names its own length."""
        base, first = HEAD.unpack_from(plain)[0], HEAD.unpack_from(plain)[7]
        append_time = plain[_ATTRIBUTES_AT + 1] & 0x08
        at, found = HEAD.size, False
        try:
            while at < len(plain):
                length, at = varint(plain, at)
                if length <= 0 or at + length > len(plain):
                    raise ValueError("a record longer than its batch")
                offset, when, key, value, headers = record(plain[at : at + length])
                offset, at = base + offset, at + length
                if not self.next_fetch_offset <= offset < after:
                    continue
                if headers is None:
                    found = True
                    yield self._unreadable(offset + 1, "headers: " + why, newest, kind is Loose, key, value)
                    continue
                self.next_fetch_offset = offset + 1
                yield kind(
                    self._tp.topic,
                    self._tp.partition,
                    offset,
                    newest if append_time else first + when,
                    int(bool(append_time)),
                    key,
                    value,
                    None,
                    -1,
                    -1,
                    headers,
                )
        except (ValueError, IndexError):
            found = False
        if not found and self.next_fetch_offset < after:  # what the library stumbled over lies in the rest
            yield self._unreadable(after, why, newest, kind is Loose)

    def _unreadable(
        self, after: int, why: str, newest: int, loose: bool, key: bytes | None = None, value: bytes | None = None
    ) -> Unreadable:
        first, self.next_fetch_offset = self.next_fetch_offset, after
        return Unreadable(
            self._tp.topic, self._tp.partition, after - 1, newest, 1, key, value, None, -1, -1, (), first, why, loose
        )


def _inflated(raw: memoryview, attributes: int) -> memoryview:
    """The same batch, its records unpacked."""
    payload = inflate(attributes & _CODEC, raw[HEAD.size :])
    Budget.left -= len(payload)
    head = bytearray(raw[: HEAD.size])
    struct.pack_into(">i", head, _LENGTH_AT, HEAD.size - 12 + len(payload))
    struct.pack_into(">h", head, _ATTRIBUTES_AT, attributes & ~_CODEC)
    return memoryview(bytes(head) + payload)
