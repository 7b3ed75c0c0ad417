"""How a pack's ``feed.yaml`` turns the columns of a source into an incident and, later, its closing (LAW 8)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import InvalidSettings
from engine.feed.rows import Row
from topics.ids import Instant, identity
from topics.vocabulary import Channel, CommandKind

ClosingKind = Literal[CommandKind.CLOSE_BY_SOURCE, CommandKind.CANCEL]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChannelMap(_Part):
    """By which way a row came in: a column's word, looked up; ``default`` for words that are not listed."""

    column: str
    map: dict[str, Channel] = {}
    default: Channel = Channel.IMPORT


class GridMap(_Part):
    """A grid code out of a column: ``{}`` in ``format`` stands for the column's text."""

    column: str
    format: str = "{}"


class LocationMap(_Part):
    """Where a row lies; columns that are empty in a row are left out."""

    lat: str | None = None
    lon: str | None = None
    crs: Literal["WGS84", "GCJ02", "BD09"] = "WGS84"
    grid: GridMap | None = None
    address: str | None = None


class PromiseMap(_Part):
    """Until when the source promised it: ``at`` takes the moment as it stands, ``midnight_after`` the end of that day."""

    column: str
    rule: Literal["at", "midnight_after"] = "at"


class ClosingWord(_Part):
    """What a status of the source asks of the ticket, and why."""

    kind: ClosingKind
    reason: Annotated[str, Field(min_length=1)]


class ClosingMap(_Part):
    """When a row was closed at its source, and as what."""

    at: str
    status: str
    map: dict[str, ClosingWord]


class FeedMap(_Part):
    """A pack's ``feed.yaml``. Times without a zone are in ``timezone``."""

    source: Annotated[str, Field(min_length=1)]
    id: str
    occurred_at: str
    timezone: str = "UTC"
    category: str | None = None
    channel: ChannelMap | None = None
    text: str | None = None
    location: LocationMap = LocationMap()
    promised_by: PromiseMap | None = None
    attributes: dict[str, str] | tuple[str, ...] = ()
    """Columns that go along, under their own name or (name: column) another."""
    closing: ClosingMap | None = None

    def zone(self) -> ZoneInfo:
        """The zone of times that name none."""
        return ZoneInfo(self.timezone)


class Closing(BaseModel):
    """The end of a row at its source."""

    model_config = ConfigDict(frozen=True)

    at: Instant
    kind: ClosingKind
    reason: str


class Mapped(BaseModel):
    """A row as it will be sent: ``data`` of the CloudEvent, or the raw columns where a fault keeps it from being mapped."""

    model_config = ConfigDict(frozen=True)

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


def load_feed_map(folder: Path) -> FeedMap:
    """Read a pack's ``feed.yaml``.

    Raises:
        InvalidSettings: There is none, or it does not fit; every fault is listed.
    """
    path = folder / "feed.yaml"
    try:
        feed = FeedMap.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        feed.zone()
    except FileNotFoundError as error:
        raise InvalidSettings(f"{folder.name} has no feed.yaml, so its columns cannot be mapped") from error
    except (ValidationError, yaml.YAMLError, KeyError) as error:
        raise InvalidSettings(f"{path}: {error}") from error
    return feed


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
        found["grid"] = where.grid.format.replace("{}", grid)
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
