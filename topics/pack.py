"""A city's law, compiled: the bundle that ``reference`` carries under its hash (DESIGN 6, 8; LAW 1-8)."""

from typing import Any, Literal

import msgspec


class Limit(msgspec.Struct, frozen=True):
    """An amount of time in its own unit, e.g. 4 work hours."""

    amount: int
    unit: str


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """One grid of the tree. ``ring`` is its outline in WGS-84, (lon × 10⁷, lat × 10⁷), closed or not."""

    code: str
    level: str
    parent: str | None
    label: str
    label_zh: str = ""
    kind: str = "residential"
    """``residential``, ``dedicated`` (building, school, scenic: goes before residential), ``unplaced``."""
    households: int | None = None
    ring: tuple[tuple[int, int], ...] = ()
    parties: tuple[str, ...] = ()
    """Parties that work here; on a node above the leaf it holds for all below that say nothing themselves."""
    wall: str = ""
    """``inside`` or ``outside`` the walls, for all below that say nothing themselves."""


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """House numbers ``first`` to ``last`` of a normalised street lie in ``leaf``; ``parity`` 0 even, 1 odd, None
    both."""

    street: str
    first: int
    last: int
    leaf: str
    parity: int | None = None


class PartyShare(msgspec.Struct, frozen=True):
    """A party of the split and its share in percent; order in the pack breaks ties."""

    code: str
    share: int
    label: str
    label_zh: str


