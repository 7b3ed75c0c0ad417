"""What a person, a department or a source system asks for."""

from typing import Annotated, Literal

import msgspec

from topics.ids import Instant
from topics.vocabulary import CommandKind, Role

Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]
CommandId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """On whose behalf: a role and a person (an id of the pack's roster; a system's name for ``source``)."""

    role: Role
    person: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    org: Short | None = None
    """Department code for ``department``; else the roster tells."""


class Duty(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A change of the roster that needs no new pack: who is on or off duty for a while, stands in, comes or goes."""

    person: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    role: Role
    change: Literal["on", "off", "add", "remove"]
    """On or off duty within the window; ``add`` puts somebody on the roster for it, ``remove`` takes them off it."""
    since: Instant | None = None
    """Engine time; absent: from now on."""
    until: Instant | None = None
    """Engine time; absent: until it is changed again."""
    name: Short = ""
    """``add``: as people call them."""
    org: Short | None = None
    nodes: Annotated[tuple[Short, ...], msgspec.Meta(max_length=200)] = ()
    skills: Annotated[tuple[Short, ...], msgspec.Meta(max_length=50)] = ()
    on_duty: Short = "always"
    """``add``: as in the pack's roster."""
    instead_of: Short | None = None
    """``add``: takes places, skills and hours of this person of the same role, who is off meanwhile."""


class Command(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One request about one ticket. ``id`` makes it idempotent: a repeated id returns the first decision.

    Which of the optional fields a kind needs is a column of the lifecycle table (``rules/lifecycle.py``), checked in one place.
    """

    id: CommandId
    kind: CommandKind
    actor: Actor
    accepted_at: Instant
    """Engine time at which a door took it; judged no later than the record's own append time."""
    ticket: Short = ""
    """Ticket id; a child's is ``<ticket>/<code>/<n>``. Empty only for what is asked of a partition, and ``unreadable``."""
    reason: Long | None = None
    text: Long | None = None
    """Answer to the resident, note, or result of the work."""
    proof: Annotated[tuple[Short, ...], msgspec.Meta(max_length=50)] = ()
    category: Short | None = None
    home: Short | None = None
    grid: Short | None = None
    """``place``: where it is after all; ``file`` out of ``unplaced``: where in the home."""
    target: Short | None = None
    """Another ticket (``duplicate_of``), person (``reassign``), tier (``escalate``), or who is appraised (a department's code)."""
    party: Short | None = None
    departments: Annotated[tuple[Short, ...], msgspec.Meta(max_length=50)] = ()
    """Codes called by a ``whistle``; the first is lead."""
    case: Short | None = None
    """Why a whistle is allowed: ``street_cannot``, ``joint_enforcement``, ``emergency``."""
    passed: bool | None = None
    satisfied: bool | None = None
    until: Instant | None = None
    """``park``: the date, engine time."""
    pack: Short | None = None
    """``adopt_pack``: ``<name>@<hash>``."""
    score: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    """``appraise``: 1 poor to 5 excellent."""
    duty: Duty | None = None
    """``set_duty``: what changes on the roster."""
    version: Literal[1] = 1
