"""One partition as a broker keeps it: rows of records and markers, and what of them may be read."""

from enum import Enum
from typing import Any, NamedTuple

from aiokafka import ConsumerRecord

from topics.registry import MIB


class Fate(Enum):
    """What becomes of a transaction."""

    OPEN, COMMITTED, ABORTED = range(3)


class Transaction:
    """One, of one producer, over all the partitions it writes."""

    def __init__(self, began_ms: int) -> None:
        """Begin it."""
        self.began_ms, self.fate = began_ms, Fate.OPEN
        self.partitions: list[StoredPartition] = []


class Row(NamedTuple):
    """What one offset, or a range that cannot be read, holds."""

    record: ConsumerRecord | None
    """``None``: the marker that ends a transaction, or an offset that belongs to the piece behind it."""
    transaction: Transaction | None


class StoredPartition:
    """The rows of one partition, from ``begin`` to ``end``."""

    def __init__(self, max_bytes: int = MIB) -> None:
        """Begin empty; a batch of more than ``max_bytes`` is refused."""
        self.begin, self.max_bytes = 0, max_bytes
        self._rows: list[Row] = []
        self._open: dict[Transaction, int] = {}

    @property
    def end(self) -> int:
        """Behind the last row."""
        return self.begin + len(self._rows)

    @property
    def stable(self) -> int:
        """Behind the last row that is decided: the first row of an open transaction hides all behind it."""
        return min(self._open.values(), default=self.end)

    def append(self, record: Any, transaction: Transaction | None) -> None:
        """Add a record, or with ``None`` an offset that nobody is ever handed."""
        if transaction is not None and transaction.fate is Fate.OPEN and transaction not in self._open:
            self._open[transaction] = self.end
            transaction.partitions.append(self)
        self._rows.append(Row(record, transaction))

    def ended(self, transaction: Transaction) -> None:
        """Write its marker: what it hid may be read, or never will be."""
        self._open.pop(transaction, None)
        self._rows.append(Row(None, transaction))

    def read(self, offset: int, most: int) -> tuple[list[ConsumerRecord], int]:
        """What may be read from ``offset`` on, and from where to read on: behind markers and what was aborted."""
        found: list[ConsumerRecord] = []
        stable = self.stable
        while offset < stable and len(found) < most:
            record, transaction = self._rows[offset - self.begin]
            if record is not None and (transaction is None or transaction.fate is Fate.COMMITTED):
                found.append(record)
            offset += 1
        return found, offset

    def delete_before(self, offset: int) -> None:
        """Let retention take what lies before."""
        offset = min(max(offset, self.begin), self.end)
        del self._rows[: offset - self.begin]
        self.begin = offset
