"""Folds recorded decisions into what a partition remembers, without deciding anything: each decision carries what it
changed (DESIGN 5)."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from rules.law import split
from rules.law.compiled import Law
from rules.state import duty_roster
from rules.state.causes import Kept, Outcome
from rules.state.partition_state import Book
from topics import codec
from topics.command import Duty, refused_as, remembered_as
from topics.decision import Change, Decision
from topics.events.types import EventType
from topics.ids import Instant
from topics.ticket import CommandSeen, DayCounter, Duties, HeldCause, Quota
from topics.vocabulary import FINAL, REFUSALS, Reason, Status


class _Image(msgspec.Struct, frozen=True):
    """Of a ticket what the book keeps beside its bytes."""

    status: Status
    next_due_at: Instant | None = None
    folded_into: str | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    facts: msgspec.Raw = msgspec.Raw(b"{}")


class _Filed(msgspec.Struct, frozen=True):
    counted: str
    all_eligible: bool


class _ByHand(msgspec.Struct, frozen=True):
    counted: str = "manual"


class _Adopted(msgspec.Struct, frozen=True):
    pack: str


class _DutySet(msgspec.Struct, frozen=True):
    duty: Duty


class _Counted(msgspec.Struct, frozen=True):
    counts: dict[str, int]
    targets: dict[str, int]


class _Quota(msgspec.Struct, frozen=True):
    after: _Counted = _Counted({}, {})


class _Why(msgspec.Struct, frozen=True):
    pack: str | None = None
    quota: msgspec.Raw = msgspec.Raw(b"{}")


class Said(msgspec.Struct, frozen=True):
    """Of a decision what changes the book."""

    id: str
    at: Instant
    cause: Literal["incident", "command", "clock", "held"]
    reason: str
    home: str
    ticket: str | None = None
    command_id: str | None = None
    command: str | None = None
    actor: str | None = None
    events: tuple[_Event, ...] = ()
    changes: tuple[Change, ...] = ()
    why: _Why = _Why()


said = codec.decoder(Said)
"""Reads a record of ``tickets.decisions``; ``msgspec.DecodeError`` when it is none."""


def fold(book: Book, laws: Mapping[str, Law], told: Said) -> None:
    """Let the book take over what one decision says; afterwards it holds what it held when that had been decided.

    Tickets and the split's counts and targets are taken from the record. The counters that the record leaves out
    (``direct``, ``emergency``, ``manual``, ``split``, ``fully_eligible``) follow exactly from its events; day counters
    from the ticket's name; commands seen from whose they were and their ids.

    Raises:
        KeyError: The pack of a decision that counts in the split is not among ``laws``.
    """
    is_held = told.cause == "held"
    book.apply(
        Outcome(
            decision=_NOTHING,
            tickets=tuple([_kept(change) for change in told.changes]),
            quota=_quota(book, laws, told),
            counter=_counter(told) if told.cause == "incident" else None,
            seen=_seen(told) if told.cause == "command" else None,
            expired=() if is_held else book.expired(told.at),
            pack=_pack(told) if told.reason == Reason.PACK_ADOPTED else None,
            duty=_duty(book, told) if told.reason == Reason.DUTY_SET else None,
            held=_held(told),
        )
    )


_NOTHING = Decision(id="", at=0, cause="held", reason="", home="")  # type: ignore[arg-type]
"""The book looks at what an outcome changes, not at its record."""


def _kept(change: Change) -> Kept:
    if change.after is None:
        return Kept(change.ticket, None, None, is_open=False)
    after = bytes(change.after)
    image = codec.decode(after, _Image)
    return Kept(
        change.ticket, after, image.next_due_at, is_open=image.status not in FINAL, folded_into=image.folded_into
    )


def _counter(told: Said) -> tuple[str, DayCounter]:
    home, day, n = (told.ticket or "").rsplit("-", 2)
    return f"{home}:{day}", DayCounter(int(n), told.at)


def _seen(told: Said) -> tuple[str, CommandSeen] | None:
    if told.reason in (Reason.REPEATED_COMMAND, Reason.ID_RESERVED):
        return None
    actor, command_id = told.actor or "", told.command_id or ""
    name = (
        refused_as(actor, command_id, told.command or "", told.ticket or "")
        if told.reason in REFUSALS
        else remembered_as(actor, command_id)
    )
    return (name, CommandSeen(told.id, told.at)) if name else None


def _pack(told: Said) -> str | None:
    return next(
        (
            codec.decode(bytes(event.facts), _Adopted).pack
            for event in told.events
            if event.type == EventType.PACK_ADOPTED
        ),
        None,
    )


def _duty(book: Book, told: Said) -> tuple[str, Duties] | None:
    for event in told.events:
        if event.type == EventType.DUTY_SET:
            duty = codec.decode(bytes(event.facts), _DutySet).duty
            name = duty_roster.name_of(duty)
            return name, duty_roster.noted(book.rosters.duties.get(name), duty, told.at)
    return None


class _Held(msgspec.Struct, frozen=True):
    record: str
    size: int = 0
    sha256: str = ""
    appended_at: Instant | None = None


def _held(told: Said) -> tuple[str, HeldCause | None] | None:
    """What was set aside by an engine that remembers it, and what has been ended."""
    for event in told.events:
        if event.type in (EventType.CAUSE_HELD, EventType.HELD_RETRIED, EventType.HELD_DROPPED):
            facts = codec.decode(bytes(event.facts), _Held)
            if event.type != EventType.CAUSE_HELD:
                return facts.record, None
            if facts.appended_at is not None:
                return facts.record, HeldCause(
                    at=told.at, home=told.home, size=facts.size, sha256=facts.sha256, appended_at=facts.appended_at
                )
    return None


def _quota(book: Book, laws: Mapping[str, Law], told: Said) -> Quota | None:
    """Give the home's books after a ticket was filed, or given to another party by hand; else ``None``."""
    kinds = [event.type for event in told.events]
    hands = [
        codec.decode(bytes(event.facts), _ByHand).counted
        for event in told.events
        if event.type == EventType.TICKET_REASSIGNED
    ]
    by_hand = "manual" in hands and EventType.TICKET_OFFERED in kinds  # the person alone may change: that is no offer
    filed = next(
        (codec.decode(bytes(event.facts), _Filed) for event in told.events if event.type == EventType.TICKET_FILED),
        None,
    )
    if not by_hand and (filed is None or filed.counted in ("none", "exercise")):
        return None
    quota = split.quota_at(
        laws[(book.pack if by_hand else None) or told.why.pack or ""], book.quotas.get(told.home), told.home, told.at
    )
    if filed is None:
        return replace(quota, manual=quota.manual + 1)
    if filed.counted != "split":
        return replace(quota, **{filed.counted: getattr(quota, filed.counted) + 1})
    after = codec.decode(bytes(told.why.quota), _Quota).after
    return replace(
        quota,
        counts=after.counts,
        targets=after.targets,
        split=quota.split + 1,
        fully_eligible=quota.fully_eligible + filed.all_eligible,
    )
