"""The parts of a pack as people write them in YAML, each validated by field (LAW 8)."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from topics import bounds
from topics.vocabulary import Role, TierKind, Unit, Urgency


class Source(BaseModel):
    """Base of the YAML models: unknown members are faults. What stands below a field is its line in
    ``docs/packs.md``."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Text = Annotated[str, Field(min_length=1, max_length=bounds.LABEL_CHARS)]
Word = Annotated[str, Field(max_length=bounds.LABEL_CHARS)]
Long = Annotated[str, Field(max_length=bounds.STANDARD_CHARS)]
Grids = Annotated[list[Word], Field(max_length=bounds.GRIDS)]
Few = Annotated[list[Word], Field(max_length=bounds.PARTIES)]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=0, le=bounds.YEARS_10_MS // bounds.DAY_MS)]
Minutes = Annotated[int, Field(ge=1, le=bounds.LIMIT_MINUTES)]
Metres = Annotated[int, Field(ge=0, le=bounds.METRES)]
Times = Annotated[int, Field(ge=0, le=bounds.PARTIES)]
"""How often something may be repeated with one ticket: each leaves a row in it."""


MINUTES = {Unit.MINUTE: 1, Unit.URGENT_HOUR: 60, Unit.URGENT_DAY: 1440, Unit.WORK_HOUR: 60, Unit.WORK_DAY: 1440}
"""Of a unit at most; a work day is shorter than a day."""


class LimitSource(Source):
    """An amount of time in its unit, written ``{amount: 4, unit: work_hour}`` or ``4 work_hour``."""

    amount: Annotated[int, Field(ge=1)]
    """How many of the unit, 1 or more."""
    unit: Unit
    """`minute`, `urgent_hour`, `urgent_day` run day and night; `work_hour`, `work_day` in working time."""

    @model_validator(mode="after")
    def _within_ten_years(self) -> "LimitSource":
        if self.amount * MINUTES[self.unit] > bounds.LIMIT_MINUTES:
            raise ValueError(f"{self.amount} {self.unit} is more than ten years; no calendar reaches so far")
        return self


def _limit(value: Any) -> Any:
    if isinstance(value, str) and len(value.split()) == 2:
        amount, unit = value.split()
        return {"amount": amount, "unit": unit.removesuffix("s")}
    return value


class NodeSource(Source):
    """One grid; ``outline`` is a list of [longitude, latitude] in WGS-84."""

    code: Text
    """Its name for ever, in ids and topics: small letters, digits, `_`, in parts joined by `-`."""
    level: Text
    """One of `levels`."""
    parent: Word | None = None
    """The code of the grid above; the top has none."""
    label: Text
    """As people call it."""
    label_zh: Word = ""
    """As people call it, in Chinese."""
    kind: Literal["residential", "dedicated", "unplaced"] = "residential"
    """`dedicated` (a building, a school) goes before the `residential` grid around it; `unplaced` is the one home of
    what has no place."""
    households: Annotated[int, Field(ge=0, le=bounds.HOUSEHOLDS)] | None = None
    """How many live there; for figures alone."""
    outline: Annotated[list[tuple[Degrees, Degrees]], Field(max_length=bounds.OUTLINE_POINTS)] = []
    """Points [longitude, latitude] in WGS-84 around it; left out: it is found by code and address alone."""
    parties: Few = []
    """Parties that work here and below; left out: as said above it, else all."""
    wall: Literal["", "inside", "outside"] = ""
    """`inside` or `outside` the walls of a compound (墙内墙外), for all below that say nothing themselves."""


class AddressSource(Source):
    """House numbers of a street that lie in a grid."""

    street: Text
    """The street as people write it."""
    first: Annotated[int, Field(ge=0, le=bounds.HOUSE_NUMBER)]
    """The first house number."""
    last: Annotated[int, Field(ge=0, le=bounds.HOUSE_NUMBER)]
    """The last house number."""
    leaf: Text
    """The code of the grid they lie in."""
    parity: Literal[0, 1] | None = None
    """`0` even numbers, `1` odd ones; left out: both."""


class ShareSource(Source):
    """A party of the split."""

    code: Text
    """`residents`, `specialist`, `red_property` or `backstop`."""
    share: Annotated[int, Field(ge=0, le=100)]
    """Per cent of what the split gives away; all add up to 100."""
    label: Text
    """As people call it."""
    label_zh: Word = ""
    """As people call it, in Chinese."""


class TierSource(Source):
    """A step of a ladder."""

    name: Text
    """Its name in records and commands."""
    kind: TierKind
    """`parties` (offered to one of its parties), `street`, `whistle` (departments are called), `owner` (the category's
    department) or `centre` (the top)."""
    label: Text
    """As people call it."""
    label_zh: Word = ""
    """As people call it, in Chinese."""
    parties: Few = []
    """Of a tier of kind `parties`: which, in order."""
    nobody_on_duty: Literal["wait", "skip"] = "wait"
    """`wait`: the supervisor has it meanwhile; `skip`: on to the next tier at once."""


