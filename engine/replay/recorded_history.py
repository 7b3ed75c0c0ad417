"""Turns the log into what is replayed: each partition's decisions in order, each with the record it names as its
cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from engine.errors import GridwhistleError
from engine.kafka.log_snapshot import Entry, Log
from engine.replay.decision_head import Head, head_of, read_whole
from engine.replay.gc_pause import calm
from engine.stages.dispatch import cause_of
from engine.stream.contracts import Record
from rules.history.replay import Stood, Told
from rules.masking.masker import is_american
from rules.state.causes import CommandCause, IncidentCause
from topics import codec
from topics.ids import Instant
from topics.pack import PackBundle
from topics.reference import EngineClock
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, REFERENCE
from topics.unreadable import UNREADABLE

TOPICS = (REFERENCE.name, INCIDENTS.name, COMMANDS.name, DECISIONS.name)
"""What is read."""

INPUTS = (INCIDENTS.name, COMMANDS.name)


class Gap(GridwhistleError):
    """The log no longer holds all that led to its decisions; says where it is broken."""


@dataclass
class History:
    """What a stack has recorded."""

    partitions: dict[int, list[Told]] = field(default_factory=dict)
    begun: Mapping[int, "Begun"] = field(default_factory=dict)
    """How each partition stood where this begins; empty: it begins at the beginning."""
    since: Instant | None = None
    """The moment at which it begins."""
    waiting: int = 0
    """Incidents and commands that are not decided yet."""
    bounded: int = 0
    """Commands of a start of the stack whose clock is no longer on ``reference``: when they were handed in is taken
    from the record."""

    @property
    def decisions(self) -> int:
        """How many there are."""
        return sum(map(len, self.partitions.values()))


class Begun(Stood, Protocol):
    """A partition as it stood, and how far into the log that reaches."""

    offset: int
    """First offset of ``tickets.decisions`` that is not in it."""
    positions: dict[str, int]
    """Logical topic -> the next offset to be decided."""


def history_of(log: Log, begun: Mapping[int, Begun] | None = None, since: Instant | None = None) -> History:
    """Give every partition's decisions with their causes.

    Args:
        log: As read.
        begun: How the partitions stood at ``since``: what came before is passed by, whether it is there or not.
        since: From when on; ``None``: from the beginning.
    Raises:
        Gap: Decisions do not reach back to the beginning, a record or a pack that one rests on is gone, or a record
            was passed over without a decision.
    """
    with calm():
        return _history(log, begun or {}, since)


def _history(log: Log, begun: Mapping[int, Begun], since: Instant | None) -> History:
    check_beginnings(log, {partition: one.offset for partition, one in begun.items()})
    history, packs, clocks = History(begun=begun, since=since), log.bundles(), log.clocks()
    by_topic = {name: by_partition(log.of(name)) for name in INPUTS}
    decided = by_partition([entry for entry in log.of(DECISIONS.name) if log.is_settled(entry)])
    for partition in sorted({*decided, *begun}):
        one = begun.get(partition)
        inputs = {
            f"{name}:{partition}": _Input(
                log,
                name,
                partition,
                entries=found.get(partition, []),
                position=one.positions.get(name, 0) if one else 0,
            )
            for name, found in by_topic.items()
        }
        told = history.partitions[partition] = []
        for entry in decided.get(partition, []):
            if one is not None and entry.offset < one.offset:
                continue
            told.append(_told(entry, inputs, packs, clocks, history))
            if told[-1].kind == "unreadable":
                break  # what it decided nobody knows, and so what follows from it
        else:
            history.waiting += sum(len(given.entries) - given.passed for given in inputs.values())
    history.waiting += sum(
        len(e) for found in by_topic.values() for p, e in found.items() if p not in history.partitions
    )
    return history


def by_partition(entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """Sort records out by their partitions; the order in each stays."""
    found: dict[int, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.partition, []).append(entry)
    return found


def check_beginnings(log: Log, reached: Mapping[int, int]) -> None:
    """See that no decision is missing at the beginning, or behind what a checkpoint has reached.

    Raises:
        Gap: Retention has taken some.
    """
    for (topic, partition), begin in sorted(log.begins.items()):
        if topic == DECISIONS.name and begin > reached.get(partition, 0):
            raise Gap(
                f"the decisions do not begin at the beginning: {topic} of partition {partition} begins at offset"
                f" {begin}. Retention has dropped the ones before; only a log that is whole can be replayed, or one"
                " from a day (--from) of which there is a checkpoint"
            )


class _Input:
    """One partition of an input: hands out the records that decisions name, and notices the ones passed over."""

    def __init__(self, log: Log, topic: str, partition: int, *, entries: list[Entry], position: int) -> None:
        self.entries, self.passed = [entry for entry in entries if entry.offset >= position] if position else entries, 0
        self._topic, self._partition, self._begin = topic, partition, log.begins.get((topic, partition), 0)
        self._places = {entry.offset: place for place, entry in enumerate(self.entries)}

    def named(self, offset: int, by: str) -> Entry:
        """Give the record of an offset.

        Raises:
            Gap: It is not there, or one before it has no decision.
        """
        place = self._places.get(offset)
        if place is None:
            raise Gap(
                f"{by} decides {self._topic}:{self._partition}:{offset}, and that record is no longer there:"
                f" {self._topic} of partition {self._partition} begins at offset {self._begin} and holds"
                f" {len(self.entries)} records"
            )
        if place > self.passed:
            raise Gap(f"{self.entries[self.passed].id} has no decision, although {by} decides a record behind it")
        self.passed = max(self.passed, place + 1)
        return self.entries[place]


def _told(
    entry: Entry,
    inputs: dict[str, _Input],
    packs: Mapping[str, PackBundle],
    clocks: list[tuple[int, EngineClock]],
    history: History,
) -> Told:
    value, where = entry.value or b"", entry.id
    try:
        head = head_of(value)
        if head.pack not in packs and head.pack is not None:
            head = read_whole(value)
    except UNREADABLE:
        return Told(where, "", 0, kind="unreadable", reason="", ticket=None, cause=None, record=value)
    name, at, kind, reason, ticket, pack = head
    if pack not in packs and pack is not None:
        raise Gap(f"{where} decides {name} by the pack {pack}, which is not on {REFERENCE.name}")
    cause: IncidentCause | CommandCause | None = None
    if not name.startswith("clock:"):
        source = _source(where, name, inputs)
        if kind != "held":
            cause = _cause(source, entry, head, clocks, history, pack is not None and is_american(packs[pack].timezone))
    return Told(where, name, at, kind=kind, reason=reason, ticket=ticket, cause=cause, record=value)


def _cause(
    source: Entry, decision: Entry, head: Head, clocks: list[tuple[int, EngineClock]], history: History, american: bool
) -> IncidentCause | CommandCause:
    # of a command alone it counts
    appended_at = _appended_at(source, decision, head, clocks, history) if source.topic == COMMANDS.name else 0
    record = Record(
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        key=source.key,
        value=source.value,
        headers=source.headers,
        appended_ms=source.appended_ms,
        appended_at=appended_at,
        loose=source.loose,
        unreadable=source.unreadable,
        first=source.first,
    )
    try:
        return cause_of(record, _speed(clocks), american)
    except UNREADABLE as exc:
        raise Gap(f"{decision.id} decides {source.id}, and that record cannot be read: {exc}") from exc


def _speed(clocks: list[tuple[int, EngineClock]]) -> int:
    """Of one stack every mapping has the same speed."""
    return clocks[-1][1].speed if clocks else 1


def _source(where: str, name: str, inputs: dict[str, _Input]) -> Entry:
    """Find the record that a decision names.

    Raises:
        Gap: The name is none of a record in this partition, or the record is gone.
    """
    place, _, offset = name.rpartition(":")
    given = inputs.get(place)
    if given is None or not offset.isdecimal():
        raise Gap(f"{where} decides {name!r}, which is no record of partition {where.split(':')[1]}")
    return given.named(int(offset), where)


class _Facts(msgspec.Struct, frozen=True):
    effective_at: Instant | None = None


class _Why(msgspec.Struct, frozen=True):
    facts: _Facts = _Facts()


class _Effective(msgspec.Struct, frozen=True):
    """Of a decision on a command, when that took effect."""

    why: _Why = _Why()


def _appended_at(
    source: Entry, decision: Entry, head: Head, clocks: list[tuple[int, EngineClock]], history: History
) -> Instant:
    """When the broker had a command, in engine time: by the mapping of the start of the stack that decided it.

    ``reference`` is compacted: of an accelerated stack started several times, early mappings may be gone. What the
    record says took effect is the bound then.
    """
    mapping = None
    for since, clock in clocks:
        if since <= decision.appended_ms:
            mapping = clock
    if mapping is not None:
        return mapping.engine(source.appended_ms)
    history.bounded += 1
    try:
        effective_at = codec.decode(decision.value or b"", _Effective).why.facts.effective_at
    except UNREADABLE:
        effective_at = None  # broken further on: it comes out differently in any case
    return head.at if effective_at is None else effective_at
