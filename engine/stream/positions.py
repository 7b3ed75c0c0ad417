"""Where a partition stands by its own records, and whether the log still fits: an alarm and a stop, never a reset
(DESIGN 5.3)."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, NamedTuple

from aiokafka import ConsumerRecord

from engine.errors import OwnRecordUnreadable, PositionOutOfRange, UndecodableRecord
from engine.kafka.fetched_batches import Loose, Unreadable
from engine.kafka.newer_records import kind_of, own_fault
from engine.kafka.port import Log
from engine.kafka.read_to_end import to_end
from engine.observability.json_logging import told
from engine.stream.aside import AmongMany, Aside, Pairs
from engine.stream.contracts import Out, Record
from rules.errors import UnfitTicket
from topics import codec
from topics.ids import Instant
from topics.registry import DECISIONS, INCIDENTS, STATE
from topics.ticket import Marker, Ticket

MARKER = b"m:"
"""Key of the marker in a state topic."""

TICKET = b"t:"
"""What the key of a ticket in ``tickets.state`` begins with."""

IN_TRANSACTIONS = frozenset({INCIDENTS.name, DECISIONS.name})
"""Inputs that our stages alone write: behind each record of theirs comes the marker of its transaction."""


FORM = "form"
"""Header of a marker: the form of tickets that whoever wrote it knows, so that all of them here can be read by it."""

STATE_BYTES = 8 * 1024 * 1024
"""Most that one fetch brings of a state partition."""

LESS = (
    "{} has lost records (restore it), or a transaction hangs in it (the runbook PartitionStopped says how to tell);"
    " nothing was redone"
)
"""Of a state that says less than was done."""


class Loaded(NamedTuple):
    """What was found at the end of a state topic's partition."""

    marker: Marker | None
    vouched: bool
    """Whether an engine that knows tickets of the same form has written here last: it had read each of them."""


@cache
def vouching() -> tuple[tuple[str, bytes], ...]:
    """Give the headers by which a marker says that all tickets of its partition can be read by this engine."""
    return ((FORM, codec.form_of(Ticket)),)


def marking(topic: str, number: int, marker: Marker) -> Out:
    """Give the record that says where a partition stands, and vouches for what stands there."""
    return Out(topic, number, MARKER, codec.encode(marker), vouching())


async def load_state(
    log: Log,
    topic: str,
    number: int,
    load: Callable[[bytes, bytes | None], None],
    stranger: Callable[[int, str], None],
    many: Callable[[Pairs], None] | None = None,
) -> Loaded:
    """Fold a state topic's partition from its beginning to its end.

    Args:
        log: Of the stack.
        topic: Logical name of the state topic.
        number: The partition.
        load: Takes each record but the marker.
        stranger: Told of each offset that was written outside of any transaction, and why it cannot be read.
        many: Takes many in the place of ``load``, which is then asked only where one of them cannot be read: all are
            folded once more, to say which it is.

    Raises:
        OwnRecordUnreadable: A record of ours cannot be read.
        StateFromNewer: A record was written by a newer engine.
        PositionOutOfRange: There is state, and no marker that says how far it reaches.
    """
    if many is not None:
        try:
            return await _folded(log, topic, number, load, stranger, many)
        except AmongMany:
            pass
    return await _folded(log, topic, number, load, stranger, None)


async def _folded(
    log: Log,
    topic: str,
    number: int,
    load: Callable[[bytes, bytes | None], None],
    stranger: Callable[[int, str], None],
    many: Callable[[Pairs], None] | None,
) -> Loaded:
    marker, vouched, found = None, False, False
    pieces = to_end(log, topic, [number], partition_bytes=STATE_BYTES, unreadable=True, pairs=many is not None)
    async with Aside(many) as aside:
        async for records in pieces:
            some: list[tuple[bytes, bytes | None]] = []
            for record in records:
                if type(record) is list:
                    some += record
                    found = True
                    continue
                if record.key != MARKER:  # of which only the last counts: the others are taken in their order
                    await aside.fold(some)
                    await aside.done()
                    some = []
                try:
                    if type(record) is not ConsumerRecord:
                        _look_closer(topic, number, record)
                    if record.key == MARKER:
                        marker, vouched = codec.decode(record.value, Marker), _vouches(record)
                    else:
                        load(record.key, record.value)
                        found = True
                except Exception as exc:  # whatever a key or value of somebody else's raises
                    if not (record.loose if type(record) is Unreadable else type(record) is Loose):
                        where, kind = f"{topic}/{number} offset {record.offset}", kind_of(topic, record.key)
                        raise own_fault(where, topic, record.value, kind, exc, number, record.offset) from exc
                    stranger(record.offset, told(exc))
            await aside.fold(some)
        await aside.done()
    if marker is None and found:
        raise lost_marker(topic, number)
    return Loaded(marker, vouched)


