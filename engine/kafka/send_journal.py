"""A sender's journal: what the broker has acknowledged, on disk before it counts, to judge losses by (DESIGN 13)."""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

import msgspec

from engine.security.private_files import make_missing, opener, read_whole
from topics.codec import decode, encode
from topics.errors import GridwhistleError
from topics.unreadable import UNREADABLE

FSYNC_EVERY_SECONDS = 0.05
"""Longest time that entries are gathered for one fsync; an fsync for each would cost more than the sending."""


class JournalDamaged(GridwhistleError, ValueError):
    """A line before the last one cannot be read: somebody else wrote here, or the disk lost it."""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One record that the broker has acknowledged; ``sha256`` is over the bytes of its value, in hex."""

    id: str
    """The identity of an incident, or the id of a command."""
    kind: Literal["incident", "command"]
    topic: str
    """Logical name, without the stack's prefix."""
    partition: int
    offset: int
    sha256: str
    status: Literal["acked"] = "acked"


_BEGIN = b'{"id":"'
"""How each entry begins as it is written."""


def digest(value: bytes | None) -> str:
    """SHA-256 in hex of a record's value; of nothing for a null value."""
    return hashlib.sha256(value or b"").hexdigest()


class Journal:
    """Appends entries; a thread of its own writes and fsyncs them in batches, so that sending never waits for the disk.

    An entry is journalled once ``durable`` has counted it. ``add`` may be called from any thread. A torn last line of
    an
    earlier run is cut off on opening: it had never counted.

    Raises:
        OSError: From ``add``, ``flush`` and ``close``, when the disk refused an earlier batch.
    """

    def __init__(self, path: Path) -> None:
        make_missing(path.parent)
        _cut_torn_line(path)
        self.path = path
        self.durable = 0
        """Entries of this run that are on disk."""
        self._file = open(path, "ab", opener=opener)  # noqa: SIM115 - closed by close()
        self._waiting: list[bytes] = []
        self._in_hand = 0  # entries that the thread has taken and not yet fsynced
        self._changed = threading.Condition()
        self._closing = False
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._write_batches, name="journal", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, entry: JournalEntry) -> None:
        """Note a record that the broker has just acknowledged."""
        with self._changed:
            self._check()
            self._waiting.append(encode(entry) + b"\n")
            self._changed.notify_all()

    def flush(self) -> None:
        """Return once everything added so far is on disk."""
        with self._changed:
            target = self.durable + len(self._waiting) + self._in_hand
            self._changed.wait_for(lambda: self.durable >= target or self._failure is not None)
            self._check()

    def close(self) -> None:
        """Bring what waits to disk and end; a second call does nothing."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._file.close()
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise OSError(f"the journal {self.path} could not be written: {self._failure}") from self._failure

    def _write_batches(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._closing:
                    self._changed.wait_for(lambda: self._closing, timeout=FSYNC_EVERY_SECONDS)
                batch, self._waiting = self._waiting, []
                self._in_hand = len(batch)
                last = self._closing
            if not self._bring_to_disk(batch) or last:
                return

    def _bring_to_disk(self, batch: list[bytes]) -> bool:
        failure = None
        try:
            self._file.write(b"".join(batch))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            failure = error
        with self._changed:
            self._in_hand = 0
            self._failure = failure
            if failure is None:
                self.durable += len(batch)
            self._changed.notify_all()
        return failure is None


def _cut_torn_line(path: Path) -> None:
    """Drop what follows the last line break; an entry without its line break was never journalled.

    Raises:
        JournalDamaged: The file is no journal: a slip of the finger must not cut somebody's file, nor be written into.
    """
    if not os.path.lexists(path):
        return
    content = read_whole(path)
    whole = content.rfind(b"\n") + 1
    if whole:
        _entry(content[: content.index(b"\n")], path, 1)
    if whole < len(content):
        _demand_torn(content[whole:], path)
        with open(path, "r+b", opener=opener) as file:
            file.truncate(whole)


def _demand_torn(line: bytes, path: Path) -> None:
    """Refuse what no entry of ours begins with."""
    if not (line.startswith(_BEGIN) or _BEGIN.startswith(line)):
        raise JournalDamaged(f"{path} is no sender's journal: its last line begins like nothing that a journal holds")


def _entry(line: bytes, path: Path, number: int) -> JournalEntry:
    try:
        return decode(line, JournalEntry)
    except UNREADABLE as error:
        raise JournalDamaged(f"{path}, line {number}: {error}; is it the journal that 'feed' wrote?") from error


def read_journal(path: Path) -> Iterator[JournalEntry]:
    """Read what was journalled, in order; a torn last line is passed over.

    Raises:
        JournalDamaged: Another line cannot be read; names the file and the line.
    """
    lines = path.read_bytes().split(b"\n")
    _demand_torn(lines[-1], path)
    for number, line in enumerate(lines[:-1], 1):
        yield _entry(line, path, number)
