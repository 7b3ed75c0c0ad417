"""What is decided, and what it leads to: an incident, a command or a due clock; the record, and what the book takes
over (DESIGN 3)."""

from typing import NamedTuple

import msgspec

from topics.command import Command
from topics.decision import Decision
from topics.ids import Instant
from topics.incident import AnyIncident, IncidentReferred
from topics.ticket import CommandSeen, DayCounter, Duties, HeldCause, Quota


class IncidentCause(msgspec.Struct, frozen=True):
    """An incident was read."""

    id: str
    incident: AnyIncident


class CommandCause(msgspec.Struct, frozen=True, kw_only=True):
    """A command was read; ``appended_at`` is when the broker had it, in engine time."""

    id: str
    command: Command
    appended_at: Instant
    speed: int = 1
    """Engine milliseconds in one of the broker's: a door's delay is measured in the broker's."""
    again: "IncidentCause | CommandCause | None" = None
    """``retry_held``: what is to be decided again, and the sum of its bytes."""
    sha256: str = ""


class ClockCause(msgspec.Struct, frozen=True, kw_only=True):
    """A rung of a ticket's clock is due."""

    ticket: str
    kind: str
    number: str
    rung: int
    due_at: Instant


class Kept(NamedTuple):
    """A ticket as the decision leaves it."""

    ticket: str
    value: bytes | None
    """As it is stored; ``None``: forgotten."""
    due_at: Instant | None
    """When its next rung is due."""
    is_open: bool
    folded_into: str | None = None
    """Of a flood the ticket that is worked; this one is due when that has ended."""
    exercise: bool = False
    """Whether it is played, as it is told of a decision that was just made; the book has no use for it."""


Cause = IncidentCause | CommandCause | ClockCause


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a cause leads to: the record for the log, and what the book and its topic take over."""

    decision: Decision
    tickets: tuple[Kept, ...]
    referrals: tuple[tuple[str, IncidentReferred], ...] = ()
    quota: Quota | None = None
    counter: tuple[str, DayCounter] | None = None
    seen: tuple[str, CommandSeen] | None = None
    expired: tuple[str, ...] = ()
    pack: str | None = None
    duty: tuple[str, Duties] | None = None
    held: tuple[str, HeldCause | None] | None = None
    """A cause that was set aside, or is no more."""
    unmanned: tuple[str, ...] = ()
    """Parties that were asked while nobody of them was on duty; counted, and written nowhere."""
