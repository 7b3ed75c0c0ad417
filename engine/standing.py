"""Where a partition stands by its own records, and whether the log still fits: an alarm and a stop, never a reset (DESIGN 5.3)."""

from collections.abc import Callable

from aiokafka import TopicPartition

from engine.errors import OwnRecordUnreadable, PositionOutOfRange, UndecodableRecord
from engine.log import told
from engine.reading import LogConsumer, Loose, Unreadable
from engine.security import kafka_arguments
from engine.settings import Settings
from topics import codec
from topics.registry import DECISIONS, INCIDENTS
from topics.ticket import Marker, Ticket

MARKER = b"m:"
"""Key of the marker in a state topic."""

TICKET = b"t:"
"""What the key of a ticket in ``tickets.state`` begins with."""

IN_TRANSACTIONS = frozenset({INCIDENTS.name, DECISIONS.name})
"""Inputs that our stages alone write: behind each record of theirs comes the marker of its transaction."""


async def load_state(
    settings: Settings, topic: str, number: int, load: Callable[[bytes, bytes | None], None], stranger: Callable[[int, str], None]
) -> Marker | None:
    """Fold a state topic's partition from its beginning to its end; answers the marker.

    Args:
        settings: Of the stack.
        topic: Logical name of the state topic.
        number: The partition.
        load: Takes each record but the marker.
        stranger: Told of each offset that was written outside of any transaction, and why it cannot be read.

    Raises:
        OwnRecordUnreadable: A record of ours cannot be read.
        PositionOutOfRange: There is state, and no marker that says how far it reaches.
    """
    tp = TopicPartition(settings.prefix + topic, number)
    reader = LogConsumer(
        **kafka_arguments(settings), group_id=None, isolation_level="read_committed", auto_offset_reset="earliest", enable_auto_commit=False,
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )  # fmt: skip
    marker: Marker | None = None
    found = False
    await reader.start()
    try:
        reader.assign([tp])
        await reader.seek_to_beginning(tp)
        end = (await reader.end_offsets([tp]))[tp]
        while await reader.position(tp) < end:
            for record in (await reader.fetched(tp, timeout_ms=500)).get(tp, ()):
                try:
                    if type(record) is Unreadable:
                        raise UndecodableRecord(record.why)
                    if record.key == MARKER:
                        marker = codec.decode(record.value, Marker)
                    else:
                        if type(record) is Loose and record.key[:2] == TICKET and record.value is not None:
                            codec.decode(record.value, Ticket)  # tickets are kept as bytes: what is none would be noticed after all is loaded
                        load(record.key, record.value)
                        found = True
                except Exception as exc:  # whatever a key or value of somebody else's raises
                    if not (record.loose if type(record) is Unreadable else type(record) is Loose):
                        raise OwnRecordUnreadable(f"{topic}/{number} offset {record.offset} is ours and cannot be read ({told(exc)}); restore the topic") from exc
                    stranger(record.offset, told(exc))
    finally:
        await reader.stop()
    if marker is None and found:
        raise lost_marker(topic, number)
    return marker


def lost_marker(topic: str, number: int) -> PositionOutOfRange:
    """Say that a partition would begin anew although it has begun before."""
    return PositionOutOfRange(
        f"{topic}/{number} has lost the marker of how far its partition has come, and there is work of that partition on the log; "
        "to begin anew would do it a second time. Restore the topic"
    )


def position(topic: str, number: int, ours: int, begin: int, end: int, group: int, state: str) -> int:
    """Give the offset to go on from.

    Raises:
        PositionOutOfRange: Something readable may lie between our state and the log, or the group stands further than our state.
    """
    where = f"{topic}/{number}"
    if 0 < ours == begin - 1 and begin == end and topic in IN_TRANSACTIONS:
        return begin  # all that retention took beside what we have read is the marker of the last transaction
    if not begin <= ours <= end:
        raise PositionOutOfRange(
            f"{where}: our state stands at {ours}, the log holds {begin} to {end}; "
            "records were dropped or the topic was made anew. Restore the topic, or set up a new prefix"
        )
    if group > ours:
        raise PositionOutOfRange(f"{where}: the group stands at {group}, our state only at {ours}; {state} has lost records. Restore it; nothing was redone")
    return ours
