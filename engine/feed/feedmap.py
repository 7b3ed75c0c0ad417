"""A pack's ``feed.yaml``: which columns of a source mean what, and how its clerks write (LAW 8)."""

import codecs
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from engine.errors import InvalidSettings
from engine.feed.moments import DateKind
from rules.rulepack.loader import PACKS, folder_of, read_yaml
from rules.rulepack.shape import Lines, unreadable, worded
from topics.vocabulary import Channel, CommandKind

ClosingKind = Literal[CommandKind.CLOSE_BY_SOURCE, CommandKind.CANCEL]
Column = Annotated[str, Field(min_length=1, max_length=200)]
FILE = "feed.yaml"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ChannelMap(_Part):
    """By which way a row came in: a column's word, looked up."""

    column: Column
    """The column."""
    map: dict[str, Channel] = {}
    """Word of the column -> hotline, app, patrol, camera, visit, open311 or import."""
    default: Channel = Channel.IMPORT
    """For words that are not listed."""


class CategoryMap(_Part):
    """What a row is about: a column's word, looked up."""

    column: Column
    """The column."""
    map: dict[str, str] = {}
    """Word of the column -> code of a category. A word that is not listed goes on as it stands: it may be a code, label
    or alias."""


class GridMap(_Part):
    """A grid code out of a column."""

    column: Column
    """The column."""
    format: Annotated[str, Field(pattern=r"^[^{}]*\{(:0?[0-9]{0,2}d)?\}[^{}]*$", max_length=100)] = "{}"
    """`{}` stands for the column's text, `{:03d}` for its number, padded."""
    map: dict[str, str] = {}
    """Word of the column -> code of a grid, for those that `format` cannot form."""

    def code(self, text: str) -> str:
        """The code of a grid.

        Raises:
            ValueError: A number is wanted, and the text is none.
        """
        if text in self.map:
            return self.map[text]
        return self.format.format(text if "{}" in self.format else int(text))


class LocationMap(_Part):
    """Where a row lies; columns that are empty in a row are left out."""

    lat: Column | None = None
    """Column of the latitude."""
    lon: Column | None = None
    """Column of the longitude."""
    crs: Literal["WGS84", "GCJ02", "BD09"] = "WGS84"
    """What latitude and longitude refer to."""
    grid: GridMap | None = None
    """The grid, where the source knows it."""
    address: Column | None = None
    """Column of street and number."""


class PromiseMap(_Part):
    """Until when the source promised it."""

    column: Column
    """The column."""
    rule: Literal["at", "midnight_after"] = "at"
    """`at` takes the moment as it stands, `midnight_after` the end of that day."""


class ClosingWord(_Part):
    """What a status of the source asks of the ticket, and why."""

    kind: ClosingKind
    """`close_by_source` or `cancel`."""
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    """The reason that stands in the decision."""


class ClosingMap(_Part):
    """When a row was closed at its source, and as what."""

    at: Column
    """Column of the time at which it was closed."""
    status: Column
    """Column of the status."""
    map: dict[str, ClosingWord | None]
    """Status -> what it asks; `null`: nothing, it is still open. Others are counted as unknown."""


