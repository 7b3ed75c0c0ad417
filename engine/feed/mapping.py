"""Turns the columns of a source into an incident and, later, its closing, as the pack's ``feed.yaml`` says (LAW 8)."""

from collections.abc import Iterable

from engine.feed.feedmap import FeedMap
from engine.feed.mapped import Mapped
from engine.feed.moments import Local, instants, moment_of, order_of, told_by
from engine.feed.row_reading import Reading, machine
from engine.feed.rows import Row, Wanted
from topics.ids import Instant


def wanted_of(feed: FeedMap) -> Wanted:
    """What a file must have for this map."""

    def is_row(columns: dict[str, str]) -> bool:
        try:
            moment_of(machine(columns.get(feed.occurred_at, "")), feed.dates)
        except ValueError:
            return False
        return bool(columns.get(feed.id, ""))

    return Wanted(feed.columns(), feed.delimiter, feed.encoding, is_row=is_row)


def map_rows(feed: FeedMap, rows: Iterable[Row]) -> list[Mapped]:
    """Turn rows into what is sent, in the order of the file; a time that comes twice is told by the row before it."""
    listed = list(rows)
    locals_ = [_local(feed, row) for row in listed]
    order = order_of(one.first for one in locals_ if one is not None and one.first == one.second)
    before: Instant | None = None
    first: dict[str, Row] = {}
    found = []
    for row, local in zip(listed, locals_, strict=True):
        at, told = (None, True) if local is None else told_by(before, order, local)
        mapped = Reading(feed, row, at, told=told).mapped(first)
        before = before if at is None else at
        found.append(mapped)
    return found


def map_row(feed: FeedMap, row: Row) -> Mapped:
    """Turn one row into what is sent."""
    return map_rows(feed, [row])[0]


def _local(feed: FeedMap, row: Row) -> Local | None:
    try:
        return instants(moment_of(machine(row.columns.get(feed.occurred_at, "")), feed.dates), feed.zone())
    except (ValueError, OverflowError):
        return None  # said again, with its column, when the row is read
