"""Turns the columns of a source into an incident and, later, its closing, as the pack's ``feed.yaml`` says (LAW 8)."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from engine.feed.feedmap import ClosingKind, FeedMap, LocationMap
from engine.feed.rows import Row
from topics.ids import Instant, identity
from topics.vocabulary import Channel


class Closing(NamedTuple):
    """The end of a row at its source."""

    at: Instant
    kind: ClosingKind
    reason: str


class Mapped(NamedTuple):
    """A row as it will be sent: ``data`` of the CloudEvent, or the raw columns where a fault keeps it from being mapped."""

    number: int
    source: str
    id: str
    at: Instant | None
    """When it occurred; ``None`` when that cannot be read."""
    data: dict[str, Any]
    fault: str | None = None
    closing: Closing | None = None

    @property
    def identity(self) -> str:
        """``<source>:<id>``."""
        return identity(self.source, self.id)


def map_row(feed: FeedMap, row: Row) -> Mapped:
    """Turn a row into what is sent; a row at fault keeps its columns as they are, for intake to reject with a reason."""
    name = row.columns.get(feed.id, "").strip() or f"row-{row.number}"
    fault = row.fault
    if fault is None:
        try:
            at = _moment(feed, row.columns.get(feed.occurred_at, ""))
            data, closing = _data(feed, row.columns), _closing(feed, row.columns)
            return Mapped(number=row.number, source=feed.source, id=name, at=at, data=data, closing=closing)
        except (ValueError, OverflowError) as error:
            fault = str(error)
    return Mapped(number=row.number, source=feed.source, id=name, at=None, data=dict(row.columns), fault=fault)


def _data(feed: FeedMap, columns: dict[str, str]) -> dict[str, Any]:
    found = {
        "occurred_at": _written(_time(feed, columns.get(feed.occurred_at, ""))),
        "channel": _channel(feed, columns),
        "category": _optional(columns, feed.category),
        "text": _optional(columns, feed.text),
        "location": _location(feed.location, columns),
        "promised_by": _promised(feed, columns),
        "attributes": _attributes(feed, columns),
    }
    return {name: value for name, value in found.items() if value is not None and value != {}}


def _optional(columns: dict[str, str], column: str | None) -> str | None:
    return columns.get(column, "").strip() or None if column else None


def _channel(feed: FeedMap, columns: dict[str, str]) -> str:
    if feed.channel is None:
        return Channel.IMPORT.value
    return feed.channel.map.get(columns.get(feed.channel.column, "").strip(), feed.channel.default).value


def _location(where: LocationMap, columns: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    lat, lon = _optional(columns, where.lat), _optional(columns, where.lon)
    if lat is not None and lon is not None:
        found = {"lat": _degrees(lat), "lon": _degrees(lon), "crs": where.crs}
    grid = _optional(columns, where.grid.column) if where.grid else None
    if where.grid and grid is not None:
        found["grid"] = where.grid.code(grid)
    address = _optional(columns, where.address)
    return found | ({"address": address} if address is not None else {})


def _degrees(text: str) -> float:
    value = float(text)
    if not -180 <= value <= 180:  # also refuses NaN
        raise ValueError(f"{text!r} is no degree of latitude or longitude")
    return value


def _promised(feed: FeedMap, columns: dict[str, str]) -> str | None:
    text = _optional(columns, feed.promised_by.column) if feed.promised_by else None
    if feed.promised_by is None or text is None:
        return None
    moment = _time(feed, text)
    if feed.promised_by.rule == "midnight_after":
        moment = datetime.combine(moment.astimezone(feed.zone()).date() + timedelta(days=1), datetime.min.time(), feed.zone())
    return _written(moment)


def _attributes(feed: FeedMap, columns: dict[str, str]) -> dict[str, str]:
    names = feed.attributes if isinstance(feed.attributes, dict) else {column: column for column in feed.attributes}
    return {name: value for name, column in names.items() if (value := columns.get(column, "").strip())}


def _closing(feed: FeedMap, columns: dict[str, str]) -> Closing | None:
    """The row's end, if it has one that the pack knows what to do with."""
    if feed.closing is None:
        return None
    at, word = columns.get(feed.closing.at, "").strip(), feed.closing.map.get(columns.get(feed.closing.status, "").strip())
    return Closing(at=_moment(feed, at), kind=word.kind, reason=word.reason) if at and word else None


def _time(feed: FeedMap, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no time; one looks like 2018-01-01T08:00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=feed.zone())


def _written(moment: datetime) -> str:
    return moment.isoformat()


def _moment(feed: FeedMap, text: str) -> Instant:
    return (_time(feed, text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