class FeedMap(_Part):
    """A pack's ``feed.yaml``."""

    source: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the source; with the id it is the incident's identity for ever."""
    id: Column
    """Column of the id: every row has its own, the same on every day."""
    occurred_at: Column
    """Column of the time at which it was reported."""
    timezone: str = "UTC"
    """The zone of times that name none."""
    encoding: str = "utf-8"
    """`utf-8`, `gbk` (read as GB18030, which holds it) or another; a byte order mark goes before it."""
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    """What parts the columns of a CSV; left out, it is told by the header."""
    dates: Annotated[tuple[DateKind, ...], Field(min_length=1)] = ("iso",)
    """How times are written, tried in this order: `iso`, `ymd` (2026/3/5 8:05, 2026年3月5日), `dmy`, `mdy`, `excel`
    (46086.34). 24:00 is the next day's 00:00."""
    decimal: Literal[".", ","] = "."
    """What parts the decimals of latitude and longitude."""
    empty: tuple[str, ...] = ()
    """Words that mean: nothing here, e.g. `["N/A", "-", "无"]`."""
    category: Column | CategoryMap | None = None
    """Column of the category (code, label or alias), or a map of its words."""
    channel: ChannelMap | None = None
    """By which way it came in; left out: import."""
    text: Column | None = None
    """Column of what is the matter, at most 4,000 characters."""
    reporter: dict[Annotated[str, Field(min_length=1, max_length=50)], Column] = {}
    """What is known of the reporter -> its column, e.g. `{name: 来电人, phone: 联系电话}`; all of it is sealed at
    intake."""
    location: LocationMap = LocationMap()
    """Where it is."""
    promised_by: PromiseMap | None = None
    """Until when the source promised it."""
    attributes: dict[str, Column] | tuple[Column, ...] = ()
    """Columns that go along, under their own name or (name: column) another; what the pack's `attributes` do not list
    is sealed."""
    closing: ClosingMap | None = None
    """When it was closed at the source."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            "gridwhistle".encode(codecs.lookup(value).name)
        except (LookupError, AttributeError, UnicodeError) as error:
            raise ValueError(f"unknown encoding {value!r}; write utf-8, gb18030 or big5") from error
        return value

    @field_validator("timezone")
    @classmethod
    def _somewhere(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"unknown zone {value!r}; write e.g. Asia/Shanghai") from error
        return value

    def zone(self) -> ZoneInfo:
        """The zone of times that name none."""
        return ZoneInfo(self.timezone)

    def attribute_columns(self) -> dict[str, str]:
        """Attribute -> its column."""
        return self.attributes if isinstance(self.attributes, dict) else {column: column for column in self.attributes}

    @cached_property
    def category_map(self) -> CategoryMap | None:
        """The map of categories; a column's name alone is one without words."""
        return CategoryMap(column=self.category) if isinstance(self.category, str) else self.category

    def columns(self) -> tuple[str, ...]:
        """Every column that a file must have."""
        return tuple(dict.fromkeys(self._columns()))

    def _columns(self) -> Iterator[str]:
        yield from (self.id, self.occurred_at)
        category, where = self.category_map, self.location
        yield from (part.column for part in (category, self.channel, where.grid, self.promised_by) if part)
        yield from (column for column in (self.text, where.lat, where.lon, where.address) if column)
        yield from (*self.reporter.values(), *self.attribute_columns().values())
        if self.closing:
            yield from (self.closing.at, self.closing.status)


def folder_of_pack(pack: str) -> Path:
    """A pack's folder: one of ours by name, else the path as given.

    Raises:
        InvalidSettings: There is none; names the shipped ones.
    """
    folder = folder_of(pack)
    if not pack.strip() or not folder.is_dir():
        names = ", ".join(sorted(path.name for path in PACKS.iterdir() if path.is_dir()))
        raise InvalidSettings(f"no pack {pack!r}; there are {names}, or give a folder")
    return folder


def load_feed_map(folder: Path) -> FeedMap:
    """Read a pack's ``feed.yaml``.

    Raises:
        InvalidSettings: There is none, or it does not fit; every fault is listed with the mend.
    """
    feed, faults = read_feed_map(folder)
    if feed is None:
        raise InvalidSettings(
            f"{folder / FILE} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:\n  " + "\n  ".join(faults)
        )
    return feed


def read_feed_map(folder: Path) -> tuple[FeedMap | None, list[str]]:
    """Read a pack's ``feed.yaml``, or say every fault that keeps it from being read."""
    path = folder / FILE
    try:
        members: dict[str, Any] = read_yaml(path)
    except FileNotFoundError:
        return None, [
            f"{FILE}: there is none, so its columns cannot be mapped; 'gridwhistle pack new' makes one with comments"
        ]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return None, [f"{FILE}: {unreadable(error, path)}"]
    try:
        return FeedMap.model_validate(members), []
    except ValidationError as error:
        lines = Lines(folder)
        return None, [lines.said(FILE, ".".join(map(str, one["loc"])), worded(one, FeedMap)) for one in error.errors()]
