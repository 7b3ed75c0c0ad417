"""What a department is given on ``dept.<code>.tasks`` and what it answers on ``dept.<code>.replies``."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from pydantic import AwareDatetime, Field

from topics.incident import Code, Door, Proof, Text


class TaskEvent(StrEnum):
    """What a message to a department says; the list is closed, a new word makes a new version."""

    DISPATCHED = "dispatched"  # a new task
    REMINDED = "reminded"  # somebody, or a rung below 100 %, asks for it
    OVERDUE = "overdue"  # its limit or its report-in is broken
    UPDATED = "updated"  # something about it has changed
    WITHDRAWN = "withdrawn"  # it is no longer asked of this department
    ENDED = "ended"  # the ticket is over
    REFUSED = "refused"  # what the department sent was refused, and why


class TaskRole(StrEnum):
    """As what a department is told; the list is closed."""

    OWNER = "owner"
    LEAD = "lead"
    HELPER = "helper"
    SENDER = "sender"  # of a reply or command that was refused


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of the grid's path."""

    code: str
    level: str
    label: str
    label_zh: str = ""


class Contact(msgspec.Struct, frozen=True):
    """Whom to call there."""

    role: str
    person: str
    """As the pack's roster names them."""


class Task(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One message to one department: all it needs to go there (DESIGN 3), or why what it sent was refused."""

    id: str
    """``<decision id>#<department>#<child or 0>``: the same whenever it is sent again."""
    event: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [word.value for word in TaskEvent]})]
    """A ``TaskEvent``: ``dispatched``, ``reminded``, ``overdue``, ``updated``, ``withdrawn``,
    ``ended``, ``refused``."""
    department: str
    ticket: str
    role: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [word.value for word in TaskRole]})]
    """A ``TaskRole``: ``owner``, ``lead``, ``helper``; ``sender`` of what was refused."""
    at: str
    """RFC 3339, UTC: engine time of the decision."""
    child: str | None = None
    """``<ticket>/<code>/<n>`` when a whistle called; ``None`` for an owner."""
    deadline: str | None = None
    """RFC 3339, UTC; absent beyond the calendar's horizon."""
    report_in_by: str | None = None
    limit_ms: int | None = None
    """What it was given altogether, in its own kind of time."""
    limit_unit: str | None = None
    """``minute``, ``urgent_hour``, ``urgent_day`` run day and night, ``work_hour``, ``work_day`` in working time."""
    category: str | None = None
    category_label: str | None = None
    category_label_zh: str | None = None
    urgency: str | None = None
    text: str = ""
    """What was reported; people's numbers are masked."""
    asks: str | None = None
    """What the street asks for, in its words."""
    case: str | None = None
    """Why a whistle was blown: ``street_cannot``, ``joint_enforcement``, ``emergency``; of an automatic one the pack's
    word."""
    exercise: bool = False
    """A drill (演练): it is done as if it were real, and everybody is told that it is none."""
    call: Contact | None = None
    grid: tuple[Place, ...] = ()
    """The grid's path, the largest first."""
    address: str | None = None
    lat: str | None = None
    lon: str | None = None
    reason: str | None = None
    """Why it is told; of ``refused`` a ``topics.vocabulary.Reason``."""
    reason_label: str | None = None
    reason_label_zh: str | None = None
    mend: str | None = None
    """Of ``refused``: what to send instead."""
    answers: str | None = None
    """Of ``refused``: the reply, ``<topic>:<partition>:<offset>`` without the prefix, or the command's id."""
    version: Literal[1] = 1


class Reply(Door):
    """A department's answer about one of its tasks."""

    ticket: Code
    """The ticket, or the child as the task named it."""
    action: Literal["accept", "decline", "start", "report_in", "finish"]
    person: Code
    at: AwareDatetime | None = None
    proof: Annotated[tuple[Proof, ...], Field(max_length=50)] = ()
    text: Text = ""
    reason: Text | None = None
    version: Literal[1] = 1
