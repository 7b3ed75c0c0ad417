"""The log of what happened and why: one record for every consumed cause."""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from topics.events.facts import Facts
from topics.ids import DecisionId, Instant

if TYPE_CHECKING:
    Image = msgspec.Raw | None
else:
    Image = msgspec.Raw  # msgspec 0.22 drops Raw from a union with None, and then takes null alone


if TYPE_CHECKING:
    Told = Facts | dict[str, Any]
else:
    Told = dict[str, Any]  # whatever a newer engine has added to the facts of an event is read, and so is its type


class Event(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that happened to one ticket, in the past tense: ``TicketFiled``, ``ClockBreached`` … (docs/concepts).

    ``facts`` are integers, booleans, strings, lists and maps of them, never floats and never personal data. As it is
    decided they are the Struct of its type in ``topics.events``; read from the log, a map.
    """

    type: str
    """A ``topics.events.types.EventType``; the class of the facts has the same name."""
    ticket: str
    facts: Told = {}


def event_of(ticket: str, facts: Facts) -> Event:
    """Make the event whose facts these are; one that has none says none."""
    return Event(facts.__class__.__name__, ticket, facts if facts.__struct_fields__ else {})


def facts_of(event: Event) -> dict[str, Any]:
    """Give the facts of an event as they stand on the log, wherever it comes from."""
    facts: Any = event.facts
    if type(facts) is msgspec.Raw:  # of a reader that left it as it stands
        found: dict[str, Any] = msgspec.json.decode(facts)
        return found
    return facts if isinstance(facts, dict) else facts.as_map()  # type: ignore[no-any-return]


class Change(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The ticket after the decision; ``after`` is ``None`` once it is forgotten."""

    ticket: str
    version: int
    after: Image = None
    """A ``topics.ticket.Ticket`` as JSON."""


class Why(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the decision rests on (DESIGN 8)."""

    pack: str | None = None
    rules: tuple[str, ...] = ()
    """Ids of the rules that matched, e.g. ``category:fire_lane``, ``law4:resolve.80``."""
    facts: dict[str, Any] = {}
    refused: tuple[tuple[str, str], ...] = ()
    """Candidates that were not taken, each with its reason."""
    quota: dict[str, Any] = {}
    """``before`` and ``after``: counts and targets of the split, if it was consulted."""
    calendar: str | None = None
    grid: str | None = None
    roster: str | None = None


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the giver of a command said with it, word for word: nothing of it is lost, be the command carried out or
    refused."""

    reason: str | None = None
    text: str | None = None
    proof: tuple[str, ...] = ()


class Decision(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    tag_field="version",
    tag=1,
    forbid_unknown_fields=True,
    kw_only=True,
):
    """All effects of one cause in one record; log order is decide order.

    ``cause`` is ``record`` (an incident or command) or ``clock``; the id says which one. A refusal is a decision
    with a reason of ``topics.vocabulary.REFUSALS`` and without changes.
    """

    id: DecisionId
    at: Instant
    cause: Literal["incident", "command", "clock", "held"]
    reason: str
    home: str
    ticket: str | None = None
    command_id: str | None = None
    command: str | None = None
    """Kind of the command."""
    actor: str | None = None
    """``role:person`` of the command."""
    said: Said | None = None
    """Reason, text and proof given with the command, if there were any."""
    first_decision: str | None = None
    """Of a repeated command: the id of the decision that counted."""
    events: tuple[Event, ...] = ()
    changes: tuple[Change, ...] = ()
    why: Why = Why()
    engine: str = ""
    """Version of the engine that decided."""
