"""Dispatch: carries incidents, commands and due clocks of one partition to the law, and the law's outcome to the
log."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from engine.observability.metrics import StageMetrics
from engine.observability.traces import Trail
from engine.stages.dispatch_metrics import Counted
from engine.stream.contracts import Out, Record
from engine.stream.passed_by import offsets, passed_by, rejection
from rules.decide import decide
from rules.law.compiled import Law
from rules.masking.masker import is_american, masked_command
from rules.state.causes import ClockCause, CommandCause, IncidentCause, Outcome
from rules.state.held_causes import set_aside, set_aside_record
from rules.state.partition_state import Book
from topics import bounds, codec
from topics.command import AGAIN, Actor, Command
from topics.events.types import EventType
from topics.hostile_json import parse
from topics.ids import Instant, clock_id, partition_of, record_id
from topics.incident import REPORTED, AnyIncident
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, STATE
from topics.ticket import HeldCause
from topics.unreadable import UNREADABLE
from topics.vocabulary import CommandKind, Role

_incident: Final = codec.decoder(AnyIncident)
_encode: Final = codec.encode
_INCIDENTS: Final = INCIDENTS.name
_DECISIONS: Final = DECISIONS.name
_DISPATCHED: Final = EventType.TASK_DISPATCHED
"""Looked up once: each record asks for them (``rules.ticket.offers``)."""

INPUTS = (INCIDENTS, COMMANDS)

_QUOTED = re.compile(r"'[^']*+'?|`(?!\$)[^`]*+`?")
"""What the decoder quotes of the record: somebody's words."""


def cause_of(record: Record, speed: int = 1, american: bool = False) -> IncidentCause | CommandCause:
    """Read a record of an input as a cause; what others wrote and cannot be read is a command that is refused.

    Raises:
        msgspec.DecodeError: An incident cannot be read that is ours: it becomes ``held``.
    """
    if record.unreadable:
        return CommandCause(
            id=record.id,
            command=_unreadable(record, f"{offsets(record)} cannot be read: {record.unreadable}"),
            appended_at=record.appended_at,
        )
    given = _header(record, AGAIN)
    if given is not None:
        return _again(record, given, speed, american)
    if record.topic == _INCIDENTS:
        value = record.value or b""
        try:
            if record.loose and len(value) > bounds.STRANGER_BYTES:
                raise msgspec.ValidationError(f"more than {bounds.STRANGER_BYTES} bytes - at `$.value`")
            return IncidentCause(record_id(_INCIDENTS, record.partition, record.offset), _incident(value))
        except UNREADABLE as exc:
            if not record.loose:
                raise
            return CommandCause(id=record.id, command=_unreadable(record, str(exc)), appended_at=record.appended_at)
    return CommandCause(id=record.id, command=_command(record, american), appended_at=record.appended_at, speed=speed)


def _again(record: Record, given: bytes, speed: int, american: bool) -> CommandCause:
    """Somebody asks for a held cause to be decided again: the record is that cause, its header the command that says
    so."""
    command = _command(msgspec.structs.replace(record, value=given), american)
    if command.kind is not CommandKind.RETRY_HELD:
        command = (
            command
            if command.kind is CommandKind.UNREADABLE
            else _unreadable(record, f"its header {AGAIN} is no retry_held")
        )
        return CommandCause(id=record.id, command=command, appended_at=record.appended_at)
    again = cause_of(msgspec.structs.replace(record, headers=()), speed, american)
    return CommandCause(
        id=record.id,
        command=command,
        appended_at=record.appended_at,
        speed=speed,
        again=again,
        sha256=_sum(record.value),
    )


def _reported(record: Record) -> bytes | None:
    """Give the broker's time of the report, as intake has written it beside the incident."""
    return None if record.loose or record.topic != _INCIDENTS else _header(record, REPORTED)


def _header(record: Record, wanted: str) -> bytes | None:
    for name, value in record.headers:
        if name == wanted:
            return value
    return None


def _sum(value: bytes | None) -> str:
    return hashlib.sha256(value or b"").hexdigest()


def _held_before(record: Record) -> str | None:
    """Name the held cause that a record has decided again, if it does."""
    given = _header(record, AGAIN)
    return None if given is None else _command(msgspec.structs.replace(record, value=given)).target


def _command(record: Record, american: bool = False) -> Command:
    try:
        if len(record.value or b"") > bounds.COMMAND_BYTES:
            raise msgspec.ValidationError(f"a command of more than {bounds.COMMAND_BYTES} bytes - at `$.value`")
        return masked_command(_sound(record.value or b""), american)
    except (*UNREADABLE, ValueError) as exc:
        return _unreadable(record, str(exc))


def _unreadable(record: Record, why: str) -> Command:
    return Command(
        id=record.id,
        kind=CommandKind.UNREADABLE,
        actor=Actor(Role.SOURCE, "unknown"),
        accepted_at=record.appended_at,
        reason=_QUOTED.sub("…", why)[:300],
    )


def _sound(value: bytes) -> Command:
    """Read a command as every door reads: each member once, or two readers would read two commands.

    Raises:
        ValueError: It is none; the field is named.
    """
    command = codec.decode(value, Command)
    if codec.encode(command) != value:  # what our own doors write comes out as it went in
        parse(value)
    return command


