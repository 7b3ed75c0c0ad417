"""What one call of the script that folds is told: rows beside what stands for them in the view, and for each queue who
enters, leaves or moves in it.

All that can be known before the call is worked out here, and packed as one value: an argument of its own costs both
sides as much as a row's field is long, and each command within the script a microsecond.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from engine.views.queues import DUE, LATE, NOT_BEGUN, PERSON, SINCE
from engine.views.rows import BEFORE_NAME, BETWEEN, RANK, Row

_TEXT = struct.Struct(">BI")
"""A text of up to 4 GiB: its mark in MessagePack, and its length."""

_pack = msgspec.msgpack.Encoder().encode


class Stands(NamedTuple):
    """What the view holds of a ticket before a call: as it is stored, and read. The script sees that it still holds."""

    written: str = ""
    version: int = 0
    score: str = ""
    queues: tuple[str, ...] = ()
    named: str = ""
    """Its rank and identity, by which it is among those that the identity names."""


_OWN_ORDER = (SINCE, NOT_BEGUN)
"""Queues in another order than by deadline."""

NOWHERE = Stands()
NEW = Stands("new")
"""Nothing was read, as nothing is to stand there: the script is asked about all such tickets at once."""


def stands_of(written: str) -> Stands:
    """Read what is stored of a ticket; nothing: it has no row."""
    if not written:
        return NOWHERE
    places, _, named = written.partition(BEFORE_NAME)
    version, score, *queues = places.split(BETWEEN)
    return Stands(written, int(version), score, queues=tuple(queues), named=named)


class _Queue:
    """What becomes of one queue in a call."""

    __slots__ = ("gone", "is_listed", "is_told", "put")

    def __init__(self, name: str) -> None:
        # names that no reader of changes asks for serve figures alone; as many as people, or all that is open, are
        # listed nowhere
        self.is_told = name != SINCE and not name.startswith(LATE)
        self.is_listed = self.is_told and name not in (DUE, NOT_BEGUN) and not name.startswith(PERSON)
        self.gone: list[str] = []
        self.put: list[int | str] = []
        """Score and id in turns, as Redis takes them."""


class FoldCall:
    """The tickets and queues of one call."""

    def __init__(self) -> None:
        """Nothing is to be done yet."""
        self._ids: list[str] = []
        self._tickets: list[tuple[str | int | msgspec.Raw, ...]] = []
        self._queues: dict[str, _Queue] = {}
        self._fresh: dict[str, str] = {}
        self._claims: list[tuple[str, str, str, str]] = []

    def add(self, row: Row, stood: Stands) -> None:
        """Put a row in, in the place of what stood there."""
        named = f"{row.rank}{row.identity}" if row.identity else ""
        score, left, entered = str(row.score), "", ""
        if row.queues != stood.queues:
            left, entered = self._left(row, stood) if stood.queues else "", self._entered(row, stood)
        if stood.queues and (score != stood.score or NOT_BEGUN in row.queues):
            self._moved(row, stood, score != stood.score)
        if named != stood.named:
            self._claim(row, stood)
        written = BETWEEN.join((str(row.version), score, *row.queues)) + BEFORE_NAME + named if row.row else ""
        self._ids.append(row.id)
        texts = (_text(row.row), _text(row.image), _text(row.moved))
        self._tickets.append((row.id, row.version, stood.written, written, *texts, left, entered))

    def _queue(self, name: str) -> _Queue:
        found = self._queues.get(name)
        if found is None:
            found = self._queues[name] = _Queue(name)
        return found

    def _left(self, row: Row, stood: Stands) -> str:
        told = []
        for name in stood.queues:
            if name not in row.queues:
                queue = self._queue(name)
                queue.gone.append(row.id)
                if queue.is_told:
                    told.append(name)
        return BETWEEN.join(told)

    def _entered(self, row: Row, stood: Stands) -> str:
        told, queues, score, former = [], self._queues, row.score, stood.queues
        for name in row.queues:  # the busiest lines of all: five for each ticket
            if name not in former:
                queue = queues.get(name) or self._queue(name)
                queue.put += (score if name not in _OWN_ORDER else _score(row, name), row.id)
                if queue.is_told:
                    told.append(name)
        return BETWEEN.join(told)

    def _moved(self, row: Row, stood: Stands, is_due_otherwise: bool) -> None:
        """Where it stays it has another place now; but since when it is overdue holds for as long as it is."""
        for name in row.queues:
            if name in stood.queues and (name == NOT_BEGUN or (is_due_otherwise and name != SINCE)):
                self._queue(name).put += (_score(row, name), row.id)

    def _claim(self, row: Row, stood: Stands) -> None:
        """Let an identity name it. One that nothing names yet is asked for together with others, the rest by itself."""
        former = stood.named[RANK:]
        if not former and row.identity not in self._fresh:
            self._fresh[row.identity] = row.rank + row.id
        else:
            self._claims.append((former, row.identity, row.id, row.rank))

    def keys(self, prefix: str) -> list[bytes]:
        """Name the keys of its tickets, then of its queues."""
        start = prefix.encode()
        return [
            *(b"%bt:%b" % (start, name.encode()) for name in self._ids),
            *(b"%bq:%b" % (start, name.encode()) for name in self._queues),
        ]

    def packed(self) -> bytes:
        """Write it for the script."""
        queues = [(name, queue.gone, queue.put) for name, queue in self._queues.items()]
        listed = [name for name, queue in self._queues.items() if queue.put and queue.is_listed]
        return _pack(
            (self._tickets, queues, listed, list(self._fresh), list(self._fresh.values()), self._claims),
        )


def _text(data: bytes) -> msgspec.Raw:
    """Pack bytes as the text that they are: the script's reader knows no other."""
    return msgspec.Raw(_TEXT.pack(0xDB, len(data)) + data)


def _score(row: Row, name: str) -> int:
    return row.since if name == SINCE else row.idle if name == NOT_BEGUN else row.score


def call_of(rows: Sequence[Row], stood: Mapping[str, Stands]) -> FoldCall:
    """Make the call for these rows beside what was read; one that the view has as new or newer is left out."""
    call = FoldCall()
    for row in rows:
        before = stood.get(row.id, NEW)
        if before.version < row.version:
            call.add(row, before)
    return call
