"""The log as a value: every record of every topic as it was read, apart from how it was read."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.kafka.newer_records import read_own
from engine.kafka.send_journal import JournalEntry
from topics.codec import decode
from topics.ids import identity
from topics.pack import PackBundle
from topics.reference import CLOCK_KEY, CurrentPack, EngineClock, Foreign, follows, read
from topics.registry import DECISIONS, REFERENCE
from topics.ticket import Marker
from topics.unreadable import UNREADABLE

MARKER_KEY = b"m:"
"""Key under which a stage keeps its positions in its state topic."""


class Entry(NamedTuple):
    """One record, with the logical name of its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    appended_ms: int = 0
    """LogAppendTime: the broker's clock, in milliseconds."""
    unreadable: str = ""
    """Why it cannot be read; then it stands for the offsets from ``first`` to its own."""
    first: int = -1
    loose: bool = False
    """Whether it was written outside of any transaction: on ``incidents``, by a stranger."""

    @property
    def id(self) -> str:
        """Its position, which names the decision it causes."""
        return f"{self.topic}:{self.partition}:{self.offset}"


@dataclass
class Log:
    """All topics of one stack. Entries lie by topic, in order of partition and offset, holes of transactions left
    out."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    begins: dict[tuple[str, int], int] = field(default_factory=dict)
    """First offset that retention has left; missing means 0."""
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    """End offsets that were read up to."""
    settled: dict[int, int] = field(default_factory=dict)
    """Ends of ``tickets.decisions`` seen before the states were read: decisions before them must show in every state.
    """
    stood: dict[int, int] = field(default_factory=dict)
    """Partitions of the decisions that begin with a signed-off snapshot, and the engine time up to which that speaks.
    """
    journals: list[JournalEntry] = field(default_factory=list)
    """What senders noted as acknowledged by the broker."""

    def of(self, topic: str) -> list[Entry]:
        """The records of one topic."""
        return self.entries.get(topic, [])

    def positions(self, state: str, topic: str) -> dict[int, int]:
        """How far a stage has consumed a topic, by partition, as its own markers say."""
        found: dict[int, int] = {}
        for entry in self.of(state):
            if entry.key == MARKER_KEY and entry.value is not None:
                found[entry.partition] = read_own(
                    f"{state}/{entry.partition} offset {entry.offset}", entry.value, Marker
                ).positions.get(topic, 0)
        return found

    def is_settled(self, decision: Entry) -> bool:
        """Whether this decision was on the log before the states were read."""
        return decision.offset < self.settled.get(decision.partition, 1 << 62)

    def is_whole(self, topic: str) -> bool:
        """Whether retention has dropped nothing of this topic yet."""
        return not any(begin for (name, _), begin in self.begins.items() if name == topic)

    def is_quiet(self, partition: int) -> bool:
        """Whether nothing was decided in this partition while the states were read."""
        end = self.ends.get((DECISIONS.name, partition))
        return end is None or self.settled.get(partition, end) == end

    def bundles(self) -> dict[str, PackBundle]:
        """The packs on ``reference``, by ``<name>@<hash>``."""
        return {key: found for _, key, found in self._reference() if isinstance(found, PackBundle)}

    def _reference(self) -> Iterator[tuple[Entry, str, PackBundle | CurrentPack | EngineClock]]:
        """Each record of ``reference`` that a publisher of ours wrote; whatever else stands there is nobody's law."""
        for entry in self.of(REFERENCE.name):
            key = (entry.key or b"").decode(errors="replace")
            with contextlib.suppress(Foreign):
                if entry.value is not None:
                    yield entry, key, read(key, entry.value)

    def in_force(self) -> PackBundle | None:
        """The pack that is current; where that is not said, the one that came last; ``None``: there is none."""
        bundles = self.bundles()
        named = [
            found.ref for _, _, found in self._reference() if isinstance(found, CurrentPack) and found.ref in bundles
        ]
        return bundles.get(named[-1] if named else "") or next(reversed(bundles.values()), None)

    def clocks(self) -> list[tuple[int, EngineClock]]:
        """The mappings of engine time, each with the broker time from which it was in force, in order."""
        found: list[tuple[int, EngineClock]] = []
        before: EngineClock | None = None
        for entry in self.of(REFERENCE.name):
            if entry.key != CLOCK_KEY.encode():
                continue
            with contextlib.suppress(Foreign):
                clock = read(CLOCK_KEY, entry.value) if entry.value is not None else None
                if isinstance(clock, EngineClock) and follows(before, clock):
                    found.append((entry.appended_ms, clock))
                    before = clock
                elif clock is None:
                    before = None  # a start that failed gave way
        return found


class Timeline:
    """Turns broker time into engine time by the mapping that was in force then."""

    def __init__(self, clocks: Sequence[tuple[int, EngineClock]]) -> None:
        """Take the mappings in order of the broker time they came into force."""
        self._clocks = list(clocks)

    def engine(self, broker_ms: int) -> int | None:
        """Engine time at a moment of the broker; ``None`` when no mapping is known."""
        clock = self._in_force(broker_ms)
        return clock.engine(broker_ms) if clock else None

    def _in_force(self, broker_ms: int) -> EngineClock | None:
        chosen = None
        for since, clock in self._clocks:
            if chosen is None or since <= broker_ms:
                chosen = clock
        return chosen

    def earliest(self, appended_ms: int, decided_ms: int) -> int | None:
        """The earlier reading of a record's append: by the mapping of its own time, or by that of its decision.

        A stack that was started anew reads records of before by its new mapping.
        """
        moments = [
            clock.engine(appended_ms)
            for clock in (self._in_force(appended_ms), self._in_force(decided_ms))
            if clock is not None
        ]
        return min(moments, default=None)

    @property
    def speed(self) -> int:
        """Engine milliseconds in a millisecond of the wall, by the newest mapping."""
        return self._clocks[-1][1].speed if self._clocks else 1


def source_identity(entry: Entry) -> str | None:
    """Read ``<source>:<id>`` of an incoming CloudEvent, structured (JSON body) or binary (headers); ``None`` if it has
    none."""
    found = _parts(entry)
    if found is None:
        return None
    plain = ":".join(found)  # as logs of before 0.3 have it, and their keys say so
    return plain if entry.key == plain.encode(errors="surrogatepass") else identity(*found)


def _parts(entry: Entry) -> tuple[str, str] | None:
    headers = {name.lower(): value for name, value in entry.headers}
    if not (headers.get("content-type") or b"").lower().startswith(b"application/cloudevents"):
        return _both(_text(headers.get("ce_source")), _text(headers.get("ce_id")))
    try:
        body = decode(entry.value or b"", dict)
    except UNREADABLE:
        return None
    return _both(body.get("source"), body.get("id"))


def _text(value: bytes | None) -> str | None:
    try:
        return value.decode() if value else None
    except UnicodeDecodeError:
        return None


def _both(source: object, name: object) -> tuple[str, str] | None:
    return (source, name) if isinstance(source, str) and isinstance(name, str) and source and name else None
