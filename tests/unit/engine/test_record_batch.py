"""Batches that we put together are the library's, byte for byte, and what fits into one is what fits there."""

import struct
import time
from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kafka.record_batch import HEAD_BYTES, RecordBatch, varint
from engine.kafka.record_bytes import varint as read_varint

NOW = 1_795_482_000.123

some = st.one_of(st.none(), st.binary(max_size=300), st.integers(0, 40_000).map(lambda n: b"v" * n))
headers = st.lists(st.tuples(st.text(max_size=20), st.one_of(st.none(), st.binary(max_size=70))), max_size=3)
records = st.lists(st.tuples(some, some, headers), min_size=1, max_size=300)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


def theirs(most: int) -> Any:
    """The library's own."""
    return DefaultRecordBatchBuilder(2, 0, is_transactional=1, producer_id=-1, producer_epoch=-1, base_sequence=0,
                                     batch_size=most)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(records, st.integers(100, 60_000), st.integers(0, 2**40), st.integers(0, 2**15 - 1), st.integers(0, 2**31 - 1))
def test_they_are_the_librarys(
    drawn: list[tuple[bytes | None, bytes | None, list[Any]]], most: int, producer: int, epoch: int, sequence: int
) -> None:
    """Whatever the keys, values and headers; and full where it is full."""
    ours, other = RecordBatch(most), theirs(most)
    for count, (key, value, more) in enumerate(drawn):
        fits = other.append(count, int(NOW * 1000), key, value, more) is not None
        assert ours.append(key=key, value=value, headers=more) is fits
        if not fits:
            assert not ours.append(key=None, value=None)
            break
        assert ours.size() == other.size()
    ours.numbered(producer, epoch, sequence)
    other.set_producer_state(producer, epoch, sequence)
    assert bytes(ours.built()) == bytes(other.build())
    assert DefaultRecordBatch(bytes(ours.built())).validate_crc()


@pytest.mark.parametrize("number", [0, 1, 63, 64, 8191, 8192, 2**20 - 1, 2**20, 2**27, 2**31 - 1])
def test_a_number_is_written_as_it_is_read(number: int) -> None:
    """At each of its lengths."""
    assert read_varint(memoryview(varint(number)), 0) == (number, len(varint(number)))


def test_the_first_fits_whatever_its_size_and_what_is_numbered_takes_no_more() -> None:
    """Else it would fit nowhere; and a batch that is sent once more is the same."""
    batch = RecordBatch(100)
    assert batch.append(key=b"k", value=b"v" * 1000)
    batch.numbered(1, 2, 3)
    assert not batch.append(key=b"k", value=b"v")
    assert batch.record_count() == 1 and batch.size() == len(batch.built()) == HEAD_BYTES + 1000 + 10
    assert bytes(batch.built()) == bytes(batch.built())
    assert struct.unpack_from(">i", batch.built(), 8)[0] == batch.size() - 12


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_it_is_full_at_the_very_byte_at_which_the_librarys_is(more: int) -> None:
    """One that would fill it to the last byte does not fit; drawn ones seldom come so near."""
    two = RecordBatch(10_000)
    for _ in range(2):
        assert two.append(key=b"k", value=b"v" * 100)
    ours, other = RecordBatch(two.size() + more), theirs(two.size() + more)
    for count in range(2):
        fits = count == 0 or more > 0
        assert (other.append(count, int(NOW * 1000), b"k", b"v" * 100, []) is not None) is fits
        assert ours.append(key=b"k", value=b"v" * 100) is fits
