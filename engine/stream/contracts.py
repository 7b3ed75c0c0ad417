"""What the partition loop asks of a stage: cores that decide inside a transaction, edges that act on the outside."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from topics.ids import Instant


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One consumed record, with the logical (unprefixed) name of its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    appended_ms: int
    """The broker's LogAppendTime."""
    appended_at: Instant
    """The same moment in engine time."""
    loose: bool = False
    """Whether it was written outside of any transaction: on a topic that our stages alone write, by a stranger."""
    unreadable: str = ""
    """Why it cannot be read; then it stands for all offsets from ``first`` to its own."""
    first: int = -1

    @property
    def id(self) -> str:
        """Its position: the id of the decision it causes."""
        return f"{self.topic}:{self.partition}:{self.offset}"


class Out(msgspec.Struct, frozen=True):
    """One record to write, to an explicit partition of a logical topic."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Core(Protocol):
    """The decisions of one partition of a critical stage (intake, dispatch, fan-out). One instance for each opening.

    The loop writes what ``take`` and ``fire`` return, its positions and the core's marker in one transaction. Should
    that fail, the instance is thrown away and a new one is loaded from the state topic.
    """

    def load(self, key: bytes, value: bytes | None) -> None:
        """Fold one record of the state topic; ``m:`` records are the loop's and do not come here."""

    def load_many(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Fold many, keys and values in order, as ``load`` does one by one; some of them may come a second time."""

    def check(self) -> Iterable[None]:
        """Read whole what was loaded, in slices: an engine that knows another form may have written it."""

    def opened(self, pack: str | None, at: Instant) -> None:
        """All state is folded; ``pack`` and ``at`` are what the partition's marker said (``None``, 0: never
        written)."""

    def take(self, record: Record, at: Instant) -> Iterable[Out]:
        """Decide one record at engine time ``at``, which never decreases."""

    def hold(self, record: Record, at: Instant) -> Iterable[Out]:
        """Set a record aside that could not be decided in three openings, with its bytes."""

    def flush(self) -> Iterable[Out]:
        """Give what is written once at the end of a step, such as the latest state of each key."""

    def written(self, appended_ms: int) -> None:
        """What was decided is committed; the broker had the newest of it at this moment."""

    def next_due(self) -> Instant | None:
        """When the earliest clock is due, if there is any."""

    def fire(self, until: Instant, at: Instant) -> Iterable[Out] | None:
        """Decide the one earliest clock that is due at or before ``until``, or ``None`` when none is."""

    def due_id(self) -> str | None:
        """Name the decision that the earliest clock causes."""

    def packs(self) -> Iterable[str]:
        """Name the packs that what was loaded rests on."""

    def hold_due(self, at: Instant) -> Iterable[Out]:
        """Set the earliest clock aside, which could not be decided in three openings."""

    def pack(self) -> str | None:
        """The pack in force, ``<name>@<hash>``, for the marker."""


class Clockless:
    """What a core without clocks answers when it is asked for them."""

    def written(self, appended_ms: int) -> None:
        """Nothing is measured by it."""

    def next_due(self) -> Instant | None:
        """None is ever due."""
        return None

    def fire(self, until: Instant, at: Instant) -> Iterable[Out] | None:
        """None is due."""
        return None

    def due_id(self) -> str | None:
        """None is due."""
        return None

    def check(self) -> Iterable[None]:
        """All was read whole as it was loaded."""
        return ()

    def packs(self) -> Iterable[str]:
        """Nothing loaded rests on any."""
        return ()

    def hold_due(self, at: Instant) -> Iterable[Out]:
        """There is none."""
        return ()


class Edge(Protocol):
    """A stage that acts outside Kafka's transactions (projector, replies): effect first, then the position."""

    takes_unreadable: bool
    """Whether what cannot be read has an effect too (a reply is answered)."""

    async def positions(self, slot: str) -> dict[str, int]:
        """Where this slot stood: ``<logical topic>:<partition>`` -> next offset; missing means from the beginning."""

    async def behind(self, slot: str, ours: int, begin: int) -> int:
        """The log begins at ``begin``, after ``ours``: make up for what is gone and say where to go on; ``ours`` if
        that cannot be."""

    async def apply(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        """Bring about the effects of these records (none: only markers were read), idempotently, and only then remember
        the positions."""
