"""A city's law as its people write it: YAML files, validated by field, compiled into the bundle that travels (LAW 8)."""

import hashlib
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator

from rules import reading
from rules.conditions import variables
from rules.shape import NAMING, Lines, meant, unreadable, worded
from rules.workdays import working_years
from topics import bounds, codec
from topics.pack import PackBundle
from topics.vocabulary import ClockKind, Role, TierKind, Unit, Urgency

PACKS = Path(__file__).parent / "packs"
"""Where the shipped packs lie."""

FILES = ("pack", "grid", "categories", "roster")
"""The YAML files of a pack; each holds some of the members of ``PackSource``."""


class Source(BaseModel):
    """Base of the YAML models: unknown members are faults. What stands below a field is its line in ``docs/packs.md``."""

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
    """`dedicated` (a building, a school) goes before the `residential` grid around it; `unplaced` is the one home of what has no place."""
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
    """`parties` (offered to one of its parties), `street`, `whistle` (departments are called), `owner` (the category's department) or `centre` (the top)."""
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
    """A condition in CEL over category, channel, signal, leaf, home, street, hour, in_work_time, exercise, wall, attributes."""
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
    hours: Annotated[list[Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")]], Field(min_length=1, max_length=bounds.CALENDAR_SPANS)]
    """Spans of a working day, in order, e.g. `["08:00-12:00", "14:00-18:00"]`."""
    from_year: Annotated[int, Field(ge=1970, le=2200)]
    """The first year."""
    to_year: Annotated[int, Field(ge=1970, le=2200)]
    """The last year; of these, what has been decreed so far is known, and nothing is guessed beyond."""
    worked: Annotated[list[date], Field(max_length=bounds.CALENDAR_DAYS)] = []
    """Days worked although the table says off."""
    off: Annotated[list[date], Field(max_length=bounds.CALENDAR_DAYS)] = []
    """Days off although the table says worked."""


class ForceMajeureSource(Source):
    """A declared window, in local time of the pack's zone: ``{since: 2026-07-20T00:00, until: 2026-07-23T00:00, nodes: [...], why: flood}``."""

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
    ladders: Annotated[dict[Word, Annotated[list[TierSource], Field(min_length=1, max_length=bounds.LADDER)]], Field(max_length=bounds.LADDERS)]
    """Name -> tiers from the bottom up; one is called `default`."""
    clocks: dict[ClockKind, Annotated[dict[Word, LimitSource | None], Field(max_length=bounds.PARTIES)]]
    """Clock -> urgency -> limit; `null` means: no such clock."""
    rungs: dict[ClockKind, Annotated[list[Annotated[int, Field(ge=1, le=bounds.RUNG_PERCENT)]], Field(max_length=bounds.RUNGS)]]
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
            return {kind: {k: _limit(v) for k, v in table.items()} if isinstance(table, dict) else table for kind, table in value.items()}
        return value


class PackUnreadable(ValueError):
    """The files of a pack cannot be read as a pack; ``faults`` lists each with its file and field."""

    def __init__(self, faults: list[str]) -> None:
        """Keep all faults."""
        super().__init__("\n".join(faults))
        self.faults = faults


def load_pack(name_or_path: str | Path) -> PackSource:
    """Read a shipped pack by its name, or any by the path of its folder.

    Raises:
        PackUnreadable: Files are missing, are no YAML, or have members of the wrong kind; all faults at once.
    """
    members, files, faults = _members(name_or_path, ())
    if faults:
        raise PackUnreadable(faults)
    try:
        source = PackSource(**members)
    except ValidationError as exc:
        raise PackUnreadable(_said(exc, members, files, Lines(folder_of(name_or_path)))) from exc
    source._files.update(files)
    return source


class Reading(NamedTuple):
    """A pack as it was found: its members, the file of each, and every fault of shape."""

    members: dict[str, Any]
    files: dict[str, str]
    faults: list[str]
    is_lost: bool
    """A file could not be read at all."""


def read_members(name_or_path: str | Path) -> Reading:
    """Read a pack that may have faults of shape, for a proof that lists these and those of law at once."""
    members, files, faults = _members(name_or_path, ())
    is_lost = bool(faults)
    try:
        PackSource(**members)
    except ValidationError as exc:
        faults = faults + _said(exc, members, files, Lines(folder_of(name_or_path)), is_lost)
    return Reading(members, files, faults, is_lost)


def _said(exc: ValidationError, members: dict[str, Any], files: dict[str, str], lines: Lines, is_lost: bool = False) -> list[str]:
    """Every fault of shape in words; what is missing because a file is lost, or is only misspelt, is not said again."""
    errors = exc.errors(include_url=False)[: bounds.FAULTS]
    misspelt = {meant(PackSource, e["loc"]) for e in errors if e["type"] == "extra_forbidden" and len(e["loc"]) == 1}
    said = [e for e in errors if not (e["type"] == "missing" and len(e["loc"]) == 1 and (is_lost or e["loc"][0] in misspelt))]
    return [lines.said(files.get(str(e["loc"][0]), "pack.yaml"), _where(members, e["loc"]), worded(e, PackSource)) for e in said]


def folder_of(name_or_path: str | Path) -> Path:
    """The folder of a shipped pack, or the one named."""
    return PACKS / str(name_or_path) if (PACKS / str(name_or_path)).is_dir() else Path(name_or_path)


def _members(name_or_path: str | Path, children: tuple[Path, ...]) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Read the members of a pack, its parent's below its own; answers them, the file of each, and the faults.

    ``extends: NAME`` takes every member of that pack that this one does not have; ``more_categories`` and the like add
    to a parent's list instead of taking its place.
    """
    folder = folder_of(name_or_path)
    if not folder.is_dir():
        shipped = ", ".join(sorted(p.name for p in PACKS.iterdir() if p.is_dir()))
        return {}, {}, [f"{name_or_path}: no such pack or folder; shipped are {shipped}"]
    if folder.resolve() in children:
        return {}, {}, [f"pack.yaml: extends: runs in a circle: {' -> '.join(p.name for p in (*children, folder))}; cut it"]
    own: dict[str, Any] = {}
    files: dict[str, str] = {}
    faults: list[str] = []
    for file in FILES:
        path = folder / f"{file}.yaml"
        if "extends" in own and not path.exists():
            continue  # its parent has it
        try:
            found = read_yaml(path)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
            faults.append(f"{file}.yaml: {unreadable(exc, path)}")
            continue
        faults += [f"{file}.yaml: {member}: stands in {files[member]} already; keep one" for member in found if member in files]
        own |= found
        files |= dict.fromkeys(found, f"{file}.yaml")
    parent = own.pop("extends", None)
    if parent is None:
        return own, files, faults
    beside = folder / str(parent)
    members, of, more_faults = _members(beside.resolve() if beside.is_dir() else str(parent), (*children, folder.resolve()))
    for name, value in own.items():
        base = name.removeprefix("more_")
        added = name != base and isinstance(value, list) and isinstance(members.get(base), list)
        members[base if added else name] = [*members[base], *value] if added else value
    return members, {**{name: f"{parent}/{file}" for name, file in of.items()}, **files}, faults + more_faults


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one file of a pack; an empty one has no members.

    Raises:
        yaml.YAMLError: It is no YAML, has a key twice, is beyond a bound, or is no mapping.
    """
    found = reading.load(path)
    if not isinstance(found, dict | None):
        raise yaml.YAMLError("the file must hold members with names, like 'title: ...'")
    return {str(name): value for name, value in (found or {}).items()}


def _where(members: Any, loc: tuple[int | str, ...]) -> str:
    """Name the place of a fault by the codes people know: ``categories.gas_leak.limit``, not ``categories.3.limit``."""
    names = []
    for part in loc:
        try:
            members = members[part]
        except (LookupError, TypeError):  # a missing member, or a part of pydantic's own
            members = None
        known = members if isinstance(members, dict) and isinstance(part, int) else {}
        names.append(str(next((known[key] for key in NAMING if known.get(key)), part)))
    return ".".join(names)


def compile_pack(source: PackSource) -> PackBundle:
    """Turn a pack without faults into its bundle: degrees to integers, holidays to dated tables, rules with what they read."""
    plain = source.model_dump(mode="json", exclude={"calendar", "nodes", "rules", "force_majeure"})
    calendar = source.calendar
    hours = [tuple(int(t[:2]) * 60 + int(t[3:]) for t in span.split("-")) for span in calendar.hours]
    years, version = working_years(calendar.country, calendar.region, calendar.from_year, calendar.to_year, calendar.worked, calendar.off)
    plain["calendar"] = {
        "name": version,
        "timezone": source.timezone,
        "hours": hours,
        "day_minutes": sum(end - start for start, end in hours),
        "years": years,
    }
    zone = ZoneInfo(source.timezone)
    plain["force_majeure"] = [
        {"since": _instant(one.since, zone), "until": _instant(one.until, zone), "nodes": one.nodes, "why": one.why} for one in source.force_majeure
    ]
    plain["nodes"] = [
        {**node.model_dump(exclude={"outline"}), "ring": [(round(lon * 10**7), round(lat * 10**7)) for lon, lat in node.outline]} for node in source.nodes
    ]
    plain["rules"] = [{**rule.model_dump(), "reads": sorted({*variables(rule.when), *(("leaf", "home") if rule.under else ())})} for rule in source.rules]
    return msgspec.convert(plain, PackBundle)


def _instant(local: datetime, zone: ZoneInfo) -> int:
    return int(local.replace(tzinfo=zone).timestamp()) * 1000


def bundle_bytes(bundle: PackBundle) -> bytes:
    """Give the bytes that travel and are hashed."""
    return codec.encode(bundle)


def pack_ref(bundle: PackBundle) -> str:
    """Name a bundle ``<name>@<first 16 hex of its SHA-256>``."""
    return f"{bundle.name}@{hashlib.sha256(bundle_bytes(bundle)).hexdigest()[:16]}"
