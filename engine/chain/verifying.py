"""Verifies the chain: reads the log again, sums it up, and says which checkpoint it no longer comes to.

Shares nothing with the keeper but what a link is and how a checkpoint is signed.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import ConsumerRecord
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.chain.signing import id_of, is_signed_by, read_public, sum_of
from engine.chain.sums import Sum
from engine.kafka.following import Following
from engine.kafka.port import Log
from engine.kafka.read_to_end import to_end
from topics import codec
from topics.chain import Checkpoint
from topics.registry import CHECKPOINTS
from topics.unreadable import UNREADABLE


class Fault(NamedTuple):
    """Something that was changed."""

    topic: str
    partition: int
    kind: str
    """``changed``, ``cut``, ``forged``, ``missing``, ``none``."""
    first: int
    """Offset from which on something is wrong; of ``forged`` that of the checkpoint itself."""
    end: int
    """Behind what may be wrong."""
    text: str


@dataclass
class Verified:
    """What came of it."""

    faults: list[Fault] = field(default_factory=list)
    checkpoints: int = 0
    records: int = 0
    since: dict[str, int] = field(default_factory=dict)
    """Partition -> records that no checkpoint vouches for yet."""
    ends: dict[str, int] = field(default_factory=dict)
    """Partition -> where the log ends."""
    unkept: int = 0
    """Checkpoints of the topic that a file outside should have and lacks: nobody but the brokers vouches for them."""
    begins: dict[str, int] = field(default_factory=dict)
    """Partition -> offset from which on the chain vouches; what lies before is gone by retention, or from before."""


class Kept(NamedTuple):
    """A checkpoint as it was found."""

    checkpoint: Checkpoint
    value: bytes
    where: int
    """Its offset; -1: in a file."""


async def checkpoints_of(log: Log) -> list[tuple[int, bytes]]:
    """Read the topic of checkpoints."""
    return [
        (record.offset, record.value or b"")
        async for records in to_end(log, CHECKPOINTS.name, [0])
        for record in records
    ]


def sound(
    values: Iterable[tuple[int, bytes]], publics: Collection[str], done: Verified
) -> dict[tuple[str, int], list[Kept]]:
    """Keep the checkpoints that one of these keys signed and that follow one another; the others are faults."""
    keys: Mapping[str, Ed25519PublicKey] = {id_of(one): read_public(one) for one in publics}
    found: dict[tuple[str, int], list[Kept]] = defaultdict(list)
    seen, values = set[bytes](), list(values)
    for where, value in values:
        if value in seen or (where < 0 and _is_torn(value, values)):
            continue
        seen.add(value)
        try:
            one = codec.decode(value, Checkpoint)
        except UNREADABLE:
            done.faults.append(
                Fault(CHECKPOINTS.name, 0, kind="forged", first=where, end=where + 1, text="no checkpoint at all")
            )
            continue
        if one.key not in keys or not is_signed_by(one, keys[one.key]):
            text = f"a checkpoint of {one.topic}/{one.partition} that our key did not sign"
            done.faults.append(Fault(CHECKPOINTS.name, 0, kind="forged", first=where, end=where + 1, text=text))
            continue
        found[one.topic, one.partition].append(Kept(one, value, where))
    for partition in found.values():
        _demand_linked(partition, done)
        partition.sort(key=lambda kept: (kept.checkpoint.begin, kept.checkpoint.end))
    done.checkpoints = sum(map(len, found.values()))
    return found


def _is_torn(line: bytes, values: Sequence[tuple[int, bytes]]) -> bool:
    """Whether a line of a file is the beginning of a checkpoint that stands elsewhere whole: a kill tore it."""
    return not line.endswith(b"}") and any(value.startswith(line) for _, value in values if value != line)


def unkept(file: Iterable[bytes], topic: Iterable[bytes]) -> int:
    """Count the checkpoints of the topic that a file lacks, from its first on: at those moments it could not be
    written."""
    there, missing, has_begun = set(file), 0, False
    for value in topic:
        has_begun = has_begun or value in there
        missing += has_begun and value not in there
    return missing


def _demand_linked(kept: Sequence[Kept], done: Verified) -> None:
    """Each names one that is there; the oldest that is kept may name one that retention took."""
    sums = {sum_of(one.value) for one in kept}
    for one, _, _ in kept[1:]:
        if one.previous is not None and one.previous not in sums:
            text = f"the checkpoint before the one at {one.end} is gone: somebody took it out"
            done.faults.append(Fault(one.topic, one.partition, kind="missing", first=one.end, end=one.end, text=text))


async def verify(log: Log, values: Iterable[tuple[int, bytes]], publics: Collection[str], since: int = 0) -> Verified:
    """Verify every partition that has a checkpoint, from its beginning or from ``since`` on."""
    done = Verified()
    for (topic, partition), kept in sorted(sound(values, publics, done).items()):
        await _partition(log, topic, partition, [one.checkpoint for one in kept], since=since, done=done)
    return done


async def _partition(
    log: Log, topic: str, partition: int, points: list[Checkpoint], *, since: int, done: Verified
) -> None:
    begin, end = await Following(log, topic, [partition]).bounds(partition)
    name = f"{topic}/{partition}"
    done.ends[name] = end
    furthest = max(points, key=lambda one: one.end)
    if furthest.end > end:
        text = f"ends at {end}, and was signed to {furthest.end}: its tail was cut"
        done.faults.append(Fault(topic, partition, kind="cut", first=end, end=furthest.end, text=text))
    ahead = [one for one in points if one.end <= end]
    done.begins[name] = end
    for chain in _chains(ahead):
        if (found := _start(chain, max(begin, since))) is None:
            continue
        start, total = found
        done.begins[name] = min(done.begins[name], start)
        await _walk(
            _records(log, topic, partition, start), total, [one for one in chain if one.end > start], start, done
        )
    done.since[name] = sum([len(one) async for one in pieces(log, topic, partition, furthest.end)])


def _chains(points: list[Checkpoint]) -> list[list[Checkpoint]]:
    """Part checkpoints by the chain they are of: one begins anew by another hash, or past what retention took."""
    found: dict[tuple[int, str], list[Checkpoint]] = defaultdict(list)
    for one in points:
        found[one.begin, one.hash].append(one)
    return list(found.values())


def _start(chain: list[Checkpoint], begin: int) -> tuple[int, Sum] | None:
    """Find from where the log can be summed up: where the chain began, or where its first checkpoint ended that the log
    still reaches."""
    if chain[0].begin >= begin:
        one = chain[0]
        return one.begin, Sum.first(one.hash, topic=one.topic, partition=one.partition, begin=one.begin)
    for one in chain:
        if one.end >= begin:
            return one.end, Sum(one.hash, bytes.fromhex(one.digest), one.count)
    return None


async def _walk(
    records: AsyncIterator[ConsumerRecord], total: Sum, points: list[Checkpoint], good: int, done: Verified
) -> None:
    """Sum records up and compare at each checkpoint; from one that differs it goes on by that one's own word."""
    record = await anext(records, None)
    for point in points:
        while record is not None and record.offset < point.end:
            total.add(record)
            done.records += 1
            record = await anext(records, None)
        total, good = _compared(point, total, good, done)


def _compared(point: Checkpoint, total: Sum, good: int, done: Verified) -> tuple[Sum, int]:
    if (total.digest.hex(), total.count) != (point.digest, point.count):
        less = point.count - total.count
        what = f"{less} are missing" if less > 0 else f"{-less} are too many" if less < 0 else "their bytes differ"
        text = f"records from {good} to before {point.end} are not those that were signed: {what}"
        done.faults.append(Fault(point.topic, point.partition, kind="changed", first=good, end=point.end, text=text))
    return Sum(point.hash, bytes.fromhex(point.digest), point.count), point.end


async def _records(log: Log, topic: str, partition: int, start: int) -> AsyncIterator[ConsumerRecord]:
    async for records in pieces(log, topic, partition, start):
        for record in records:
            yield record


async def pieces(log: Log, topic: str, partition: int, start: int) -> AsyncIterator[list[ConsumerRecord]]:
    """Give a partition's records from an offset to its end."""
    reading = Following(log, topic, [partition])
    _, end = await reading.bounds(partition)
    if start < end:
        reading.next = {partition: start}
        async for records in reading.new():
            yield records
