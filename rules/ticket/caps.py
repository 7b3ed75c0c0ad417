"""What a command may say and a ticket may keep, so that every ticket and its decision fit into a record (DESIGN 3,
topics/bounds).

A refusal is a decision without changes, with the field in ``why.facts``. A ticket that was larger before keeps what it
has: only growing is refused. Clocks are never refused; what they add is a step of the ladder.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from topics import bounds, codec
from topics.command import Command
from topics.ids import Instant
from topics.incident import unfit
from topics.ticket import Duties, Ticket
from topics.vocabulary import CommandKind, Reason


class Beyond(NamedTuple):
    """Why a command is refused, and the field that is beyond its bound."""

    reason: Reason
    field: str


def said(command: Command) -> Beyond | None:
    """Look at a command before anything is done: moments from 1970 to 2100, texts of their length and without
    controls."""
    for field, moment in _moments(command):
        if moment is not None and not bounds.FIRST_MOMENT <= moment <= bounds.LAST_MOMENT:
            return Beyond(Reason.OUT_OF_RANGE, field)
    if command.reason is not None and len(command.reason) > bounds.REASON_CHARS:
        return Beyond(Reason.TOO_LONG, "reason")
    if command.kind is CommandKind.APPRAISE and len(command.text or "") > bounds.APPRAISAL_CHARS:
        return Beyond(Reason.TOO_LONG, "text")
    return next(
        (Beyond(Reason.BAD_TEXT, field) for field, text in _texts(command) if not text.isprintable() and unfit(text)),
        None,
    )


def _moments(command: Command) -> Iterator[tuple[str, Instant | None]]:
    yield "accepted_at", command.accepted_at
    yield "until", command.until
    if command.duty is not None:
        yield "duty.since", command.duty.since
        yield "duty.until", command.duty.until


_TEXTS = ("id", "ticket", "reason", "text", "category", "home", "grid", "target", "party", "case", "pack")


def _texts(command: Command) -> Iterator[tuple[str, str]]:
    for name in _TEXTS:
        text = getattr(command, name)
        if text:
            yield name, text
    yield "actor.person", command.actor.person
    yield "actor.org", command.actor.org or ""
    for name, several in (("proof", command.proof), ("departments", command.departments)):
        for text in several:
            yield name, text
    duty = command.duty
    if duty is not None:
        for text in (
            duty.person,
            duty.name,
            duty.org or "",
            duty.on_duty,
            duty.instead_of or "",
            *duty.nodes,
            *duty.skills,
        ):
            yield "duty", text


def is_full(ticket: Ticket, name: str) -> bool:
    """Whether a list of a ticket takes no more."""
    return len(getattr(ticket, name)) >= bounds.LISTS[name]


def grown(draft: Ticket, tickets: Mapping[str, Ticket]) -> Beyond | None:
    """Name the list that a command has made longer than it may be."""
    over = [name for name, most in bounds.LISTS.items() if len(getattr(draft, name)) > most]
    before = tickets.get(draft.id) if over else None
    return next(
        (
            Beyond(Reason.TOO_MANY, name)
            for name in over
            if before is None or len(getattr(draft, name)) > len(getattr(before, name))
        ),
        None,
    )


def too_large(after: bytes | None, before: bytes | None, is_merged: bool) -> bool:
    """Whether a ticket as it would be stored is larger than it may be and was; a merged one has what it was in it."""
    return (
        after is not None
        and len(after) > bounds.TICKET_BYTES * (2 if is_merged else 1)
        and len(after) > len(before or b"")
    )


def too_many_windows(duties: Duties) -> bool:
    """Whether so many changes of one person's duty are more than one record holds."""
    return len(duties.changes) > bounds.DUTY_WINDOWS or len(codec.encode(duties)) > bounds.DUTY_BYTES
