"""A city's law as its people write it: YAML files, validated by field, compiled into the bundle that travels (LAW 8)."""

import hashlib
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

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
    wall: Literal["", "inside", "outside"] = ""


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
    wish: bool = False
    team: list[str] = []
    consent: Literal["sequential", "parallel"] | None = None

    _limit = field_validator("limit", mode="before")(_limit)


class RuleSource(Source):
    """An exception to the catalogue; ``when`` is CEL."""

    id: Text
    when: Text
    set: dict[str, Any]
    why: str = ""
    under: list[str] = []


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


class ForceMajeureSource(Source):
    """A declared window, in local time of the pack's zone: ``{since: 2026-07-20T00:00, until: 2026-07-23T00:00, nodes: [...], why: flood}``."""

    since: datetime
    until: datetime
    nodes: list[str] = []
    why: Text

    @field_validator("since", "until")
    @classmethod
    def _local(cls, value: datetime) -> datetime:
        if value.tzinfo is not None:
            raise ValueError("write local time of the pack's zone, without an offset")
        return value


class AlikeSource(Source):
    """When a new ticket is proposed as a duplicate, or merged at once."""

    id: Text
    minutes: Annotated[int, Field(ge=1, le=50_000)]
    metres: Annotated[int, Field(ge=0)]
    score: Annotated[int, Field(ge=0, le=100)]
    categories: list[str] = []
    merges: bool = False


class StormSource(Source):
    """From how many tickets on a flood is folded into one."""

    count: Annotated[int, Field(ge=2, le=250)]
    minutes: Annotated[int, Field(ge=1)]


class WhistleBandSource(Source):
    """Whistles per hundred tickets of a street."""

    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=1)]
    least: Annotated[int, Field(ge=1)] = 50


class ChronicSource(Source):
    """When a point is chronic (一点一案)."""

    count: Annotated[int, Field(ge=2)]
    days: Annotated[int, Field(ge=1)]
    metres: Annotated[int, Field(ge=0)]
    review_days: Annotated[int, Field(ge=1)] = 30


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
    force_majeure: list[ForceMajeureSource] = []
    alike: list[AlikeSource] = []
    storm: StormSource | None = None
    whistle_band: WhistleBandSource | None = None
    chronic: ChronicSource | None = None
    five_roles: list[Role] = []
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
    leg_percent: Annotated[int, Field(ge=1, le=100)] = 25
    top_repeats: Annotated[int, Field(ge=0)] = 5
    reopen_days: Annotated[int, Field(ge=0)] = 30
    reopen_percent: Annotated[int, Field(ge=1, le=100)] = 50
    max_declines: Annotated[int, Field(ge=0)] = 2
    spot_check_percent: Annotated[int, Field(ge=0, le=100)] = 20
    max_hops: Annotated[int, Field(ge=0)] = 3
    promise_floor_minutes: Annotated[int, Field(ge=1)] = 240
    automatic_whistle: list[Urgency] = [Urgency.U1]
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
        places = ((files.get(str(e["loc"][0]), "pack.yaml"), _where(members, e["loc"]), e["msg"]) for e in exc.errors())
        raise PackUnreadable([": ".join(place) for place in places]) from exc
    source._files.update(files)
    return source


def _members(name_or_path: str | Path, children: tuple[Path, ...]) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Read the members of a pack, its parent's below its own; answers them, the file of each, and the faults.

    ``extends: NAME`` takes every member of that pack that this one does not have; ``more_categories`` and the like add
    to a parent's list instead of taking its place.
    """
    folder = PACKS / str(name_or_path) if (PACKS / str(name_or_path)).is_dir() else Path(name_or_path)
    if not folder.is_dir():
        shipped = ", ".join(sorted(p.name for p in PACKS.iterdir() if p.is_dir()))
        return {}, {}, [f"{name_or_path}: no such pack or folder; shipped are {shipped}"]
    if folder in children:
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
            faults.append(f"{file}.yaml: {exc}")
            continue
        faults += [f"{file}.yaml: {member}: stands in {files[member]} already; keep one" for member in found if member in files]
        own |= found
        files |= dict.fromkeys(found, f"{file}.yaml")
    parent = own.pop("extends", None)
    if parent is None:
        return own, files, faults
    members, of, more_faults = _members(str(parent), (*children, folder))
    for name, value in own.items():
        base = name.removeprefix("more_")
        added = name != base and isinstance(value, list) and isinstance(members.get(base), list)
        members[base if added else name] = [*members[base], *value] if added else value
    return members, {**{name: f"{parent}/{file}" for name, file in of.items()}, **files}, faults + more_faults


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which a key may stand once: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag == "tag:yaml.org,2002:str" and key.value != "<<"]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice; keep one", node.start_mark)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one file of a pack; an empty one has no members.

    Raises:
        yaml.YAMLError: It is no YAML, has a key twice, or is no mapping.
    """
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
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
        names.append(str(next((known[key] for key in ("code", "person", "id", "name", "street") if known.get(key)), part)))
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
