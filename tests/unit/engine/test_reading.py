"""A fetch in every shape that a producer can give it: what can be read is handed out in order, the rest is named by its
offsets."""

import gzip
import itertools
import struct
import tracemalloc
from collections.abc import Sequence
from typing import Any

import aiokafka.consumer.fetcher as library
import cramjam
import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

import engine.kafka.inflate as inflating
from engine.kafka.driver_errors import OffsetsGone
from engine.kafka.fetched_batches import HANDED_BYTES, PAIRS, Batches, Budget, Loose, Unreadable
from engine.kafka.inflate import INFLATED_BYTES, CannotInflate, inflate
from engine.kafka.log_consumer import LogConsumer
from tests.support.batches import CODECS, batch, bombs, control, packed, sealed


def fetched(data: bytes, offset: int = 0, aborted: Sequence[tuple[int, int]] = ()) -> list[ConsumerRecord]:
    """Read a fetch's bytes from an offset on, read_committed; handed over as the library does it: by place."""
    Budget.left = HANDED_BYTES
    return list(library.PartitionRecords(TopicPartition("t", 3), Batches(data), aborted, offset, None, None, True, 1))


def shape(records: Sequence[ConsumerRecord]) -> list[tuple[int, int] | int]:
    """Offsets that were read, and ranges that were not."""
    return [(one.first, one.offset) if isinstance(one, Unreadable) else one.offset for one in records]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_every_codec_is_read(codec: int) -> None:
    """Keys, values, headers and times come out as they went in."""
    values = [b"%d" % n * 100 for n in range(20)]
    records = fetched(batch(values, 5, codec), 7)
    assert [one.value for one in records] == values[2:]
    assert [one.offset for one in records] == list(range(7, 25))
    assert records[0].headers == (("ok", b"h"),) and records[0].timestamp == 1002 and records[0].key == b"k2"
    assert all(type(one) is Loose for one in records)


def test_snappy_as_java_writes_it_and_as_others_do() -> None:
    """Blocks behind a header, or one bare block."""
    plain = batch([b"a" * 100, b"b"])[61:]
    assert shape(fetched(packed([b"", b""], 2, bytes(cramjam.snappy.compress_raw(plain))))) == [0, 1]
    assert shape(fetched(batch([b"a" * 100_000, b"b"], 0, 2))) == [0, 1]


def test_a_header_that_is_no_text_costs_its_record_alone() -> None:
    """Its neighbours in the batch are read; key and value of the record itself are kept for whoever mends it."""
    records = fetched(batch([b"a", b"b", b"c"], 10, bad_header_at=1), 10)
    assert shape(records) == [10, (11, 11), 12]
    assert (records[1].key, records[1].value) == (b"k1", b"b")
    assert [records[0].timestamp, records[2].timestamp] == [1000, 1002]
    assert shape(fetched(batch([b"a", b"b", b"c"], 10, 1) + batch([b"a", b"b", b"c"], 13, bad_header_at=0), 12)) == [
        12,
        (13, 13),
        14,
        15,
    ]


