"""What our own fault kept from being decided, decided again after the fault is mended, or let go (DESIGN 5.5;
docs/decisions/0012)."""

import msgspec
from msgspec.structs import replace

from rules import VERSION
from rules.commands.lifecycle_table import PARTITION_TABLE
from rules.commands.required_fields import lacking, without_blanks
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause, Kept, Outcome
from rules.state.partition_state import Book
from rules.ticket import clocks, resolve_clocks
from rules.ticket.draft import Draft
from topics import codec
from topics.command import Command
from topics.decision import Change, Decision, Event, Why, event_of
from topics.events.partition import CauseHeld, HeldDropped, HeldRetried
from topics.ids import DecisionId, Instant, clock_id
from topics.ticket import HeldCause
from topics.vocabulary import ClockKind, CommandKind, Reason

KINDS = (CommandKind.RETRY_HELD, CommandKind.DROP_HELD)
CLOCK = "clock:"


def fault(book: Book, law: Law | None, cause: CommandCause) -> Reason | None:
    """Say why somebody may not end a held cause, if so; each is ended once, and decided again by the same bytes
    alone."""
    command = without_blanks(cause.command)
    row = PARTITION_TABLE[command.kind]
    if command.actor.role not in row.roles:
        return Reason.ROLE_NOT_ALLOWED
    if law is None or law.entry(command.actor.person, command.actor.role) is None:
        return Reason.NOT_ON_ROSTER
    missing = lacking(row, command)
    if missing is not None:
        return missing
    held = book.held.get(command.target or "")
    if held is None:
        return Reason.NOT_HELD
    is_clock = (command.target or "").startswith(CLOCK)
    if command.kind is CommandKind.RETRY_HELD and (
        is_clock == (cause.again is not None) or (not is_clock and cause.sha256 != held.sha256)
    ):
        return Reason.NOT_HELD
    return None


def event(command: Command) -> Event:
    """Write down who ended it and why."""
    kind = HeldRetried if command.kind is CommandKind.RETRY_HELD else HeldDropped
    by = f"{command.actor.role}:{command.actor.person}"
    return event_of("", kind(record=command.target, by=by, reason=command.reason))


def as_it_came(again: IncidentCause | CommandCause, held: HeldCause) -> IncidentCause | CommandCause:
    """What came in time is in time: our fault is not the sender's."""
    return again if isinstance(again, IncidentCause) else replace(again, appended_at=held.appended_at)


def set_aside_record(book: Book, at: Instant, record: str, again: str | None, home: str, cause: HeldCause) -> Outcome:
    """Set a record aside that could not be decided (DESIGN 5.5): one decision that changes nothing, for the desk and
    the audit to see.

    Its bytes stay where they are, as long as the decision does (180 days): a command may hold what somebody wrote, and
    a copy in the log would be read by everybody. Their sum proves that they are the same.

    Args:
        record: Position of the record, which names the decision.
        again: Of a held cause that came once more, its name; it is held under that one still.
    """
    name = again or record
    facts = CauseHeld(record=name, size=cause.size, sha256=cause.sha256, appended_at=cause.appended_at)
    decision = Decision(
        id=DecisionId(record),
        at=at,
        cause="held",
        reason=Reason.HELD,
        home=home,
        events=(event_of("", facts),),
        why=Why(pack=book.pack),
        engine=VERSION,
    )
    return Outcome(decision=decision, tickets=(), held=(name, cause))


def set_aside(book: Book, cause: ClockCause, at: Instant) -> Outcome:
    """Let a rung go that could not be decided (DESIGN 5.5): it never fires, the ticket is else as it was, the record
    says ``held``."""
    draft = book.tickets[cause.ticket]
    clock = draft.clock(ClockKind(cause.kind), cause.number)
    if clock is None:
        draft.folded_into = None  # a flood that could not be ended
    else:
        resolve_clocks.fire(draft, clock, cause.rung)
    draft.version += 1
    next_due = clocks.first_due(book.laws[draft.pack], draft.clocks, draft.urgency, draft.hours)
    draft.next_due_at = next_due[0] if next_due else None
    after = codec.encode(draft)
    name = clock_id(draft.id, draft.generation, cause.kind, cause.number, cause.rung)
    decision = Decision(
        id=name,
        at=at,
        cause="held",
        reason=Reason.HELD,
        home=draft.home,
        ticket=draft.id,
        events=(event_of(draft.id, CauseHeld(record=name, appended_at=0)),),
        changes=(Change(draft.id, draft.version, msgspec.Raw(after)),),
        why=Why(pack=draft.pack),
        engine=VERSION,
    )
    kept = Kept(draft.id, after, draft.next_due_at, is_open=draft.is_open, folded_into=draft.folded_into)
    return Outcome(decision=decision, tickets=(kept,), held=(name, HeldCause(at=at, home=draft.home)))


def rearmed(book: Book, name: str) -> tuple[Draft, Kept] | None:
    """Give a rung back to its clock, to fire at once with ``late_by``; ``None`` where the clock is gone meanwhile."""
    _, ticket, generation, kind, number, rung = name.split(":")
    draft = book.tickets.get(ticket)
    clock = None if draft is None else draft.clock(ClockKind(kind), number)
    if (
        draft is None
        or clock is None
        or not draft.is_open
        or draft.generation != int(generation)
        or int(rung) not in clock.fired
    ):
        return None
    back = {
        "rungs": tuple(sorted({*clock.rungs, int(rung)})),
        "fired": tuple(one for one in clock.fired if one != int(rung)),
    }
    draft.put(replace(clock, **back))
    draft.ledgers = tuple(
        [
            replace(one, clock=replace(one.clock, **back)) if one.clock.number == clock.number else one
            for one in draft.ledgers
        ]
    )
    draft.version += 1
    due = clocks.first_due(book.laws[draft.pack], draft.clocks, draft.urgency, draft.hours)
    draft.next_due_at = due[0] if due else None
    return draft, Kept(draft.id, codec.encode(draft), draft.next_due_at, is_open=True, folded_into=draft.folded_into)
