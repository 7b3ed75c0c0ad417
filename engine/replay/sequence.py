"""Turns the log into what is replayed: each partition's decisions in order, each with the record it names as its cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from engine.audit.log import Entry, Log
from engine.errors import GridwhistleError
from engine.stage import Record
from engine.stages.dispatch import cause_of
from rules.book import CommandCause, IncidentCause
from rules.replay import Stood, Told
from topics import codec
from topics.ids import Instant
from topics.reference import EngineClock
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, REFERENCE

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
    """Commands of a start of the stack whose clock is no longer on ``reference``: when they were handed in is taken from the record."""

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


class _Why(msgspec.Struct, frozen=True):
    pack: str | None = None
    facts: msgspec.Raw = msgspec.Raw(b"{}")


class _Head(msgspec.Struct, frozen=True):
    """Of a decision, what says which cause it had."""

    id: str
    at: Instant
    cause: Literal["incident", "command", "clock", "held"]
    reason: str
    ticket: str | None = None
    why: _Why = _Why()


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
    begun = begun or {}
    check_beginnings(log, {partition: one.offset for partition, one in begun.items()})
    history, packs, clocks = History(begun=begun, since=since), frozenset(log.bundles()), log.clocks()
    by_topic = {name: by_partition(log.of(name)) for name in INPUTS}
    decided = by_partition([entry for entry in log.of(DECISIONS.name) if log.is_settled(entry)])
    for partition in sorted({*decided, *begun}):
        one = begun.get(partition)
        inputs = {name: _Input(log, name, partition, found.get(partition, []), one.positions.get(name, 0) if one else 0) for name, found in by_topic.items()}
        told = history.partitions[partition] = []
        for entry in decided.get(partition, []):
            if one is not None and entry.offset < one.offset:
                continue
            told.append(_told(entry, inputs, packs, clocks, history))
            if told[-1].kind == "unreadable":
                break  # what it decided nobody knows, and so what follows from it
        else:
            history.waiting += sum(len(given.entries) - given.passed for given in inputs.values())
    history.waiting += sum(len(e) for found in by_topic.values() for p, e in found.items() if p not in history.partitions)
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
                f"the decisions do not begin at the beginning: {topic} of partition {partition} begins at offset {begin}. Retention has "
                "dropped the ones before; only a log that is whole can be replayed, or one from a day (--from) of which there is a checkpoint"
            )


class _Input:
    """One partition of an input: hands out the records that decisions name, and notices the ones passed over."""

    def __init__(self, log: Log, topic: str, partition: int, entries: list[Entry], position: int) -> None:
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
                f"{by} decides {self._topic}:{self._partition}:{offset}, and that record is no longer there: "
                f"{self._topic} of partition {self._partition} begins at offset {self._begin} and holds {len(self.entries)} records"
            )
        if place > self.passed:
            raise Gap(f"{self.entries[self.passed].id} has no decision, although {by} decides a record behind it")
        self.passed = max(self.passed, place + 1)
        return self.entries[place]


def _told(entry: Entry, inputs: dict[str, _Input], packs: frozenset[str], clocks: list[tuple[int, EngineClock]], history: History) -> Told:
    value = entry.value or b""
    try:
        head = codec.decode(value, _Head)
    except (msgspec.DecodeError, RecursionError):
        return Told(entry.id, "", 0, "unreadable", "", None, None, value)
    if head.why.pack is not None and head.why.pack not in packs:
        raise Gap(f"{entry.id} decides {head.id} by the pack {head.why.pack}, which is not on {REFERENCE.name}")
    source = None if head.id.startswith("clock:") else _source(entry, head.id, inputs)
    cause: IncidentCause | CommandCause | None = None
    if source is not None and head.cause != "held":
        cause = cause_of(_record(source, _appended_at(source, entry, head, clocks, history)))
    return Told(entry.id, head.id, head.at, head.cause, head.reason, head.ticket, cause, value)


def _source(entry: Entry, name: str, inputs: dict[str, _Input]) -> Entry:
    """Find the record that a decision names.

    Raises:
        Gap: The name is none of a record in this partition, or the record is gone.
    """
    topic, _, place = name.partition(":")
    partition, _, offset = place.partition(":")
    if topic not in inputs or partition != str(entry.partition) or not offset.isdigit():
        raise Gap(f"{entry.id} decides {name!r}, which is no record of partition {entry.partition}")
    return inputs[topic].named(int(offset), entry.id)


def _record(source: Entry, appended_at: Instant) -> Record:
    return Record(source.topic, source.partition, source.offset, source.key, source.value, source.headers, source.appended_ms, appended_at)


def _appended_at(source: Entry, decision: Entry, head: _Head, clocks: list[tuple[int, EngineClock]], history: History) -> Instant:
    """When the broker had a record, in engine time: by the mapping of the start of the stack that decided it.

    ``reference`` is compacted: of an accelerated stack started several times, early mappings may be gone. What the
    record says took effect is the bound then.
    """
    mapping = None
    for since, clock in clocks:
        if since <= decision.appended_ms:
            mapping = clock
    if mapping is not None:
        return mapping.engine(source.appended_ms)
    if source.topic == COMMANDS.name:
        history.bounded += 1
    facts: dict[str, Any] = msgspec.json.decode(head.why.facts)
    return int(facts.get("effective_at", head.at))
