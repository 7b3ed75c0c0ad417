"""The form of answers that screens are built on, as types: OpenAPI's schemas are made of them, and a client's types of
those."""

from typing import Any, Literal

import msgspec

from topics.events.types import EventType
from topics.ids import Instant
from topics.ticket_words import ChildStatus, TicketTask
from topics.vocabulary import ClockKind, CommandKind, Reason, Role

Pair = tuple[str, str]
"""A label in English and in Chinese."""


class Who(msgspec.Struct):
    """Who one is."""

    kind: Literal["source", "department", "person", "auditor", "system_admin", "security_admin", "wall"]
    name: str
    role: Role | None
    org: str | None
    pages: list[str]
    """Of the console, those that let them in."""


class Seat(msgspec.Struct):
    """A place of the roster that can be taken; ``offered``: near tickets that wait for them to accept."""

    role: Role
    person: str
    name: str
    grids: list[str]
    offered: int


class Seats(msgspec.Struct):
    """Those there are."""

    seats: list[Seat]


class NextRung(msgspec.Struct):
    """What the clocks will do next, and when."""

    clock: ClockKind
    number: str
    rung: int
    at: Instant
    does: Literal["remind", "move_up", "supervise", "red_list", "ask_next", "close", "tell"]


class ChildRow(msgspec.Struct, kw_only=True):
    """A department that was called."""

    code: str
    n: int
    role: Literal["owner", "lead", "helper"]
    status: ChildStatus
    person: str | None = None
    deadline_at: Instant | None = None
    reported_in_at: Instant | None = None
    ended_at: Instant | None = None


class WaitsFor(msgspec.Struct, kw_only=True):
    """Whose agreement is waited for, and to what."""

    what: str
    roles: list[Role]
    by: str | None = None
    reason: str | None = None


class Labels(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What codes are called."""

    category: Pair | None = None
    street: Pair | None = None
    home: Pair | None = None
    leaf: Pair | None = None


class Moved(msgspec.Struct, kw_only=True):
    """What last put a ticket into other hands, or stopped or started its time."""

    reason: str
    at: Instant
    command: CommandKind | None = None
    actor: str | None = None
    said: str | None = None
    """The beginning of the reason that was given."""


class Row(msgspec.Struct, kw_only=True):
    """A ticket as a queue shows it; what it has none of is left out."""

    id: str
    version: int
    home: str
    status: str
    """A ``Status``, or ``held``: no ticket, but a cause that our own fault kept from being decided."""
    person: str
    duty: str
    task: str
    received_at: Instant
    identity: str | None = None
    tier: str | None = None
    party: str | None = None
    leaf: str | None = None
    category: str | None = None
    urgency: str | None = None
    lead: str | None = None
    filed_at: Instant | None = None
    deadline_at: Instant | None = None
    next_due_at: Instant | None = None
    is_overdue: bool = False
    is_escalated: bool = False
    is_exhausted: bool = False
    exercise: bool = False
    """A drill: nobody takes it for real."""
    can_reach_reporter: bool = False
    generation: int | None = None
    rework: int | None = None
    text: str | None = None
    address: str | None = None
    close_reason: str | None = None
    merged_into: str | None = None
    flags: list[str] = []
    children: list[str] = []
    child_clocks: list[ChildRow] = []
    waits_for: WaitsFor | None = None
    labels: Labels | None = None
    street: str | None = None
    next: NextRung | None = None
    in_work_time: bool = False
    """Its deadline is counted in working hours."""
    paused: str | None = None
    """For what one of its clocks stands still."""
    moved: Moved | None = None
    """Left out of a change that moved nothing: what is known of it stays."""


class Rung(msgspec.Struct):
    """A share of a limit, and when it is used up; ``None``: it does not run."""

    percent: int
    at: str | None


class Reckoned(msgspec.Struct):
    """How a deadline comes about, to be added up with a pencil."""

    percent: int
    rows: list[str]
    adds_up: bool


class ClockTold(msgspec.Struct):
    """A clock as a ledger."""

    kind: ClockKind
    number: str
    state: Literal["runs", "stopped", "stands"]
    why: str | None
    limit_ms: int
    consumed_ms: int
    unit: str
    started_at: Instant
    extended: int
    """How often the original limit was added; ``limit_ms`` has it in."""
    fired: list[int]
    """Percentages that are behind it; ``rungs`` has those that are still to come."""
    rungs: list[Rung]
    reckoned: Reckoned


class CommandTold(msgspec.Struct, kw_only=True):
    """A command, and whether it may be given now; where not, why."""

    kind: CommandKind
    ticket: str
    needs: list[str]
    may_have: list[str]
    allowed: bool
    reason: Reason | None = None
    label: str | None = None
    label_zh: str | None = None
    mend: str | None = None


class Named(msgspec.Struct):
    """A code with its labels."""

    code: str
    label: str
    label_zh: str


class NodeTold(Named):
    """A grid of any level."""

    level: str


class Place(msgspec.Struct, kw_only=True):
    """Where it is: the largest grid first."""

    grid: list[NodeTold]
    address: str | None
    lat: float | None = None
    lon: float | None = None


class Holder(msgspec.Struct):
    """Who has it, in which post, and what they are to do."""

    person: str
    duty: str
    tier: str | None
    next: TicketTask


class Stages(msgspec.Struct):
    """Who answers for each of the five steps."""

    patrolled: str | None
    reported: str | None
    owned: str | None
    solved: str | None
    supervised: str | None


class Times(msgspec.Struct):
    """The city's zone and the engine's time there."""

    zone: str
    now: str


class ReporterTold(msgspec.Struct):
    """Whether who reported can be reached, and how they are shown to who asks; ``None``: not at all."""

    reachable: bool
    sealed: bool
    reveal: Literal["one_step", "purpose"] | None


class TicketTold(msgspec.Struct):
    """A ticket as its page shows it."""

    id: str
    version: int
    ticket: dict[str, Any]
    category: Named | None
    place: Place
    reporter: ReporterTold
    holder: Holder
    stages: Stages
    clocks: list[ClockTold]
    children: list[dict[str, Any]]
    commands: list[CommandTold]
    times: Times


class EventTold(msgspec.Struct, kw_only=True):
    """Something that happened; of another ticket only that it did."""

    type: EventType
    facts: dict[str, Any] | None = None
    ticket: str | None = None


class Happened(msgspec.Struct, kw_only=True):
    """A decision as the history tells it."""

    id: str
    at: str
    reason: str
    label: str
    cause: str
    refused: bool
    events: list[EventTold]
    command: str | None = None
    command_id: str | None = None
    actor: str | None = None
    first_decision: str | None = None
    said: dict[str, Any] | None = None
    version: int | None = None


class Past(msgspec.Struct, kw_only=True):
    """A page of a history."""

    id: str
    version: int | None
    is_behind: bool
    decisions: list[Happened]
    next: str | None = None
