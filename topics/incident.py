"""What is reported: the door's model of an incoming incident, and the record that intake hands on."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from topics import bounds
from topics.ids import HomeCode, Instant
from topics.vocabulary import Channel, Signal

INCIDENT_TYPE = "org.gridwhistle.incident.reported.v1"
"""The CloudEvents ``type`` of an incoming incident."""

REPORTED = "gw-reported"
"""Header that goes with an incident, and with the decision that makes a task of it at once: the broker's time of the
report, in milliseconds."""

MAX_RECORD_BYTES = bounds.RECORD_BYTES
"""Largest record that ``incidents.raw`` takes."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls but tab and line ends, bidirectional embeddings, overrides and isolates, and halves of characters."""
_LINES = re.compile("[\t\n\r]")

UNFIT = "unfit_text"
"""Kind of the error that a door's model gives for such text."""


def unfit(text: str) -> str | None:
    """Name the first control or bidirectional override character, which can lie to an operator's eye, and its place."""
    found = _FORBIDDEN.search(text)
    return (
        f"holds the character U+{ord(found.group()):04X} at {found.start()}; send text without control characters"
        if found
        else None
    )


def unfit_name(text: str) -> str | None:
    """As ``unfit``, and of one line: a name with another line in it lies to whoever reads a log or a list."""
    line = _LINES.search(text)
    return unfit(text) if line is None else f"holds a tab or an end of line at {line.start()}; send a name of one line"


def _clean(text: str) -> str:
    """Refuse what is unfit."""
    if fault := unfit(text):
        raise PydanticCustomError(UNFIT, "{fault}", {"fault": fault})
    return text


_WEB = re.compile(r"https?://(?![^/?#]*@)[\w\[][^\t\n\r\"<>\\^`{|}]*", re.IGNORECASE)
_PROOF = re.compile(r"(?:photo|video|audio|paper):[\w.:/#@+=%~,-]+|\w[\w./#@+=%~,-]*")


def is_web(text: str) -> bool:
    """Whether it is an http(s) address, without a name and password that would hide where it leads."""
    return _WEB.fullmatch(text) is not None


def is_proof(text: str) -> bool:
    """Whether it names a proof: an http(s) address, ``photo:``, ``video:``, ``audio:`` or ``paper:`` with a name, or a
    name alone."""
    return (is_web if "://" in text else _PROOF.fullmatch)(text) not in (None, False) and unfit(text) is None


def _web(text: str) -> str:
    """Refuse what a browser would not fetch but run."""
    if not is_web(text):
        raise ValueError("send an http:// or https:// address")
    return text


def _proof(text: str) -> str:
    """Refuse what is no proof's name."""
    if not is_proof(text):
        raise ValueError("send an http(s) address, photo:, video:, audio: or paper: with a name, or a name alone")
    return text


Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_clean)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_clean)]


Proof = Annotated[Code, AfterValidator(_proof)]


class Door(BaseModel):
    """Base of what comes in by a door: frozen, strict about unknown names, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Location(Door):
    """Where it is: a grid code, or a point with its reference system, or an address; the first given wins (LAW 2)."""

    grid: Code | None = None
    lat: Annotated[float, Field(strict=True, ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(strict=True, ge=-180, le=180)] | None = None
    crs: Literal["WGS84", "GCJ02", "BD09"] = "WGS84"
    address: Code | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "Location":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together; give both or none")
        return self


class Attachment(Door):
    """A picture or paper kept elsewhere."""

    url: Annotated[Code, AfterValidator(_web)]
    """http or https."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    phase: Literal["report", "before", "after", "proof"] = "report"


class ReportedIncident(Door):
    """The ``data`` of an incoming CloudEvent. Unknown members are refused; further facts go into ``attributes``."""

    occurred_at: AwareDatetime
    channel: Channel
    category: Code | None = None
    signal: Signal | None = None
    text: Text = ""
    location: Location = Location()
    reporter: dict[str, Any] | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=50)] = ()
    exercise: bool = False
    promised_by: AwareDatetime | None = None
    attributes: Annotated[dict[str, Any], Field(default_factory=dict, json_schema_extra={"default": {}})]

    def moments(self) -> dict[str, datetime]:
        """Every time it states, by field, for the check of plausible ranges."""
        return {"occurred_at": self.occurred_at} | ({"promised_by": self.promised_by} if self.promised_by else {})


MEMBERS = frozenset({*ReportedIncident.model_fields, *Location.model_fields, *Attachment.model_fields})
"""Every member that a report may have."""


def _first() -> Literal[1]:
    """Give the first version; made by a call, so that it is written although it is the default."""
    return 1


class Carried(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What a referral takes along from the home it leaves (DESIGN 3)."""

    from_ticket: str
    hops: int
    first_filed_at: Instant | None
    resolve_consumed_ms: int
    limit_ms: int | None = None
    """Of its resolve clock, extensions in it; ``None``: it had none, or goes there under another category."""
    unit: str | None = None
    extended: int = 0
    generation: int = 0
    waits: int = 0
    waited_ms: int = 0
    was_parked: bool = False
    was_appealed: bool = False
    supervised_by: str | None = None
    """Who gave an order (督办) that only they lift; one that a clock gave comes again by the limit."""
    followers: tuple[str, ...] = ()
    """Who stays with it to its end (全程跟)."""


class Incident(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="incident.received",
    kw_only=True,
):
    """An incident that intake has accepted and placed; holds nothing about the reporter but a token into the vault.

    What intake recognised in a text as somebody's name or number is masked; the original lies beside the reporter.
    """

    identity: str
    home: HomeCode
    occurred_at: Instant
    received_at: Instant
    channel: str
    pack: str
    """Hash of the pack by whose grid it was placed."""
    placed_by: str
    """``grid``, ``point``, ``address`` or ``nothing``: a recorded fact, not recomputed."""
    category: str | None = None
    """A code of the pack's catalogue; ``None`` when it was absent or unknown (then ``category_given`` has the word)."""
    category_given: str | None = None
    leaf: str | None = None
    """The smallest grid it lies in; ``None`` when only the home is known."""
    flags: tuple[str, ...] = ()
    """Peculiarities seen at placing, e.g. ``grid_and_point_disagree``."""
    signal: str | None = None
    text: str = ""
    address: str | None = None
    lat_e7: int | None = None
    lon_e7: int | None = None
    """WGS-84 degrees × 10⁷, integers."""
    token: str | None = None
    """Key of the sealed reporter in the vault, if anything was sealed."""
    can_reach_reporter: bool = False
    attachments: tuple[str, ...] = ()
    attributes: dict[str, str | int | bool] = {}
    exercise: bool = False
    promised_by: Instant | None = None
    version: Literal[1] = msgspec.field(default_factory=_first)


class IncidentReferred(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="incident.referred",
):
    """A ticket that was closed in one home to be filed in another: the same incident, with what it carries along."""

    id: str
    """The id of the decision that referred it."""
    incident: Incident
    carried: Carried
    version: Literal[1] = msgspec.field(default_factory=_first)


AnyIncident = Incident | IncidentReferred
