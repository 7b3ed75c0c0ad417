"""A city's law as its people write it: all of its parts together, validated by field (LAW 8)."""

from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, field_validator

from rules.rulepack.extras import AlikeSource, ChronicSource, ForceMajeureSource, StormSource, WhistleBandSource
from rules.rulepack.parts import (
    AddressSource,
    CalendarSource,
    CategorySource,
    Days,
    DepartmentSource,
    LimitSource,
    Minutes,
    NodeSource,
    PersonSource,
    RuleSource,
    ShareSource,
    Source,
    Text,
    TierSource,
    Times,
    Word,
    _limit,
)
from topics import bounds
from topics.vocabulary import ClockKind, Role, Urgency


class PackSource(Source):
    """The whole pack as written."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    """Its name: small letters, digits and `-`; a stack runs packs of one name."""
    title: Text
    """The city, in words."""
    title_zh: Word = ""
    """The city, in Chinese."""
    timezone: Text
    """E.g. `Asia/Shanghai`; days, months and hours are those of this zone."""
    levels: Annotated[list[Word], Field(min_length=2, max_length=bounds.LEVELS)]
    """The levels of the tree of grids, from the top down."""
    home_level: Text
    """The level at which tickets are filed."""
    unplaced: Text
    """The code of the home of what has no place."""
    calendar: CalendarSource
    """Working days and hours."""
    force_majeure: Annotated[list[ForceMajeureSource], Field(max_length=bounds.WINDOWS)] = []
    """Declared windows in which clocks stand still."""
    alike: Annotated[list[AlikeSource], Field(max_length=bounds.ALIKES)] = []
    """When a new ticket is proposed as a duplicate."""
    storm: StormSource | None = None
    """From when on a flood is folded into one."""
    whistle_band: WhistleBandSource | None = None
    """Whistles per hundred tickets of a street."""
    chronic: ChronicSource | None = None
    """When a point is chronic."""
    five_roles: Annotated[list[Role], Field(max_length=bounds.TEAM)] = []
    """The roles that every grid should have (一格五员), for `pack vacancies`."""
    shares: Annotated[list[ShareSource], Field(max_length=bounds.PARTIES)]
    """The split 10/20/30/40; the order breaks ties."""
    ladders: Annotated[
        dict[Word, Annotated[list[TierSource], Field(min_length=1, max_length=bounds.LADDER)]],
        Field(max_length=bounds.LADDERS),
    ]
    """Name -> tiers from the bottom up; one is called `default`."""
    clocks: dict[ClockKind, Annotated[dict[Word, LimitSource | None], Field(max_length=bounds.PARTIES)]]
    """Clock -> urgency -> limit; `null` means: no such clock."""
    rungs: dict[
        ClockKind, Annotated[list[Annotated[int, Field(ge=1, le=bounds.RUNG_PERCENT)]], Field(max_length=bounds.RUNGS)]
    ]
    """Clock -> percentages of its limit at which something follows."""
    nodes: Annotated[list[NodeSource], Field(max_length=bounds.GRIDS)]
    """The tree of grids."""
    addresses: Annotated[list[AddressSource], Field(max_length=bounds.ADDRESSES)] = []
    """Which house numbers lie in which grid."""
    departments: Annotated[list[DepartmentSource], Field(max_length=bounds.DEPARTMENTS)]
    """The departments."""
    categories: Annotated[list[CategorySource], Field(max_length=bounds.CATEGORIES)]
    """The catalogue."""
    rules: Annotated[list[RuleSource], Field(max_length=bounds.RULES)] = []
    """Exceptions to the catalogue; the first that holds wins."""
    roster: Annotated[list[PersonSource], Field(max_length=bounds.PEOPLE)]
    """Who has which role where, and when on duty."""
    roster_version: Text
    """A word that names this state of the roster, e.g. its date in quotes."""
    grid_version: Text
    """A word that names this state of the grid."""
    attributes: Annotated[list[Word], Field(max_length=bounds.OPEN_ATTRIBUTES)] = []
    """Attributes of a report that go on; all others are sealed with the reporter."""
    dismiss_reasons: Annotated[list[Word], Field(max_length=bounds.DISMISS_REASONS)] = []
    """Words the desk may dismiss with."""
    leg_percent: Annotated[int, Field(ge=1, le=100)] = 25
    """The time of a tier that was entered by a move, in per cent of the limit."""
    top_repeats: Times = 5
    """How often the top tier is reminded before a ticket is exhausted."""
    reopen_days: Days = 30
    """How long a closed ticket may be reopened."""
    reopen_percent: Annotated[int, Field(ge=1, le=100)] = 50
    """The limit of a reopened ticket, in per cent of its category's."""
    max_declines: Times = 2
    """How often a party may decline a ticket."""
    spot_check_percent: Annotated[int, Field(ge=0, le=100)] = 20
    """Of what is put right on the spot, how much is checked."""
    max_hops: Times = 3
    """How often a ticket may be referred."""
    promise_floor_minutes: Minutes = 240
    """A promise is never read as less than this."""
    automatic_whistle: Annotated[list[Urgency], Field(max_length=len(Urgency))] = [Urgency.U1]
    """Urgencies that start at the street with a whistle."""
    _files: dict[str, str] = PrivateAttr(default_factory=dict)
    """Member -> the file it was read from."""

    @cached_property
    def by_code(self) -> dict[str, NodeSource]:
        """The grids by their codes."""
        return {node.code: node for node in self.nodes}

    def file_of(self, member: str) -> str:
        """Name the file in which a member stands, for messages."""
        return self._files.get(member, "pack.yaml")

    @field_validator("clocks", mode="before")
    @classmethod
    def _limits(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                kind: {k: _limit(v) for k, v in table.items()} if isinstance(table, dict) else table
                for kind, table in value.items()
            }
        return value
