"""What a person, a department or a source system asks for."""

from typing import Annotated, Literal

import msgspec

from topics.departments import answering
from topics.ids import Instant, source_part
from topics.vocabulary import CommandKind, Role

Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]
CommandId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Identity = Annotated[str, msgspec.Meta(min_length=1, max_length=1300)]
"""``<source>:<id>``: two names of 200 characters, each colon and per cent sign of the first written as three."""


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """On whose behalf: a role and a person (an id of the pack's roster; a system's name for ``source``)."""

    role: Role
    person: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    org: Short | None = None
    """Department code for ``department``; else the roster tells."""


class Duty(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
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


class Command(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """One request about one ticket. ``id`` makes it idempotent: a repeated id returns the first decision.

    Which of the optional fields a kind needs is a column of the lifecycle table
    (``rules/commands/lifecycle_table.py``), checked in one place.
    """

    id: CommandId
    kind: CommandKind
    actor: Actor
    accepted_at: Instant
    """Engine time at which a door took it; judged no later than the record's own append time."""
    ticket: Short = ""
    """Ticket id; a child's is ``<ticket>/<code>/<n>``. Empty only for what is asked of a partition, and ``unreadable``.
    """
    identity: Identity | None = None
    """``<source>:<id>`` when the ticket was named by it: whoever resolved it may have erred, so the law looks again."""
    reason: Long | None = None
    text: Long | None = None
    """Answer to the resident, note, or result of the work."""
    proof: Annotated[tuple[Short, ...], msgspec.Meta(max_length=50)] = ()
    category: Short | None = None
    home: Short | None = None
    grid: Short | None = None
    """``place``: where it is after all; ``file`` out of ``unplaced``: where in the home."""
    target: Short | None = None
    """Another ticket (``duplicate_of``), person (``reassign``), tier (``escalate``), or who is appraised (a
    department's code)."""
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


AGAIN = "gw-held-again"
"""Header of a record that is a held cause once more; its value is the ``retry_held`` command of whoever asks for it."""


def remembered_as(actor: str, command_id: str) -> str:
    """Under which name a command is remembered: whose it is (``role:person``, as in its decision) and its id.

    Each actor has ids of its own, so nobody uses up another's. What engines before 0.3 remember stands without ``@``.
    """
    role, _, person = actor.partition(":")
    return f"@{role}:{source_part(person)}:{command_id}"


def refused_as(actor: str, command_id: str, kind: str, ticket: str) -> str | None:
    """Under which name a refused reply is remembered, kind and ticket with it; ``None`` for what is no reply.

    A reply's position is given once. Read again, it is our own stage that wrote it twice, and its department is
    answered once; what another command under that id was refused for stands in nobody's way.
    """
    return remembered_as(actor, f"{command_id}!{kind}:{ticket}") if answering(command_id) else None


def answers_for(command: Command) -> str | None:
    """Name the department whose reply a command carries, as its id says: the position of that reply."""
    return answering(command.id)
