"""The one way in: a cause, a moment and what is remembered lead to one decision record and its effects (DESIGN 3, LAW
6)."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from rules import escalation
from rules.commands.effective_moment import effective
from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from rules.commands.registry import CHILD_HANDLERS, HANDLERS
from rules.commands.required_fields import lacking, without_blanks
from rules.errors import BrokenInvariant
from rules.law.compiled import Law
from rules.state.causes import Cause, ClockCause, CommandCause, IncidentCause, Outcome
from rules.state.commands_among_tickets import AMONG_TICKETS
from rules.state.deciding import Deciding
from rules.state.partition_commands import PARTITION_HANDLERS
from rules.state.partition_state import Book
from rules.ticket import authority, caps, duplicates, filing, flood
from rules.ticket.draft import Case, Draft
from topics.command import Command, answers_for, refused_as, remembered_as
from topics.ids import Instant, clock_id, ticket_id
from topics.incident import IncidentReferred, is_proof
from topics.ticket import CommandSeen, DayCounter
from topics.vocabulary import REFUSALS, ClockKind, CommandKind, Reason, Role, Status


def decide(book: Book, laws: Mapping[str, Law], cause: Cause, at: Instant) -> Outcome:
    """Decide one cause at engine time ``at``. Reads ``book``, changes nothing; the same inputs give the same bytes.

    Every cause leads to exactly one decision; a refusal is a decision without changes (DESIGN 3).
    """
    deciding = Deciding(book=book, laws=laws, at=at, expired=book.expired(at))
    if isinstance(cause, IncidentCause):
        return _incident(deciding, cause)
    if isinstance(cause, CommandCause):
        return _command(deciding, cause)
    return _clock(deciding, cause)


def _incident(deciding: Deciding, cause: IncidentCause) -> Outcome:
    book, laws, at, given = deciding.book, deciding.laws, deciding.at, cause.incident
    incident, carried = (given.incident, given.carried) if isinstance(given, IncidentReferred) else (given, None)
    law = laws[book.pack or incident.pack]
    case = Case(cause.id, at, law, duty_law=book.rosters.law(law, at))
    case.quota_before = book.quotas.get(incident.home)
    day = law.local_day(at)
    name = f"{incident.home}:{day}"
    n = (book.counters[name].n if name in book.counters else 0) + 1
    draft, reason = filing.receive(case, incident, ticket_id(incident.home, day, n), carried)
    case.facts["placed_by"] = incident.placed_by
    if incident.pack != law.ref:
        case.facts["placing_pack"] = incident.pack
    if book.lately is not None and draft.filed_at is not None:
        duplicates.look(case, draft, book.lately, book.tickets, laws)
    return deciding.publish(case, "incident", reason, draft, counter=(name, DayCounter(n, at)))


def _clock(deciding: Deciding, cause: ClockCause) -> Outcome:
    draft = deciding.book.tickets[cause.ticket]
    case = deciding.case(clock_id(draft.id, draft.generation, cause.kind, cause.number, cause.rung), draft)
    if draft.folded_into is not None:
        programme = deciding.book.tickets.get(draft.folded_into)
        if cause.kind == ClockKind.FLOOD:
            return deciding.publish(case, "clock", flood.ended(case, draft, programme), draft)
        case.programme = programme if programme is not None and programme.is_open else None
    clock = draft.clock(ClockKind(cause.kind), cause.number)
    if clock is None or not clock.rungs or clock.rungs[0] != cause.rung:
        raise BrokenInvariant(f"{case.id} is not due: the clock has changed since")
    return deciding.publish(case, "clock", escalation.fire(case, draft, clock, cause.rung, cause.due_at), draft)


def _command(deciding: Deciding, cause: CommandCause) -> Outcome:
    """Refuse what is reserved, repeated, unreadable or beyond its bounds; the rest is the partition's, or a
    ticket's."""
    command, book, at = cause.command, deciding.book, deciding.at
    actor = f"{command.actor.role}:{command.actor.person}"
    if answers_for(command) not in (None, command.actor.org if command.actor.role is Role.DEPARTMENT else ""):
        return deciding.refuse(cause, Reason.ID_RESERVED)
    refused = refused_as(actor, command.id, command.kind, command.ticket.split("/", 1)[0])
    first = book.first_decision(actor, command.id, at) or (book.first_refusal(refused, at) if refused else None)
    if first is not None:
        return deciding.refuse(cause, Reason.REPEATED_COMMAND, first=first)
    if command.kind is CommandKind.UNREADABLE:
        return deciding.refuse(cause, Reason.UNREADABLE, field=_field_of(command.reason or ""))
    beyond = caps.said(command)
    if beyond is not None:
        return deciding.refuse(cause, beyond.reason, field=beyond.field)
    deciding.seen = (remembered_as(actor, command.id), CommandSeen(cause.id, at))
    handler = PARTITION_HANDLERS.get(command.kind)
    if handler is not None:
        return handler(deciding, cause, lambda before: decide(book, deciding.laws, before, at))
    return _of_ticket(deciding, cause)