class DispatchCore:
    """One partition: its book of tickets, and the laws by which they were filed."""

    def __init__(
        self,
        partition: int,
        partitions: int,
        laws: Mapping[str, Law],
        *,
        metrics: StageMetrics,
        speed: int = 1,
        trail: Trail | None = None,
    ) -> None:
        """Start with an empty book; ``speed`` is that of engine time."""
        self._speed = speed
        self._partition, self._partitions, self._laws, self._metrics = partition, partitions, laws, metrics
        self.book = Book(laws)
        self._counted = Counted(metrics, partition, speed)
        self._trail = trail or Trail("dispatch")
        self._masks_by: Law | None = None
        self._masks_american = False

    def load(self, key: bytes, value: bytes | None) -> None:
        """Fold one record of ``tickets.state``."""
        self.book.load(key, value)

    def load_many(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Fold many."""
        self.book.load_many(records)

    def check(self) -> Iterable[None]:
        """Read every ticket whole."""
        return self.book.tickets.check()

    def opened(self, pack: str | None, at: Instant) -> None:
        """Take the pack in force and the last time; rebuild the clocks."""
        self.book.opened(pack, at)
        self._counted.begin(self.book, self._law(), at)

    def take(self, record: Record, at: Instant) -> Iterable[Out]:
        """Decide an incident or a command; what cannot be read is refused, and recorded with its offsets."""
        cause = cause_of(record, self._speed, self._is_american())
        if record.unreadable or (record.loose and record.topic == INCIDENTS.name and isinstance(cause, CommandCause)):
            why = record.unreadable or "no incident"
            passed_by(self._metrics, record, why)
            return [
                *self._decide(cause, at),
                rejection(msgspec.structs.replace(record, unreadable=why), at, self._partition),
            ]
        return self._decide(cause, at, trace=self._trail.after(record), reported=_reported(record))

    def _is_american(self) -> bool:
        """Whether commands are masked as in an American city; worked out once for each law in force."""
        law = self._law()
        if law is not self._masks_by:
            self._masks_by, self._masks_american = law, law is not None and is_american(law.bundle.timezone)
        return self._masks_american

    def _law(self) -> Law | None:
        return self._laws.get(self.book.pack or "")

    def written(self, appended_ms: int) -> None:
        """End the spans of what is committed."""
        self._trail.written()

    def next_due(self) -> Instant | None:
        """When the earliest rung is due."""
        return self.book.next_due()

    def fire(self, until: Instant, at: Instant) -> Iterable[Out] | None:
        """Decide the earliest rung due until then."""
        cause = self.book.first_due(until)
        if cause is None:
            return None
        if cause.rung >= 100:
            self._counted.breach(cause, self.book.tickets.look(cause.ticket))
        return self._decide(cause, at, due_at=cause.due_at or None)  # 0: nobody knows its moment

    def _decide(
        self,
        cause: IncidentCause | CommandCause | ClockCause,
        at: Instant,
        *,
        due_at: Instant | None = None,
        trace: Sequence[tuple[str, bytes]] = (),
        reported: bytes | None = None,
    ) -> list[Out]:
        outcome = decide(self.book, self._laws, cause, at)
        self.book.apply(outcome)
        self._counted.see(outcome, due_at)
        if outcome.pack is not None and (law := self._law()) is not None:
            self._counted.band(law)
        decision, headers = outcome.decision, trace
        if reported is not None and any(event.type == _DISPATCHED for event in decision.events):
            headers = ((REPORTED, reported), *trace)
        outs = [Out(_DECISIONS, self._partition, decision.home.encode(), _encode(decision), headers)]
        if outcome.referrals:
            outs += self._referred(outcome, trace)
        return outs

    def _referred(self, outcome: Outcome, trace: Sequence[tuple[str, bytes]]) -> list[Out]:
        return [
            Out(_INCIDENTS, partition_of(home, self._partitions), home.encode(), _encode(referred), trace)
            for home, referred in outcome.referrals
        ]

    def flush(self) -> Iterable[Out]:
        """Give the state that this step has changed, each key once."""
        self._counted.tell(self.book, self._law())
        return [Out(STATE.name, self._partition, key, value) for key, value in self.book.flush()]

    def hold(self, record: Record, at: Instant) -> Iterable[Out]:
        """Set a record aside: the law makes the decision that says so."""
        value, key = record.value or b"", (record.key or b"")[:100]
        home = key.decode(errors="replace")
        cause = HeldCause(at=at, home=home, size=len(value), sha256=_sum(value), appended_at=record.appended_at)
        outcome = set_aside_record(self.book, at, record.id, _held_before(record), home, cause)
        self.book.apply(outcome)
        return [Out(DECISIONS.name, self._partition, key or None, codec.encode(outcome.decision))]

    def packs(self) -> Iterable[str]:
        """Name the packs by which the tickets were filed."""
        return self.book.packs

    def due_id(self) -> str | None:
        """Name the decision that the earliest clock causes."""
        due = self.book.next_due()
        cause = None if due is None else self.book.first_due(due)
        return (
            None
            if cause is None
            else clock_id(
                cause.ticket, self.book.tickets[cause.ticket].generation, cause.kind, cause.number, cause.rung
            )
        )

    def hold_due(self, at: Instant) -> Iterable[Out]:
        """Set the earliest clock's rung aside: it never fires, and the record says so."""
        cause = self.book.first_due(at)
        if cause is None:
            return ()
        outcome = set_aside(self.book, cause, at)
        self.book.apply(outcome)
        return [Out(DECISIONS.name, self._partition, outcome.decision.home.encode(), codec.encode(outcome.decision))]

    def pack(self) -> str | None:
        """The pack in force here."""
        return self.book.pack
