"""A city's law as its people write it: YAML files, validated by field, compiled into the bundle that travels (LAW 8)."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rules.conditions import variables
from rules.workdays import working_years
from topics import codec
from topics.pack import PackBundle
from topics.vocabulary import ClockKind, Role, TierKind, Unit, Urgency

PACKS = Path(__file__).parent / "packs"
"""Where the shipped packs lie."""

FILES = ("pack", "grid", "categories", "roster")
"""The YAML files of a pack; each holds some of the members of ``PackSource``."""


class Source(BaseModel):
    """Base of the YAML models: unknown members are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Text = Annotated[str, Field(min_length=1)]


class LimitSource(Source):
    """An amount of time in its unit, written ``{amount: 4, unit: work_hour}`` or ``4 work_hour``."""

    amount: Annotated[int, Field(ge=1)]
    unit: Unit


def _limit(value: Any) -> Any:
    if isinstance(value, str) and len(value.split()) == 2:
        amount, unit = value.split()
        return {"amount": amount, "unit": unit.removesuffix("s")}
    return value


class NodeSource(Source):
    """One grid; ``outline`` is a list of [longitude, latitude] in WGS-84."""

    code: Text
    level: Text
    parent: str | None = None
    label: Text
    label_zh: str = ""
    kind: Literal["residential", "dedicated", "unplaced"] = "residential"
    households: Annotated[int, Field(ge=0)] | None = None
    outline: list[tuple[float, float]] = []
    parties: list[str] = []


class AddressSource(Source):
    """House numbers of a street that lie in a grid."""

    street: Text
    first: Annotated[int, Field(ge=0)]
    last: Annotated[int, Field(ge=0)]
    leaf: Text
    parity: Literal[0, 1] | None = None


class ShareSource(Source):
    """A party of the split."""

    code: Text
    share: Annotated[int, Field(ge=0, le=100)]
    label: Text
    label_zh: str = ""


class TierSource(Source):
    """A step of a ladder."""

    name: Text
    kind: TierKind
    label: Text
    label_zh: str = ""
    parties: list[str] = []
    nobody_on_duty: Literal["wait", "skip"] = "wait"


class PersonSource(Source):
    """Somebody on the roster."""

    person: Text
    name: Text
    role: Role
    org: str | None = None
    nodes: list[str] = []
    skills: list[str] = []
    on_duty: Annotated[str, Field(pattern=r"^(always|work|\d\d:\d\d-\d\d:\d\d)$")] = "always"


class DepartmentSource(Source):
    """A department."""

    code: Text
    label: Text
    label_zh: str = ""


class CategorySource(Source):
    """A kind of incident."""

    code: Text
    label: Text
    label_zh: str = ""
    group: Text
    urgency: Urgency
    limit: LimitSource
    aliases: list[str] = []
    starts_at: Text = "split"
    ladder: Text = "default"
    parties: list[str] = []
    skill: str | None = None
    lead: str | None = None
    co: list[str] = []
    lead_by_majority: bool = False
    filing_standard: str = ""
    closing_standard: str = ""
    proof_required: bool = False
    promise_counts: bool = True
    complex: bool = False

    _limit = field_validator("limit", mode="before")(_limit)


class RuleSource(Source):
    """An exception to the catalogue; ``when`` is CEL."""

    id: Text
    when: Text
    set: dict[str, Any]
    why: str = ""


class CalendarSource(Source):
    """Which working days, and which hours on them."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    region: str | None = None
    hours: Annotated[list[Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")]], Field(min_length=1)]
    from_year: int
    to_year: int
    worked: list[date] = []
    """Days worked although the table says off."""
    off: list[date] = []


class PackSource(Source):
    """The whole pack as written."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    title: Text
    title_zh: str = ""
    timezone: Text
    levels: Annotated[list[str], Field(min_length=2)]
    home_level: Text
    unplaced: Text
    calendar: CalendarSource
    shares: list[ShareSource]
    ladders: dict[str, Annotated[list[TierSource], Field(min_length=1)]]
    clocks: dict[ClockKind, dict[str, LimitSource | None]]
    rungs: dict[ClockKind, list[Annotated[int, Field(ge=1, le=1000)]]]
    nodes: list[NodeSource]
    addresses: list[AddressSource] = []
    departments: list[DepartmentSource]
    categories: list[CategorySource]
    rules: list[RuleSource] = []
    roster: list[PersonSource]
    roster_version: Text
    grid_version: Text
    attributes: list[str] = []
    dismiss_reasons: list[str] = []
    leg_percent: int = 25
    top_repeats: int = 5
    reopen_days: int = 30
    reopen_percent: int = 50
    max_declines: int = 2
    max_hops: int = 3
    promise_floor_minutes: int = 240
    automatic_whistle: list[Urgency] = [Urgency.U1]

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
    folder = PACKS / str(name_or_path) if (PACKS / str(name_or_path)).is_dir() else Path(name_or_path)
    if not folder.is_dir():
        shipped = ", ".join(sorted(p.name for p in PACKS.iterdir() if p.is_dir()))
        raise PackUnreadable([f"{name_or_path}: no such pack or folder; shipped are {shipped}"])
    members: dict[str, Any] = {}
    faults = []
    for file in FILES:
        path = folder / f"{file}.yaml"
        try:
            members |= yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
        except (OSError, yaml.YAMLError) as exc:
            faults.append(f"{path.name}: {exc}")
    if faults:
        raise PackUnreadable(faults)
    try:
        return PackSource(**members)
    except ValidationError as exc:
        raise PackUnreadable([f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in exc.errors()]) from exc


def compile_pack(source: PackSource) -> PackBundle:
    """Turn a pack without faults into its bundle: degrees to integers, holidays to dated tables, rules with what they read."""
    plain = source.model_dump(mode="json", exclude={"calendar", "nodes", "rules"})
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
    plain["nodes"] = [
        {**node.model_dump(exclude={"outline"}), "ring": [(round(lon * 10**7), round(lat * 10**7)) for lon, lat in node.outline]} for node in source.nodes
    ]
    plain["rules"] = [{**rule.model_dump(), "reads": variables(rule.when)} for rule in source.rules]
    return msgspec.convert(plain, PackBundle)


def bundle_bytes(bundle: PackBundle) -> bytes:
    """Give the bytes that travel and are hashed."""
    return codec.encode(bundle)


def pack_ref(bundle: PackBundle) -> str:
    """Name a bundle ``<name>@<first 16 hex of its SHA-256>``."""
    return f"{bundle.name}@{hashlib.sha256(bundle_bytes(bundle)).hexdigest()[:16]}"