def _of_ticket(deciding: Deciding, cause: CommandCause) -> Outcome:
    command, book, laws = cause.command, deciding.book, deciding.laws
    draft = book.tickets.get(command.ticket.split("/", 1)[0])
    if draft is None:
        return deciding.refuse(cause, Reason.UNKNOWN_TICKET)
    stranger = authority.is_not_its(draft, command)
    command, draft = _said_of_another(book, without_blanks(command), draft)
    case = deciding.case(cause.id, draft)
    effective_at = case.effective_at = case.facts["effective_at"] = effective(
        command, cause.appended_at, deciding.at, cause.speed
    )
    case.actor_law = book.rosters.law(laws.get(book.pack or draft.pack, case.law), effective_at)
    if draft.id != cause.command.ticket.split("/", 1)[0]:
        case.facts["said_of"] = cause.command.ticket
    reason = _carry_out(
        deciding, case, draft, replace(command, actor=authority.completed(case.actor_law, command.actor)), stranger
    )
    if reason is Reason.NO_CHANGE:
        return deciding.note(cause, reason)
    if reason in REFUSALS:
        return deciding.refuse(cause, reason)
    outcome = deciding.publish(case, "command", reason, draft, command)
    beyond = _beyond(book, case, draft, outcome)
    return outcome if beyond is None else deciding.refuse(cause, beyond.reason, field=beyond.field)


def _beyond(book: Book, case: Case, draft: Draft, outcome: Outcome) -> caps.Beyond | None:
    """Say which ticket a command would let grow beyond what a record holds, if any: then nothing of it is done."""
    for one in (draft, *(other for other, _ in case.others)):
        found = caps.grown(one, book.tickets)
        if found is not None:
            return found
    merged = draft.id if draft.before_merge is not None else None
    if any(
        caps.too_large(kept.value, book.tickets.stored(kept.ticket), kept.ticket == merged) for kept in outcome.tickets
    ):
        return caps.Beyond(Reason.TOO_LARGE, "ticket")
    return None


_FIELD = re.compile(r"`\$\.?([\w.\[\]]{1,100})[`…]$")
"""How the reader of records names the member that is wrong, last in its message."""


def _field_of(fault: str) -> str | None:
    found = _FIELD.search(fault)
    return found[1] if found else None


def _said_of_another(book: Book, command: Command, draft: Draft) -> tuple[Command, Draft]:
    """What the reporter of a merged ticket says reaches the ticket it was merged into; that it is still broken in the
    form that ticket takes."""
    unhappy = command.kind is CommandKind.REOPEN or (command.kind is CommandKind.ANSWER and command.satisfied is False)
    if (
        draft.status is not Status.MERGED
        or command.actor.role is not Role.REPORTER
        or not (unhappy or command.kind in _OF_THE_OTHER)
    ):
        return command, draft
    into: Draft | None = draft
    while into is not None and into.status is Status.MERGED:
        into = book.tickets.get(into.merged_into or "")
    if into is None:
        return command, draft
    said = command.reason or command.text
    if unhappy and into.is_open and into.status is not Status.SURVEYED:
        command = replace(command, kind=CommandKind.REMIND, text=said)
    elif unhappy and into.status is Status.DISMISSED:
        command = replace(command, kind=CommandKind.APPEAL, reason=said or "still broken")
    elif unhappy and into.status is Status.CLOSED:
        command = replace(command, kind=CommandKind.REOPEN, reason=said or "still broken")
    return replace(command, ticket=into.id), into


_OF_THE_OTHER = (CommandKind.REMIND, CommandKind.NOTE, CommandKind.ATTACH, CommandKind.FOLLOW, CommandKind.APPEAL)


def _carry_out(deciding: Deciding, case: Case, draft: Draft, command: Command, stranger: Reason | None) -> Reason:
    """Look the command up in the table of LAW 6, then carry it out; the reason says whether it was refused."""
    row = (CHILD_TABLE if "/" in command.ticket else TABLE).get(command.kind)
    if row is None or draft.status not in row.statuses:
        return Reason.NOT_IN_THIS_STATUS
    if command.actor.role not in row.roles:
        return Reason.ROLE_NOT_ALLOWED
    if stranger is not None:
        return stranger
    if not authority.is_known(case, draft, command.actor):
        return Reason.NOT_ON_ROSTER
    missing = lacking(row, command)
    if missing is not None:
        return missing
    if not all(map(is_proof, command.proof)):
        return Reason.PROOF_UNFIT
    case.rules.append(f"law6:{command.kind}")
    if "/" in command.ticket:
        return CHILD_HANDLERS[command.kind](case, draft, command)
    among = AMONG_TICKETS.get(command.kind)
    return HANDLERS[command.kind](case, draft, command) if among is None else among(deciding, case, draft, command)