def _vouches(record: ConsumerRecord) -> bool:
    return type(record) is not Loose and tuple(record.headers) == vouching()


def _look_closer(topic: str, number: int, record: Any) -> None:
    """See that what cannot be read, or is a stranger's, is not taken for a ticket."""
    if type(record) is Unreadable:
        raise UndecodableRecord(record.why, topic=topic, partition=number, offset=record.offset)
    if record.key[:2] == TICKET and record.value is not None:
        codec.decode(record.value, Ticket)  # of ours the head is read alone: what is none would be noticed too late


async def unfit_ticket(log: Log, topic: str, number: int) -> None:
    """Look for the ticket that cannot be read: of each its head was, and which one it is shows only now.

    Raises:
        StateFromNewer, OwnRecordUnreadable: Names it.
    """

    def look(key: bytes, value: bytes | None) -> None:
        if key[:2] == TICKET and value is not None:
            codec.decode(value, Ticket)

    await load_state(log, topic, number, look, lambda offset, why: None)


@asynccontextmanager
async def naming_unfit(log: Log, topic: str, number: int) -> AsyncIterator[None]:
    """Should something be asked of a ticket that cannot be read, say which one it is and stop the partition."""
    try:
        yield
    except UnfitTicket:
        await unfit_ticket(log, topic, number)
        raise


def lost_marker(topic: str, number: int) -> PositionOutOfRange:
    """Say that a partition would begin anew although it has begun before."""
    return PositionOutOfRange(
        f"{topic}/{number} has lost the marker of how far its partition has come, and there is work of that partition"
        " on the log; to begin anew would do it a second time. Restore the topic",
        topic=topic,
        partition=number,
    )


def nothing_lost(topic: str, ours: int, begin: int, end: int) -> bool:
    """Say whether nothing readable can lie between our position and what the log holds; no group's offsets are asked
    (decision 0013).

    Positions are stored behind what was read, markers included. Where the one offset that is missing is also the log's
    last,
    it was the marker of the transaction read last: a record there would have its own marker behind it.
    """
    return begin <= ours <= end or (0 < ours == begin - 1 and begin == end and topic in IN_TRANSACTIONS)


def position(topic: str, number: int, ours: int, begin: int, end: int, group: int | None, state: str) -> int:
    """Give the offset to go on from.

    Args:
        topic: Logical name of the input.
        number: Its partition.
        ours: The next offset to be decided, by our own records.
        begin: First offset of the log.
        end: Behind its last.
        group: Where the consumer group stands; ``None`` where its offsets have expired: nothing rests on them.
        state: The topic of our own records.

    Raises:
        PositionOutOfRange: Something readable may lie between our state and the log, or the group stands further than
            our state.
    """
    where = f"{topic}/{number}"
    if not nothing_lost(topic, ours, begin, end):
        raise PositionOutOfRange(
            f"{where}: our state stands at {ours}, the log holds {begin} to {end}; "
            "records were dropped or the topic was made anew. Restore the topic, or set up a new prefix",
            topic=topic,
            partition=number,
            offset=ours,
        )
    if group is not None and group > ours:
        raise PositionOutOfRange(
            f"{where}: the group stands at {group}, our state only at {ours}; {LESS.format(state)}",
            topic=topic,
            partition=number,
            offset=ours,
        )
    return max(ours, begin)


def demand_newest(number: int, ours: Instant, decided: Instant) -> None:
    """See that the state is not older than the log: each transaction writes both.

    Raises:
        PositionOutOfRange: Something was decided later than the state knows.
    """
    if decided > ours:
        raise PositionOutOfRange(
            f"{DECISIONS.name}/{number}: decided last at {decided}, our state only knows of {ours};"
            f" {LESS.format(STATE.name)}",
            topic=DECISIONS.name,
            partition=number,
            offset=decided,
        )


def demand_readable(records: Iterable[Record]) -> None:
    """See that what our stages wrote can be read: passing one by would lose what it says.

    Raises:
        OwnRecordUnreadable: One cannot.
    """
    for record in records:
        if record.unreadable and not record.loose and record.topic in IN_TRANSACTIONS:
            raise OwnRecordUnreadable(
                f"{record.id} is ours and cannot be read ({record.unreadable}); restore {record.topic}",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
            )