BROKEN = {
    "unknown codec": sealed(batch([b"a"] * 3), 1, 7),
    "gzip that is none": packed([b"a"] * 3, 1, b"no gzip", 1),
    "gzip cut short": packed([b"a"] * 3, 1, gzip.compress(batch([b"a"] * 3)[61:])[:-12], 1),
    "snappy that is none": packed([b"a"] * 3, 2, b"\xff" * 9, 1),
    "snappy with a block of no bytes": packed([b"a"] * 3, 2, b"\x82SNAPPY\x00" + b"\0" * 12, 1),
    "lz4 that is none": packed([b"a"] * 3, 3, b"\x04\x22\x4d\x18rest", 1),
    "zstd that is none": packed([b"a"] * 3, 4, b"\x28\xb5\x2f\xfdrest", 1),
    "wrong checksum": sealed(batch([b"a"] * 3), 1)[:-1] + b"!",
    "records cut short": sealed(batch([b"a"] * 3)[:-20], 1),
    "no records": packed([b"a"] * 3, 0, b"", 1),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_read_is_named_by_its_offsets(kind: str) -> None:
    """What lies in front of it and behind it is handed out; no offset is passed by unseen."""
    records = fetched(batch([b"before"]) + BROKEN[kind] + batch([b"after"], 4))
    covered = [n for one in shape(records) for n in ([one] if isinstance(one, int) else range(one[0], one[1] + 1))]
    assert covered == [0, 1, 2, 3, 4]
    assert records[0].value == b"before" and records[-1].value == b"after"
    assert any(isinstance(one, Unreadable) and one.why for one in records)


def mixed() -> bytes:
    """Batches of one transaction each whose records have headers or none, in every order, and such as cannot be
    read."""
    found, base = b"", 0
    for headed in itertools.product((False, True), repeat=4):
        builder = DefaultRecordBatchBuilder(2, 0, 1, 7, 0, 0, 1 << 20)
        for n, has in enumerate(headed):
            builder.append(n, 1000, b"k", b"%d" % (base + n), [("form", b"1")] if has else [])
        found += sealed(bytes(builder.build()), base) + control(base + 4, commit=True)
        base += 5
    bad = batch([b"a", b"b", b"c"], base, transactional=True, bad_header_at=1)
    return found + bad + batch([b"d", b"e"], base + 3, 1) + sealed(BROKEN["no records"], base + 5)


@pytest.mark.parametrize("deserializer", [None, PAIRS], ids=["one by one", "in pairs"])
def test_a_reader_stands_behind_what_was_handed_out_and_no_further(deserializer: Any) -> None:
    """Whoever stops reading where a call has brought its most records, or reads on from there anew, would lose what
    the batch still held."""
    Budget.left = HANDED_BYTES
    place = TopicPartition("t", 3), Batches(mixed()), (), 0
    unpacked = library.PartitionRecords(*place, deserializer, None, True, 1)
    for piece in unpacked:
        if type(piece) is list:
            last = int(piece[-1][1])
        else:
            last = piece.offset
        assert unpacked.next_fetch_offset == last + 1, piece


def test_an_old_format_is_passed_by_one_offset() -> None:
    """Its header lies elsewhere, so nothing more of it is believed."""
    old = struct.pack(">qiIbb", 0, 14, 0, 1, 0) + b"\0" * 8
    assert shape(fetched(old + batch([b"x"], 1))) == [(0, 0), 1]


def test_an_aborted_transaction_is_passed_and_a_committed_one_is_ours() -> None:
    """An unreadable batch says whether it was written inside a transaction: that one is ours."""
    marker = control(3, commit=False)
    data = (
        batch([b"gone", b"gone"], 0, transactional=True)
        + batch([b"other"], 2)
        + marker
        + batch([b"kept"], 4, transactional=True)
    )
    records = fetched(data, 0, [(7, 0)])
    assert [one.value for one in records] == [b"other", b"kept"]
    assert [type(one) for one in records] == [Loose, ConsumerRecord]
    broken = fetched(sealed(batch([b"a"], transactional=True), 0, 7))
    assert [one.loose for one in broken] == [False]


def test_a_bomb_is_never_unpacked() -> None:
    """400 MB in a batch that any broker takes: refused at the bound, and memory stays below three of it."""
    for codec, bomb in bombs().items():
        inflating._scratch._buffer = bytearray()
        tracemalloc.start()
        with pytest.raises(CannotInflate, match=r"holds|more than"):
            inflate(codec, memoryview(bomb))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 3 * INFLATED_BYTES, codec
        assert shape(fetched(packed([b"a"], codec, bomb))) == [(0, 0)]


def test_one_call_unpacks_no_more_than_its_budget() -> None:
    """128 batches of 8 MiB in one fetch: so many are taken as fit, and the next fetch begins behind them."""
    eight = batch([b"a" * (8 << 20)], 0, 1)
    data = b"".join(sealed(eight, n) for n in range(128))
    offsets = shape(fetched(data))
    assert offsets == [0, 1]
    assert shape(fetched(data, 2)) == [2, 3]


def test_less_than_a_batch_is_fetched_again() -> None:
    """The library would pass one offset by unread where a batch is larger than what a fetch brings."""
    cut = batch([b"a" * 1000])[:-1]
    assert (Batches(cut).has_next(), Batches(cut).size_in_bytes()) == (False, 0)


def test_the_fast_way_is_the_librarys() -> None:
    """Of a sound batch nothing differs from what the library itself says."""
    raw = batch([b"a", b"b"], 9)
    ours = fetched(raw, 9)
    theirs = list(DefaultRecordBatch(raw))
    assert [(o.offset, o.timestamp, o.key, o.value, list(o.headers)) for o in ours] == [
        (t.offset, t.timestamp, t.key, t.value, t.headers) for t in theirs
    ]


def test_a_marker_whose_bytes_are_damaged_ends_its_transaction_all_the_same() -> None:
    """Nothing is raised out of a fetch: what it had handed out of other partitions would be lost."""
    for at in (61, 70, len(control(3, commit=False)) - 1):
        spoilt = bytearray(control(3, commit=False))
        spoilt[at] ^= 0xFF
        data = batch([b"gone"], 0, transactional=True) + bytes(spoilt) + batch([b"kept"], 4, transactional=True)
        assert [one.value for one in fetched(data, 0, [(7, 0)])] == [b"kept"]


@pytest.mark.parametrize("read", ["fetched", "getmany"])
async def test_what_is_no_longer_on_the_log_is_told_in_fields(read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's word becomes ours, with the driver's as its cause."""
    tp = TopicPartition("t", 3)

    async def gone(*args: Any, **options: Any) -> None:
        raise OffsetOutOfRangeError({tp: 7})

    monkeypatch.setattr("aiokafka.AIOKafkaConsumer.getmany", gone)
    reader: Any = LogConsumer(bootstrap_servers="127.0.0.1:9", group_id=None)
    with pytest.raises(OffsetsGone, match="no longer on the log: t/3 7") as found:
        await getattr(reader, read)()
    assert found.value.offsets == {tp: 7} and found.value.fields == {"reason": "offsets_gone"}
    assert isinstance(found.value.__cause__, OffsetOutOfRangeError)
