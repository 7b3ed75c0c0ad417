"""The chain over decisions and audit: every change of what was signed is told, and nothing else is."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord, TopicPartition
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.chain.keeper import Keeper
from engine.chain.signing import load_signing_key, make_signing_key, public_of, signed
from engine.chain.sums import HASHES, Sum, hasher
from engine.chain.verifying import Verified, checkpoints_of, unkept, verify
from engine.errors import InvalidSettings
from engine.kafka.memory.broker import MemoryLog
from engine.kafka.memory.stored import Row
from topics import codec
from topics.chain import Checkpoint
from topics.registry import AUDIT, CHECKPOINTS, DECISIONS

KEY = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
NAME = DECISIONS.name


class Stand:
    """Two partitions of decisions, one of the audit, and who signs them."""

    def __init__(self, hash_name: str = "sha256", outside: Path | None = None) -> None:
        self.log = MemoryLog(lambda: 1_000, "c.")
        self.log.create_all((DECISIONS, AUDIT, CHECKPOINTS), 2)
        self.alarms: list[str] = []
        self.read = {0: 0, 1: 0}
        self.outside = outside
        self.keeper = self.new_keeper(hash_name)

    def new_keeper(self, hash_name: str = "sha256", *numbers: int) -> Keeper:
        """Another process takes partitions over."""

        async def send(topic: str, partition: int, key: bytes, value: bytes) -> int:
            return self.log.append(topic, partition, value, key)

        made = Keeper(self.log, send, KEY, hash_name=hash_name, outside=self.outside, alarm=self.alarms.append)
        for number in numbers or (0, 1):
            made.hold(NAME, number)
        return made

    def write(self, count: int, partition: int = 0, taken: bool = True) -> None:
        """Decisions are made, and read by who archives them."""
        begin = self.read[partition]
        for _ in range(count):
            n = self.log.append(NAME, partition, os.urandom(40), b"home", (("h", b"x"),))
            self.read[partition] = n + 1
        if taken:
            records = [one for one in self.log.all(NAME, partition) if one.offset >= begin]
            self.keeper.take(NAME, partition, begin, records, self.read[partition])

    def rows(self, topic: str = NAME, partition: int = 0) -> list[Row]:
        """What a tamperer has in hand."""
        return self.log.stored(TopicPartition("c." + topic, partition))._rows

    async def verified(self, since: int = 0, values: Any = ()) -> Verified:
        """Read it all again."""
        return await verify(self.log, [*values, *await checkpoints_of(self.log)], [public_of(KEY)], since)


async def signed_stand(rounds: int = 3) -> Stand:
    """Ten decisions, signed, again and again."""
    here = Stand()
    for _ in range(rounds):
        here.write(10)
        here.write(3, partition=1)
        await here.keeper.sign()
    return here


def kinds(done: Verified) -> list[tuple[str, int]]:
    """What is told, and from where."""
    return [(one.kind, one.first) for one in done.faults]


def changed(row: Row, **values: Any) -> Row:
    """A row with another record in it."""
    assert row.record is not None
    old = {name: getattr(row.record, name) for name in ConsumerRecord.__dataclass_fields__}
    return Row(type(row.record)(**(old | values)), row.transaction)


async def test_a_log_that_nobody_touched_is_sound() -> None:
    """Audit included; what came since the last checkpoint is counted; an idle round signs nothing."""
    here = await signed_stand()
    here.log.append(AUDIT.name, 0, b"{}", b"reveal")
    assert [await here.keeper.sign() for _ in range(2)] == [1, 0]
    here.write(4)
    done = await here.verified()
    assert (kinds(done), done.checkpoints, done.records, sum(done.since.values())) == ([], 7, 40, 4)
    assert set(done.begins) == {f"{NAME}/0", f"{NAME}/1", f"{AUDIT.name}/0"} and here.alarms == []


def flip(here: Stand) -> None:
    """One bit of one value."""
    rows = here.rows()
    at = 14 - here.log.stored(TopicPartition("c." + NAME, 0)).begin
    value = bytearray(rows[at].record.value)  # type: ignore[union-attr]
    value[7] ^= 1
    rows[at] = changed(rows[at], value=bytes(value))


def take_out(here: Stand) -> None:
    """A record that nobody is handed any more."""
    here.rows()[14] = Row(None, None)


def swap(here: Stand) -> None:
    """Two records change places."""
    rows = here.rows()
    rows[14], rows[15] = changed(rows[15], offset=14), changed(rows[14], offset=15)


def other_key(here: Stand) -> None:
    """The key of a record, or a header."""
    here.rows()[14] = changed(here.rows()[14], key=b"hom", value=b"e" + (here.rows()[14].record.value or b""))  # type: ignore[union-attr]


@pytest.mark.parametrize("tamper", [flip, take_out, swap, other_key])
async def test_each_change_is_told_where_it_lies(tamper: Callable[[Stand], None]) -> None:
    """Between the checkpoints around it, and nowhere else: what comes after is sound by its own."""
    here = await signed_stand()
    tamper(here)
    done = await here.verified()
    assert kinds(done) == [("changed", 10)] and (done.faults[0].end, done.faults[0].partition) == (20, 0)
    assert kinds(await here.verified(since=20)) == []
    here.write(5)
    await here.keeper.sign()
    assert kinds(await here.verified()) == [("changed", 10)]  # and signing on hides nothing


async def test_a_tail_that_was_cut_is_told() -> None:
    """Also once others have written there again, and whoever signs raises an alarm."""
    here = await signed_stand()
    del here.rows()[25:]
    assert kinds(await here.verified()) == [("cut", 25)]
    await here.new_keeper().sign()
    assert here.alarms == ["log_cut"] and "cut" in {kind for kind, _ in kinds(await here.verified())}
    here.write(10, taken=False)
    assert ("changed", 25) in kinds(await here.verified())


async def test_forged_and_removed_checkpoints_are_told(tmp_path: Path) -> None:
    """One that our key did not sign, one whose words were changed, one that is gone; a file outside brings that back,
    and tells a topic that was written anew."""
    here = Stand(outside=tmp_path / "outside")
    for _ in range(4):
        here.write(10)
        await here.keeper.sign()
    kept = [(-1, line) for line in (tmp_path / "outside").read_bytes().splitlines()]
    assert len(kept) == 4 and (tmp_path / "outside").stat().st_mode & 0o777 == 0o600
    stranger = Ed25519PrivateKey.generate()
    rows = here.rows(CHECKPOINTS.name)
    point = codec.decode(rows[1].record.value, Checkpoint)  # type: ignore[union-attr]
    for forged in (
        codec.encode(signed(msgspec.structs.replace(point, signature=b"", end=12), stranger)),
        codec.encode(msgspec.structs.replace(point, count=9)),
        b"{}",
    ):
        here.log.append(CHECKPOINTS.name, 0, forged)
    assert kinds(await here.verified()) == [("forged", 4), ("forged", 5), ("forged", 6)]
    del rows[4:]
    rows[1] = Row(None, None)
    assert kinds(await here.verified()) == [("missing", 30)]
    assert kinds(await here.verified(values=kept)) == []
    flip(here)
    del rows[:]
    assert kinds(await here.verified()) == [] and (await here.verified()).checkpoints == 0
    assert kinds(await here.verified(values=kept)) == [("changed", 10)]


async def test_what_retention_took_is_no_fault() -> None:
    """The chain is taken up at the first checkpoint that the log still reaches; before that it vouches for nothing."""
    here = await signed_stand()
    here.log.delete_before(NAME, 0, 13)
    done = await here.verified()
    assert kinds(done) == [] and done.begins[f"{NAME}/0"] == 20
    flip(here)  # before what it vouches for
    assert kinds(await here.verified()) == [] and done.records == 10 + 9
    here.log.delete_before(NAME, 0, 30)
    here.write(5)
    await here.keeper.sign()
    assert kinds(await here.verified()) == []
    here.log.delete_before(NAME, 0, 40)
    late = here.new_keeper()
    here.write(6, taken=False)
    here.log.delete_before(NAME, 0, 37)
    await late.sign()
    done = await here.verified()
    assert kinds(done) == [] and done.begins[f"{NAME}/0"] == 37


async def test_whoever_takes_over_goes_on_by_the_checkpoints() -> None:
    """A new process, a hole in what it was told, two that hold the same for a while, a partition idle for long."""
    here = await signed_stand()
    old, here.keeper = here.keeper, here.new_keeper()
    here.write(7, taken=False)
    here.write(7)  # past a hole: it reads that itself
    await here.keeper.sign()
    assert await old.sign() == 0  # another signs it, and nothing of it came by here
    for _ in range(30):
        here.write(1)
        await here.keeper.sign()
    last = here.new_keeper("sha256", 1)
    last._following = type(last._following)(here.log, CHECKPOINTS.name, [0], latest=5)
    here.write(2, partition=1, taken=False)
    assert await last.sign() == 1
    done = await here.verified()
    assert kinds(done) == []
    points = [codec.decode(value, Checkpoint) for _, value in await checkpoints_of(here.log)]
    assert [one.count for one in points if one.partition == 1] == [3, 6, 9, 11]
    assert all(one.begin == 0 for one in points)


async def test_another_hash_begins_anew_and_one_that_is_not_there_is_refused() -> None:
    """SM3 where OpenSSL has it; its sums are others."""
    here = await signed_stand()
    here.keeper = here.new_keeper("sm3")
    here.write(5, taken=False)
    assert await here.keeper.sign() == 2
    assert kinds(await here.verified()) == []
    digests = {name: Sum.first(name, topic="t", partition=0, begin=0).digest for name in HASHES}
    assert len(set(digests.values())) == 2 and {len(one) for one in digests.values()} == {32}
    with pytest.raises(InvalidSettings, match="has no md5"):
        hasher("md5")


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    """Made once, 0600; one that others may read, or of another length, is refused."""
    path = tmp_path / "chain.key"
    make_signing_key(path)
    first = path.read_bytes()
    make_signing_key(path)
    assert path.read_bytes() == first and path.stat().st_mode & 0o777 == 0o600
    assert len(public_of(load_signing_key(path))) == 64
    path.chmod(0o644)
    with pytest.raises(InvalidSettings, match="chmod 600"):
        load_signing_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(InvalidSettings, match="has 5 bytes"):
        load_signing_key(path)
    with pytest.raises(InvalidSettings, match="topics apply"):
        load_signing_key(tmp_path / "none")


async def test_what_the_file_outside_cannot_take_waits_is_alarmed_of_and_is_written_later(tmp_path: Path) -> None:
    """A folder that is away for two turns: each raises the alarm; then all of it is written, in order, and one torn
    line neither spoils the next nor is a forgery. A process that ended meanwhile leaves a gap that is told."""
    file = tmp_path / "away" / "checkpoints"
    here = Stand(outside=file)
    for _ in range(2):
        here.write(3)
        await here.keeper.sign()
    assert here.alarms and set(here.alarms) == {"checkpoints_not_outside"} and not file.exists()
    file.parent.mkdir()
    here.alarms.clear()
    here.write(3)
    await here.keeper.sign()
    topic = [value for _, value in await checkpoints_of(here.log)]
    assert file.read_bytes().splitlines() == topic and len(topic) > 2 and here.alarms == []
    with file.open("ab") as torn:
        torn.write(topic[0][:40])
    here.write(3)
    await here.keeper.sign()
    lines = file.read_bytes().splitlines()
    assert topic[0][:40] in lines and kinds(await here.verified(values=[(-1, line) for line in lines])) == []
    file.rename(tmp_path / "kept")
    file.mkdir()
    here.write(3)
    await here.keeper.sign()
    file.rmdir()
    (tmp_path / "kept").rename(file)
    here.keeper = here.new_keeper()
    here.write(3)
    await here.keeper.sign()
    topic = [value for _, value in await checkpoints_of(here.log)]
    assert unkept(file.read_bytes().splitlines(), topic) == 1 and unkept(topic, topic) == 0
