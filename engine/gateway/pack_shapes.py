"""The form of what is told of the law in force and of a command's fate, as types (``engine.gateway.shapes``)."""

from functools import cache
from typing import Any

import msgspec

from engine.gateway.shapes import Named, Past, Row, Seats, TicketTold, Who
from engine.gateway.shared_views import View, Views
from topics.ids import Instant


class CategoryTold(Named):
    """A kind of incident, and the ladder it climbs."""

    ladder: str


class PartyTold(Named):
    """A party of the split, and its share of a hundred tickets."""

    share: int


class GridTold(Named):
    """A grid of any level, and the one it lies in."""

    parent: str | None


class Pack(msgspec.Struct, kw_only=True):
    """The law's lists."""

    ref: str
    name: str
    title: str
    title_zh: str
    timezone: str
    now: Instant
    speed: int
    """Seconds of engine time in one of the wall clock's."""
    worktime: list[tuple[Instant, Instant]] = []
    """Stretches of working time around now, ``[begin, end)``."""
    categories: list[CategoryTold]
    departments: list[Named]
    unplaced: str
    """The home of what could not be placed."""
    homes: list[Named]
    ladders: dict[str, list[Named]]
    parties: list[PartyTold]
    grids: list[GridTold] = []
    people: dict[str, str] = {}
    """Id -> name of who stands on the roster; like the grids for people alone."""


class Decided(msgspec.Struct, kw_only=True):
    """What the law said of a command."""

    command: str
    decision: str
    reason: str
    events: list[str]
    version: int
    ask: str
    first_decision: str | None = None


class Taken(msgspec.Struct):
    """A report is safe."""

    identity: str
    ask: str
    link: str | None = None
    """Address of the page for whoever reported; absolute where the gateway knows its own address."""


class PhotoKept(msgspec.Struct):
    """A picture that was taken."""

    photo: str
    """The SHA-256 of what is kept of it."""
    proof: str
    """How a command names it as proof."""
    bytes: int


class QueuePage(msgspec.Struct, kw_only=True):
    """A page of a queue."""

    queue: str
    rows: list[Row]
    now: Instant
    next: str | None = None


SHAPES: dict[str, Any] = {
    "session_show": Who,
    "seats": Seats,
    "pack": Pack,
    "ticket": TicketTold,
    "history": Past,
    "queue": QueuePage,
    "views": Views,
    "view_add": View,
    "command": Decided,
    "report": Taken,
    "photo_add": PhotoKept,
}
"""Route -> the form of its answer."""
TEMPLATE = "#/components/schemas/{name}"


@cache
def components() -> tuple[dict[str, Any], dict[str, Any]]:
    """Give each shaped route's schema, and the schemas they are made of."""
    schemas, parts = msgspec.json.schema_components(list(SHAPES.values()), ref_template=TEMPLATE)
    return dict(zip(SHAPES, schemas, strict=True)), parts