class Tier(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a ladder. ``kind`` is a ``topics.vocabulary.TierKind``."""

    name: str
    kind: str
    label: str
    label_zh: str
    parties: tuple[str, ...] = ()
    """Of a ``parties`` tier, in order."""
    nobody_on_duty: str = "wait"
    """``wait`` (the tier's supervisor has it meanwhile) or ``skip``."""


class RosterEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person in one role: where (``nodes``: those and all below; empty: everywhere), what for, and when on duty."""

    person: str
    name: str
    role: str
    """A ``topics.vocabulary.Role``."""
    org: str | None = None
    """Department code for ``department``."""
    nodes: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    on_duty: str = "always"
    """``always``, ``never``, ``work`` (the calendar's working time), or ``HH:MM-HH:MM`` each day in the pack's zone."""


class Department(msgspec.Struct, frozen=True, omit_defaults=True):
    """An organisation that a whistle can call or that owns categories."""

    code: str
    label: str
    label_zh: str
    supervisor: str = ""
    """Person who hears of what it is late with; empty: the head of its roster."""


class Category(msgspec.Struct, frozen=True, omit_defaults=True):
    """A kind of incident: who may take it, by when, and who leads (LAW 2, 3, 4)."""

    code: str
    label: str
    label_zh: str
    group: str
    """The large class it belongs to."""
    urgency: str
    limit: Limit
    aliases: tuple[str, ...] = ()
    starts_at: str = "split"
    """``split``, ``department`` (its lead owns it), or the name of a tier."""
    ladder: str = "default"
    parties: tuple[str, ...] = ()
    """Parties that may take it; empty: all."""
    skill: str | None = None
    lead: str | None = None
    co: tuple[str, ...] = ()
    lead_by_majority: bool = False
    """The source names several owners; ``lead`` is the majority's (flagged on each ticket)."""
    filing_standard: str = ""
    closing_standard: str = ""
    proof_required: bool = False
    promise_counts: bool = True
    """Whether a promised date given with the incident sets the limit (LAW 8)."""
    complex: bool = False
    """Checked within a work day instead of half an hour."""
    wish: bool = False
    """It ages without a limit: its resolve clock has no rungs (微心愿)."""
    team: tuple[str, ...] = ()
    """Helpers named beside the owner, each ``role`` or ``role:skill`` (1+N)."""
    consent: str | None = None
    """Inside the walls the three committees must agree before work begins: ``sequential`` or ``parallel``."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exception to the catalogue: first rule whose CEL ``when`` holds sets what it names."""

    id: str
    when: str
    set: dict[str, Any]
    """Any of ``urgency``, ``starts_at``, ``ladder``, ``lead``, ``co``, ``skill``, ``consent``, ``limit`` ({amount,
    unit})."""
    reads: tuple[str, ...]
    """The facts its condition reads; results are remembered by their values."""
    why: str = ""
    under: tuple[str, ...] = ()
    """A pilot: it holds in these grids and all below only; empty: everywhere."""


class Alike(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a new ticket is proposed as a duplicate of an open one of its home and category."""

    id: str
    minutes: int
    metres: int
    score: int
    """Percent of likeness of the words, at least."""
    categories: tuple[str, ...] = ()
    merges: bool = False
    """Carried out at once instead of proposed."""


class Storm(msgspec.Struct, frozen=True):
    """From so many open tickets of a category in a home within so many minutes on, further ones are folded into the
    first."""

    count: int
    minutes: int


class Chronic(msgspec.Struct, frozen=True):
    """So many tickets of a category at one point within so many days make a case of it, reviewed so many days after the
    last."""

    count: int
    days: int
    metres: int
    review_days: int


class WhistleBand(msgspec.Struct, frozen=True):
    """Whistles per hundred tickets of a street: fewer or more than these are an alarm, from ``least`` tickets on."""

    low: int
    high: int
    least: int


class Calendar(msgspec.Struct, frozen=True):
    """Working days as dated tables, and the hours worked on them (LAW 4)."""

    name: str
    """``<source>@<version>``; kept in each decision that used it."""
    timezone: str
    hours: tuple[tuple[int, int], ...]
    """Spans of a working day, in minutes after midnight: ((480, 720), (840, 1080))."""
    day_minutes: int
    """Length of a work day: the sum of the hours, 480."""
    years: dict[str, str]
    """Year -> one character for each of its days: ``1`` worked, ``0`` off."""


class ForceMajeure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A declared window in which resolve and leg clocks of an area stand still (LAW 4)."""

    since: int
    """Milliseconds since 1970, UTC; ``[since, until)``."""
    until: int
    nodes: tuple[str, ...] = ()
    """Those and all below; empty: everywhere."""
    why: str = ""


class PackBundle(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole of a city's law as it travels in the log; the hash is over these bytes."""

    name: str
    title: str
    title_zh: str
    timezone: str
    levels: tuple[str, ...]
    """From the top to the leaf."""
    home_level: str
    unplaced: str
    """Code of the home that takes what cannot be placed."""
    shares: tuple[PartyShare, ...]
    ladders: dict[str, tuple[Tier, ...]]
    clocks: dict[str, dict[str, Limit | None]]
    """Clock kind -> urgency (``U1`` … ``U4``, and ``complex`` for check) -> limit; ``None``: no such clock."""
    rungs: dict[str, tuple[int, ...]]
    """Clock kind -> percentages at which it fires."""
    nodes: tuple[Node, ...]
    addresses: tuple[Address, ...]
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    rules: tuple[Rule, ...]
    roster: tuple[RosterEntry, ...]
    roster_version: str
    grid_version: str
    calendar: Calendar
    force_majeure: tuple[ForceMajeure, ...] = ()
    alike: tuple[Alike, ...] = ()
    storm: Storm | None = None
    whistle_band: WhistleBand | None = None
    chronic: Chronic | None = None
    five_roles: tuple[str, ...] = ()
    """Who must be on the roster for every grid (一格五员), by role; told by ``pack vacancies``."""
    attributes: tuple[str, ...] = ()
    """Attributes of an incident that go on; all others are sealed."""
    dismiss_reasons: tuple[str, ...] = ()
    leg_percent: int = 25
    leg_floor_units: int = 1
    """A leg is at least one hour of the limit's unit."""
    top_repeats: int = 5
    reopen_days: int = 30
    reopen_percent: int = 50
    reopen_floor: Limit = Limit(1, "urgent_hour")
    max_declines: int = 2
    spot_check_percent: int = 20
    """Of what is put right on the spot, so many of a hundred are checked all the same."""
    max_hops: int = 3
    promise_floor_minutes: int = 240
    automatic_whistle: tuple[str, ...] = ("U1",)
    """Urgencies that start at the street with a whistle to their departments (LAW 2)."""
    schema: Literal[1] = 1
