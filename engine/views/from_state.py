"""Makes a partition of the view from ``tickets.state``: what the log no longer tells, the state still does (DESIGN 3,
5)."""

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import read_own
from engine.settings import Settings
from engine.stream.positions import load_state
from engine.views.rows import MOST_VERSION, Row, held_row, row_of
from topics import codec
from topics.ids import Instant, home_of, partition_of
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, STATE
from topics.ticket import Duties, HeldCause, Ticket
from topics.vocabulary import ClockKind

if TYPE_CHECKING:
    from engine.views.redis_view import RedisView

T = TypeVar("T")

CHUNK = 500
"""Rows in one script."""


class Image(NamedTuple):
    """What a partition of the state holds, for people to look at."""

    tickets: dict[str, bytes]
    held: dict[str, HeldCause]
    position: int
    """All decisions before this offset are in it; later ones may be as well, and are told by their versions."""


async def image_of(settings: Settings, partition: int) -> Image:
    """Read a partition of ``tickets.state`` to its end."""
    tickets: dict[str, bytes] = {}
    held: dict[str, HeldCause] = {}

    def take(key: bytes, value: bytes | None) -> None:
        # what cannot be read is told here, where a stranger's is passed by
        if key[:2] == b"t:":
            _put(tickets, key[2:].decode(), value)
        elif key[:2] == b"h:":
            _put(held, key[2:].decode(), None if value is None else codec.decode(value, HeldCause))

    marker, _ = await load_state(KafkaLog(settings), STATE.name, partition, take, lambda offset, why: None)
    return Image(tickets, held, marker.positions.get(DECISIONS.name, 0) if marker else 0)


def _put(into: dict[str, T], name: str, value: T | None) -> None:
    if value is None:
        into.pop(name, None)
    else:
        into[name] = value


async def duties_of(settings: Settings, partition: int) -> dict[str, Duties]:
    """Give the roster's changes that stand in a partition, ``<role>:<person>`` -> what was changed."""
    found: dict[str, Duties] = {}

    def take(key: bytes, value: bytes | None) -> None:
        if key[:2] == b"d:":
            _put(found, key[2:].decode(), None if value is None else codec.decode(value, Duties))

    await load_state(KafkaLog(settings), STATE.name, partition, take, lambda offset, why: None)
    return found


async def standing(settings: Settings, ticket: str) -> bytes | None:
    """Give a ticket's image by the state alone; ``None``: there is none, or it is forgotten."""
    return (await image_of(settings, partition_of(home_of(ticket), settings.partitions))).tickets.get(ticket)


async def rebuild(view: "RedisView", settings: Settings, partition: int, expected: int, begin: int) -> int:
    """Put a partition of the view in as the state has it, whatever stood there; answers the position to go on from."""
    image = await image_of(settings, partition)
    read = {
        name: read_own(f"{STATE.name}/{partition} t:{name}", value, Ticket) for name, value in image.tickets.items()
    }
    await view.know({ticket.pack for ticket in read.values()})
    await view.begin_generation()
    rows = [
        row_of(name, ticket.version, image.tickets[name], overdue_since(ticket), ticket, view.laws)
        for name, ticket in read.items()
    ]
    rows += [held_row(name, cause.at, cause.home) for name, cause in image.held.items()]
    known = {row.id for row in rows}
    rows += [
        Row(name, MOST_VERSION)
        for name in await view.names()
        if name not in known and partition_in(name, settings.partitions) == partition
    ]
    after = max(begin, image.position)
    for n in range(0, len(rows), CHUNK):
        await view.write(partition, rows[n : n + CHUNK], expected, expected)
    await view.write(partition, [], expected, after)
    return after


def overdue_since(ticket: Ticket) -> Instant:
    """Give when a ticket became overdue as far as its image knows: its leg began then, or later; else its deadline, or
    when it came."""
    legs = [clock.started_at for clock in ticket.clocks if clock.kind == ClockKind.LEG]
    return min(legs, default=ticket.deadline_at or ticket.received_at)


def partition_in(name: str, partitions: int) -> int:
    """In which partition the ticket or the held cause of this name is decided."""
    first, _, rest = name.partition(":")
    if first in (INCIDENTS.name, COMMANDS.name):
        return int(rest.split(":")[0])
    return partition_of(home_of(rest.split(":")[0] if first == "clock" else name), partitions)
