"""What a pack may add to its law: declared force majeure, likeness of reports, floods, bands, chronic points (LAW 4, 5,
8)."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator

from rules.rulepack.parts import Days, Grids, Metres, Minutes, Source, Text, Word
from topics import bounds


class ForceMajeureSource(Source):
    """A declared window, in local time of the pack's zone: ``{since: 2026-07-20T00:00, until: 2026-07-23T00:00, nodes:
    [...], why: flood}``."""

    since: datetime
    """From when, local time without an offset."""
    until: datetime
    """Until when."""
    nodes: Grids = []
    """Grids in which clocks stand still, with all below; left out: everywhere."""
    why: Annotated[str, Field(min_length=1, max_length=bounds.STANDARD_CHARS)]
    """The reason, for people."""

    @field_validator("since", "until")
    @classmethod
    def _local(cls, value: datetime) -> datetime:
        if value.tzinfo is not None:
            raise ValueError("write local time of the pack's zone, without an offset")
        return value


class AlikeSource(Source):
    """When a new ticket is proposed as a duplicate, or merged at once."""

    id: Text
    """Its name in decisions."""
    minutes: Annotated[int, Field(ge=1, le=50_000)]
    """How far apart in time at most."""
    metres: Metres
    """How far apart at most."""
    score: Annotated[int, Field(ge=0, le=100)]
    """How alike the texts must be, in per cent."""
    categories: Annotated[list[Word], Field(max_length=bounds.CATEGORIES)] = []
    """Which are looked at; left out: all."""
    merges: bool = False
    """Merged at once; else proposed to the desk."""


class StormSource(Source):
    """From how many tickets on a flood is folded into one."""

    count: Annotated[int, Field(ge=2, le=250)]
    """From so many tickets on."""
    minutes: Minutes
    """Within so many minutes."""


class WhistleBandSource(Source):
    """Whistles per hundred tickets of a street."""

    low: Annotated[int, Field(ge=0, le=bounds.WHISTLES)]
    """Fewer is an alarm."""
    high: Annotated[int, Field(ge=1, le=bounds.WHISTLES)]
    """More is an alarm."""
    least: Annotated[int, Field(ge=1, le=bounds.TICKETS)] = 50
    """A street with fewer tickets is not judged."""


class ChronicSource(Source):
    """When a point is chronic (一点一案)."""

    count: Annotated[int, Field(ge=2, le=bounds.TICKETS)]
    """From so many tickets on."""
    days: Days
    """Within so many days."""
    metres: Metres
    """Within so many metres."""
    review_days: Days = 30
    """When somebody must look again."""
