"""A pack's ``feed.yaml``: which columns of a source mean what (LAW 8)."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import InvalidSettings
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
    """A grid code out of a column: in ``format``, ``{}`` stands for the column's text, ``{:03d}`` for its number, padded."""

    column: str
    format: Annotated[str, Field(pattern=r"^[^{}]*\{(:0?[0-9]*d)?\}[^{}]*$")] = "{}"

    def code(self, text: str) -> str:
        """The code of a grid.

        Raises:
            ValueError: A number is wanted, and the text is none.
        """
        return self.format.format(text if "{}" in self.format else int(text))


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