class PersonSource(Source):
    """Somebody on the roster."""

    person: Text
    """An id; the same person may have several roles, one entry for each."""
    name: Text
    """As people call them."""
    role: Role
    """One of the roles that `gridwhistle ticket COMMAND --help` names."""
    org: Word | None = None
    """Of a `department`: its code."""
    nodes: Grids = []
    """Grids they work in, with all below; left out: everywhere."""
    skills: Annotated[list[Word], Field(max_length=bounds.ALIASES)] = []
    """Words that a category's `skill` or `team` may ask for."""
    on_duty: Annotated[str, Field(pattern=r"^(always|work|\d\d:\d\d-\d\d:\d\d)$")] = "always"
    """`always`, `work` (the calendar's hours), or a span of each day such as `22:00-06:00`."""


class DepartmentSource(Source):
    """A department."""

    code: Text
    """Small letters, digits and `_`; it stands in the names of its topics."""
    label: Text
    """As people call it."""
    label_zh: Word = ""
    """As people call it, in Chinese."""
    supervisor: str = ""
    """The person who hears of what it is late with; left out: the first of its roster."""


class CategorySource(Source):
    """A kind of incident."""

    code: Text
    """Its name in records and commands."""
    label: Text
    """As people call it."""
    label_zh: Word = ""
    """As people call it, in Chinese."""
    group: Text
    """The class it belongs to, for figures."""
    urgency: Urgency
    """`U1` (life or property) to `U4`."""
    limit: LimitSource
    """Until when it is finished, from filing on: `4 work_hour`."""
    aliases: Annotated[list[Word], Field(max_length=bounds.ALIASES)] = []
    """Other words that sources use for it."""
    starts_at: Text = "split"
    """`split`, `department`, or a tier of its ladder."""
    ladder: Text = "default"
    """One of `ladders`."""
    parties: Few = []
    """Parties that may take it; left out: all."""
    skill: Word | None = None
    """What somebody of the party must know."""
    lead: Word | None = None
    """The department that leads when it comes to departments."""
    co: Annotated[list[Word], Field(max_length=bounds.CO_DEPARTMENTS)] = []
    """Departments that are called beside it."""
    lead_by_majority: bool = False
    """Owners of the rows differ; the majority's is the lead, flagged."""
    filing_standard: Long = ""
    """When it is filed, in words (立案标准)."""
    closing_standard: Long = ""
    """When it is done, in words (结案标准)."""
    proof_required: bool = False
    """Finishing needs a proof."""
    promise_counts: bool = True
    """A promise of the source shortens or lengthens the limit."""
    complex: bool = False
    """Its check has the clock `complex`."""
    wish: bool = False
    """A wish ages without rungs (微心愿)."""
    team: Annotated[list[Word], Field(max_length=bounds.TEAM)] = []
    """Helpers beside the owner, as `role` or `role:skill` (1+N)."""
    consent: Literal["sequential", "parallel"] | None = None
    """Committees that must agree first inside the walls: one after the other, or side by side."""

    _limit = field_validator("limit", mode="before")(_limit)


class RuleSource(Source):
    """An exception to the catalogue; ``when`` is CEL."""

    id: Text
    """Its name in decisions."""
    when: Annotated[str, Field(min_length=1, max_length=bounds.CONDITION_CHARS)]
    """A condition in CEL over category, channel, signal, leaf, home, street, hour, in_work_time, exercise, wall,
    attributes."""
    set: Annotated[dict[Word, Any], Field(max_length=bounds.PARTIES)]
    """What it sets: urgency, starts_at, ladder, lead, co, skill, consent, limit."""
    why: Long = ""
    """The reason, for people."""
    under: Annotated[list[Word], Field(max_length=bounds.RULES_UNDER)] = []
    """Grids it holds in, with all below; left out: everywhere (a pilot names some)."""


class CalendarSource(Source):
    """Which working days, and which hours on them."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """Two letters, e.g. `CN`; China comes with its swapped working weekends."""
    region: Word | None = None
    """A state or province with holidays of its own."""
    hours: Annotated[
        list[Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")]],
        Field(min_length=1, max_length=bounds.CALENDAR_SPANS),
    ]
    """Spans of a working day, in order, e.g. `["08:00-12:00", "14:00-18:00"]`."""
    from_year: Annotated[int, Field(ge=1970, le=2200)]
    """The first year."""
    to_year: Annotated[int, Field(ge=1970, le=2200)]
    """The last year; of these, what has been decreed so far is known, and nothing is guessed beyond."""
    worked: Annotated[list[date], Field(max_length=bounds.CALENDAR_DAYS)] = []
    """Days worked although the table says off."""
    off: Annotated[list[date], Field(max_length=bounds.CALENDAR_DAYS)] = []
    """Days off although the table says worked."""
