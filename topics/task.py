"""What a department is given on ``dept.<code>.tasks`` and what it answers on ``dept.<code>.replies``."""

from typing import Annotated, Literal

import msgspec
from pydantic import AwareDatetime, Field

from topics.incident import Code, Door, Text


class Task(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message to one department. A later ``n`` about the same ticket and child replaces the earlier."""

    id: str
    """``<decision id>#<department>#<child or 0>``: the same whenever it is sent again."""
    event: str
    """``dispatched``, ``reminded``, ``overdue``, ``updated``, ``withdrawn``, ``ended``."""
    department: str
    ticket: str
    role: str
    """``owner``, ``lead`` or ``helper``."""
    at: str
    """RFC 3339, UTC: engine time of the decision."""
    child: str | None = None
    """``<ticket>/<code>/<n>`` when a whistle called; ``None`` for an owner."""
    deadline: str | None = None
    """RFC 3339, UTC; absent beyond the calendar's horizon."""
    report_in_by: str | None = None
    category: str | None = None
    urgency: str | None = None
    text: str = ""
    address: str | None = None
    lat: str | None = None
    lon: str | None = None
    reason: str | None = None
    version: Literal[1] = 1


class Reply(Door):
    """A department's answer about one of its tasks."""

    ticket: Code
    """The ticket, or the child as the task named it."""
    action: Literal["accept", "decline", "start", "report_in", "finish"]
    person: Code
    at: AwareDatetime | None = None
    proof: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    text: Text = ""
    reason: Text | None = None
    version: Literal[1] = 1
