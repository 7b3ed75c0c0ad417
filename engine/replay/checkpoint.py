"""Daily checkpoints: a partition's state as it was when a day began, as files in the stack's folder."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from engine.kafka.log_snapshot import Entry, Log
from engine.security.private_files import make_missing, opener
from topics.errors import GridwhistleError
from topics.ids import Instant
from topics.registry import DECISIONS
from topics.unreadable import UNREADABLE

SEAL = hashlib.sha256().digest_size
"""A file is the SHA-256 of all that follows, then a ``Checkpoint`` as MessagePack."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One partition after some of its decisions, and what these were."""

    prefix: str
    partitions: int
    partition: int
    at: Instant
    """When the last of these decisions was made."""
    offset: int
    """First offset of ``tickets.decisions`` that is not in it."""
    last: int
    """Offset of the last decision that is."""
    link: bytes
    """Digest of all decisions in it but the last one."""
    digest: bytes
    """Digest of all of them: ``linked`` of ``link`` and the last one."""
    positions: dict[str, int]
    """Logical topic -> the next offset to be decided."""
    pack: str | None
    state: tuple[tuple[bytes, bytes], ...]
    """Keys and values as on ``tickets.state``."""
    version: Literal[1] = 1


class Unfit(GridwhistleError):
    """A checkpoint cannot be used; says why."""


def linked(digest: bytes, record: bytes) -> bytes:
    """Extend a digest of decisions by one."""
    return hashlib.sha256(digest + record).digest()


class Checkpoints:
    """The checkpoints of one stack: ``<folder>/<yyyy-mm-dd>.<partition>.msgpack``."""

    def __init__(self, folder: Path, prefix: str, partitions: int) -> None:
        """Name the folder, which need not exist, and the stack."""
        self._folder, self.prefix, self.partitions = folder, prefix, partitions
        self._left_out: set[Path] = set()
        self._chosen: dict[int, Path] = {}
        self.notes: list[str] = []
        """What was not used or not kept, and why."""

    def newest(self, day: str, before: Instant) -> dict[int, Checkpoint]:
        """Give by partition the newest one of ``day`` or an earlier day that holds nothing from ``before`` on."""
        found: dict[int, Checkpoint] = {}
        for path, partition in self._files(day):
            if partition in found:
                continue
            try:
                one = self._read(path, partition)
            except (Unfit, OSError) as why:
                self._leave_out(path, str(why))
                continue
            if one.at < before:
                found[partition], self._chosen[partition] = one, path
        return found

    def _files(self, day: str) -> Iterator[tuple[Path, int]]:
        """Name the files and their partitions, the newest day first."""
        for path in sorted(self._folder.glob("????-??-??.*.msgpack"), reverse=True):
            said, partition, _ = path.name.split(".", 2)
            if said <= day and partition.isdecimal() and path not in self._left_out:
                yield path, int(partition)

    def _read(self, path: Path, partition: int) -> Checkpoint:
        data = path.read_bytes()
        if hashlib.sha256(data[SEAL:]).digest() != data[:SEAL]:
            raise Unfit("its bytes are damaged")
        try:
            found = msgspec.msgpack.decode(data[SEAL:], type=Checkpoint)
        except UNREADABLE as exc:
            raise Unfit(f"it is of another version: {exc}") from exc
        if (found.prefix, found.partitions, found.partition) != (self.prefix, self.partitions, partition):
            raise Unfit(f"it is of partition {found.partition} of {found.partitions} of the stack {found.prefix!r}")
        return found

    def _leave_out(self, path: Path, why: str) -> None:
        self._left_out.add(path)
        self.notes.append(f"the checkpoint {path.name} is not used: {why}")

    def keep_fitting(self, found: Mapping[int, Checkpoint], log: Log) -> bool:
        """Leave out those that do not fit the log from now on; answers whether all did."""
        unfit = {partition: why for partition, one in found.items() if (why := misfit(one, log)) is not None}
        for partition, why in unfit.items():
            self._leave_out(self._chosen[partition], why)
        return not unfit

    def keep(self, day: str, made: Checkpoint) -> None:
        """Write one; where that cannot be, what is told is the same, and the next time takes longer."""
        try:
            self.save(day, made)
        except OSError as error:
            self.notes.append(f"the checkpoint of {day} is not kept: {error}")

    def save(self, day: str, made: Checkpoint) -> None:
        """Write one, whole or not at all; what was there is replaced.

        Raises:
            OSError: The folder cannot be written.
        """
        path = self._folder / f"{day}.{made.partition}.msgpack"
        make_missing(self._folder)
        scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
        body = msgspec.msgpack.encode(made)
        with open(scratch, "wb", opener=opener) as file:
            file.write(hashlib.sha256(body).digest() + body)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)


def misfit(one: Checkpoint, log: Log) -> str | None:
    """Say why a checkpoint was not made from this log, or does not reach what is left of it; ``None`` when it fits.

    Retention may have taken all that is in it. What is left of that shows by its last decision whether it was the same.
    """
    place = (DECISIONS.name, one.partition)
    begin, end = log.begins.get(place, 0), log.ends.get(place)
    if begin > one.offset:
        return f"it ends before offset {one.offset} of the decisions, and the log begins at {begin}"
    if end is not None and end < one.offset:
        return f"it ends before offset {one.offset} of the decisions, and the log already ends at {end}"
    last = _at_offset(log, one)
    if begin <= one.last and (last is None or linked(one.link, last.value or b"") != one.digest):
        return f"the decision at offset {one.last}, its last one, is not the one in the log"
    return None


def _at_offset(log: Log, one: Checkpoint) -> Entry | None:
    return next((e for e in log.of(DECISIONS.name) if e.partition == one.partition and e.offset == one.last), None)
