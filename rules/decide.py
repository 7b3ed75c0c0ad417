"""The one way in: a cause, a moment and what is remembered lead to one decision record and its effects (DESIGN 3, LAW 6)."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from rules import VERSION, alike, answering, caps, desk, escalation, filing, flood, heldback, merging, people, rosters, split
from rules.book import Book, ClockCause, CommandCause, IncidentCause, Kept, Outcome
from rules.case import Case, Draft, publish
from rules.errors import BrokenInvariant
from rules.fields import lacking, without_blanks
from rules.handlers import CHILD_HANDLERS, HANDLERS
from rules.law import Law
from rules.lifecycle import BY_CLOCK, CHILD_TABLE, TABLE
from rules.masking import masked_name
from topics import codec
from topics.command import Command, answers_for, refused_as, remembered_as
from topics.decision import Change, Decision, Event, Said, Why
from topics.ids import DecisionId, Instant, clock_id, home_of, ticket_id
from topics.incident import IncidentReferred, is_proof
from topics.ticket import CommandSeen, DayCounter, Ticket
from topics.vocabulary import FINAL, REFUSALS, ClockKind, CommandKind, Reason, Role, Status

ENGINE = VERSION

__all__ = ["ENGINE", "ClockCause", "CommandCause", "IncidentCause", "Outcome", "decide"]


def decide(book: Book, laws: Mapping[str, Law], cause: IncidentCause | CommandCause | ClockCause, at: Instant) -> Outcome:
    """Decide one cause at engine time ``at``. Reads ``book``, changes nothing; the same inputs give the same bytes.

    Every cause leads to exactly one decision; a refusal is a decision without changes (DESIGN 3).
    """
    if isinstance(cause, IncidentCause):
        return _incident(book, laws, cause, at)
    if isinstance(cause, CommandCause):
        return _command(book, laws, cause, at)
    return _clock(book, laws, cause, at)


def _incident(book: Book, laws: Mapping[str, Law], cause: IncidentCause, at: Instant) -> Outcome:
    given = cause.incident
    incident, carried = (given.incident, given.carried) if isinstance(given, IncidentReferred) else (given, None)
    law = laws[book.pack or incident.pack]
    case = Case(cause.id, at, law, book.rosters.law(law, at))
    case.quota_before = book.quotas.get(incident.home)
    day = law.local_day(at)
    name = f"{incident.home}:{day}"
    n = (book.counters[name].n if name in book.counters else 0) + 1
    draft, reason = filing.receive(case, incident, ticket_id(incident.home, day, n), carried)
    case.facts["placed_by"] = incident.placed_by
    if incident.pack != law.ref:
        case.facts["placing_pack"] = incident.pack
    if book.lately is not None and draft.filed_at is not None:
        alike.look(case, draft, book.lately, book.tickets, laws)
    return _outcome(case, "incident", reason, draft, counter=(name, DayCounter(n, at)), expired=book.expired(at))


def _clock(book: Book, laws: Mapping[str, Law], cause: ClockCause, at: Instant) -> Outcome:
    draft = book.tickets[cause.ticket]
    case = _case(book, laws, clock_id(draft.id, draft.generation, cause.kind, cause.number, cause.rung), draft, at)
    if draft.folded_into is not None:
        programme = book.tickets.get(draft.folded_into)
        if cause.kind == ClockKind.FLOOD:
            return _outcome(case, "clock", flood.ended(case, draft, programme), draft, expired=book.expired(at))
        case.programme = programme if programme is not None and programme.is_open else None
    clock = draft.clock(ClockKind(cause.kind), cause.number)
    if clock is None or not clock.rungs or clock.rungs[0] != cause.rung:
        raise BrokenInvariant(f"{case.id} is not due: the clock has changed since")
    reason = escalation.fire(case, draft, clock, cause.rung, cause.due_at)
    return _outcome(case, "clock", reason, draft, expired=book.expired(at))


def _case(book: Book, laws: Mapping[str, Law], decision_id: str, ticket: Ticket, at: Instant) -> Case:
    law = laws[ticket.pack]
    case = Case(decision_id, at, law, book.rosters.law(laws.get(book.pack or ticket.pack, law), at))
    case.was = ticket.status
    case.quota_before = book.quotas.get(ticket.home)
    return case


def _command(book: Book, laws: Mapping[str, Law], cause: CommandCause, at: Instant) -> Outcome:
    command, expired = cause.command, book.expired(at)
    actor = f"{command.actor.role}:{command.actor.person}"
    if answers_for(command) not in (None, command.actor.org if command.actor.role is Role.DEPARTMENT else ""):
        return _without_change(book, cause, at, Reason.ID_RESERVED, expired)
    refused = refused_as(actor, command.id, command.kind, command.ticket.split("/", 1)[0])
    first = book.first_decision(actor, command.id, at) or (book.first_refusal(refused, at) if refused else None)
    if first is not None:
        return _without_change(book, cause, at, Reason.REPEATED_COMMAND, expired, first=first)
    if command.kind is CommandKind.UNREADABLE:
        return _without_change(book, cause, at, Reason.UNREADABLE, expired, field=_field_of(command.reason or ""))
    beyond = caps.said(command)
    if beyond is not None:
        return _without_change(book, cause, at, beyond.reason, expired, field=beyond.field)
    seen = (remembered_as(actor, command.id), CommandSeen(cause.id, at))
    if command.kind is CommandKind.ADOPT_PACK:
        return _adopt(book, laws, cause, at, seen, expired)
    if command.kind is CommandKind.SET_DUTY:
        return _set_duty(book, laws, cause, at, seen, expired)
    if command.kind in heldback.KINDS:
        return _release(book, laws, cause, at, seen, expired)
    draft = book.tickets.get(command.ticket.split("/", 1)[0])
    if draft is None:
        return _without_change(book, cause, at, Reason.UNKNOWN_TICKET, expired)
    stranger = people.is_not_its(draft, command)
    command, draft = _said_of_another(book, without_blanks(command), draft)
    case = _case(book, laws, cause.id, draft, at)
    effective_at = case.effective_at = case.facts["effective_at"] = desk.effective(command, cause.appended_at, at, cause.speed)
    case.actor_law = book.rosters.law(laws.get(book.pack or draft.pack, case.law), effective_at)
    if draft.id != cause.command.ticket.split("/", 1)[0]:
        case.facts["said_of"] = cause.command.ticket
    reason = _carry_out(book, laws, case, draft, replace(command, actor=people.completed(case.actor_law, command.actor)), stranger)
    if reason in REFUSALS or reason is Reason.NO_CHANGE:
        return _without_change(book, cause, at, reason, expired, seen if reason is Reason.NO_CHANGE else None)
    outcome = _outcome(case, "command", reason, draft, command=command, seen=seen, expired=expired)
    beyond = _beyond(book, case, draft, outcome)
    if beyond is not None:
        return _without_change(book, cause, at, beyond.reason, expired, field=beyond.field)
    return outcome


def _beyond(book: Book, case: Case, draft: Draft, outcome: Outcome) -> caps.Beyond | None:
    """Say which ticket a command would let grow beyond what a record holds, if any: then nothing of it is done."""
    for one in (draft, *(other for other, _ in case.others)):
        found = caps.grown(one, book.tickets)
        if found is not None:
            return found
    merged = draft.id if draft.before_merge is not None else None
    if any(caps.too_large(kept.value, book.tickets.stored(kept.ticket), kept.ticket == merged) for kept in outcome.tickets):
        return caps.Beyond(Reason.TOO_LARGE, "ticket")
    return None


_FIELD = re.compile(r"`\$\.?([\w.\[\]]{1,100})[`…]$")
"""How the reader of records names the member that is wrong, last in its message."""


def _field_of(fault: str) -> str | None:
    found = _FIELD.search(fault)
    return found[1] if found else None


def _said_of_another(book: Book, command: Command, draft: Draft) -> tuple[Command, Draft]:
    """What the reporter of a merged ticket says reaches the ticket it was merged into; that it is still broken in the form that ticket takes."""
    unhappy = command.kind is CommandKind.REOPEN or (command.kind is CommandKind.ANSWER and command.satisfied is False)
    if draft.status is not Status.MERGED or command.actor.role is not Role.REPORTER or not (unhappy or command.kind in _OF_THE_OTHER):
        return command, draft
    into: Draft | None = draft
    while into is not None and into.status is Status.MERGED:
        into = book.tickets.get(into.merged_into or "")
    if into is None:
        return command, draft
    said = command.reason or command.text
    if unhappy and into.is_open and into.status is not Status.SURVEYED:
        command = replace(command, kind=CommandKind.REMIND, text=said)
    elif unhappy and into.status is Status.CLOSED:
        command = replace(command, kind=CommandKind.REOPEN, reason=said or "still broken")
    return replace(command, ticket=into.id), into


_OF_THE_OTHER = (CommandKind.REMIND, CommandKind.NOTE, CommandKind.ATTACH, CommandKind.FOLLOW)


def _carry_out(book: Book, laws: Mapping[str, Law], case: Case, draft: Draft, command: Command, stranger: Reason | None) -> Reason:
    """Look the command up in the table of LAW 6, then carry it out; the reason says whether it was refused."""
    row = (CHILD_TABLE if "/" in command.ticket else TABLE).get(command.kind)
    if row is None or draft.status not in row.statuses:
        return Reason.NOT_IN_THIS_STATUS
    if command.actor.role not in row.roles:
        return Reason.ROLE_NOT_ALLOWED
    if stranger is not None:
        return stranger
    if not people.is_known(case, draft, command.actor):
        return Reason.NOT_ON_ROSTER
    missing = lacking(row, command)
    if missing is not None:
        return missing
    if not all(map(is_proof, command.proof)):
        return Reason.PROOF_UNFIT
    case.rules.append(f"law6:{command.kind}")
    if "/" in command.ticket:
        return CHILD_HANDLERS[command.kind](case, draft, command)
    if command.kind is CommandKind.UNMERGE:
        return merging.unmerge(case, draft, _chain(book, laws, draft), command)
    if command.kind is not CommandKind.DUPLICATE_OF:
        reason = HANDLERS[command.kind](case, draft, command)
        is_filed = draft.filed_at is not None and draft.is_open
        if command.kind is CommandKind.FILE and reason is Reason.DONE_AS_ASKED and book.lately is not None and is_filed:
            alike.look(case, draft, book.lately, book.tickets, laws)
        return reason
    into = book.tickets.get(command.target or "")
    if into is None:
        return Reason.TARGET_ELSEWHERE if _elsewhere(command.target, draft.home) else Reason.TARGET_NOT_OPEN
    if into.home != draft.home:
        return Reason.TARGET_ELSEWHERE
    if into.status in FINAL or into.id == draft.id:
        return Reason.TARGET_NOT_OPEN
    case.as_was[draft.id] = book.tickets[draft.id]
    return merging.merge(case, draft, into, laws[into.pack])


def _chain(book: Book, laws: Mapping[str, Law], draft: Draft) -> list[tuple[Draft, Law]]:
    """List the ticket this one was merged into, what that was merged into since, and so on."""
    chain, name = list[tuple[Draft, Law]](), draft.merged_into
    while name is not None and (into := book.tickets.get(name)) is not None:
        chain.append((into, laws[into.pack]))
        name = into.merged_into if into.status is Status.MERGED else None
    return chain


def _elsewhere(target: str | None, home: str) -> bool:
    try:
        return home_of(target or "") != home
    except ValueError:
        return False


def _adopt(
    book: Book, laws: Mapping[str, Law], cause: CommandCause, at: Instant, seen: tuple[str, CommandSeen], expired: tuple[str, ...]
) -> Outcome:
    """Put a pack in force in this partition; its law must have been read from ``reference``."""
    ref = cause.command.pack or ""
    if ref not in laws:
        return _without_change(book, cause, at, Reason.UNKNOWN_PACK, expired)
    law = laws.get(book.pack or "")
    now = None if law is None else book.rosters.law(law, at)
    # the law that is in force already may be told again by anybody: a publisher that died halfway is simply run again
    refused = None if ref == book.pack else rosters.may_not_adopt(now, cause.command.actor, laws[ref])
    if refused is not None:
        return _without_change(book, cause, at, refused, expired)
    adopted = Event("PackAdopted", "", {"pack": ref, "former": book.pack or ""})
    outcome = _without_change(book, cause, at, Reason.PACK_ADOPTED, expired, seen, events=(adopted,))
    return replace(outcome, pack=ref)


def _set_duty(
    book: Book, laws: Mapping[str, Law], cause: CommandCause, at: Instant, seen: tuple[str, CommandSeen], expired: tuple[str, ...]
) -> Outcome:  # fmt: skip
    """Change this partition's roster without a new pack; every partition is told the same."""
    command = cause.command
    if book.pack is None or book.pack not in laws:
        return _without_change(book, cause, at, Reason.UNKNOWN_PACK, expired)
    refused = rosters.fault(book.rosters, laws[book.pack], command.actor, command.duty, at)
    if refused is not None or command.duty is None:
        return _without_change(book, cause, at, refused or Reason.DUTY_UNFIT, expired)
    duty = rosters.not_before(command.duty, desk.effective(command, cause.appended_at, at, cause.speed))
    name = rosters.name_of(duty)
    noted = rosters.noted(book.rosters.duties.get(name), duty, at)
    if caps.too_many_windows(noted) or book.rosters.is_full(at):
        return _without_change(book, cause, at, Reason.TOO_MANY, expired, field="duty")
    changed = Event("DutySet", "", {"duty": msgspec.to_builtins(duty), "by": command.actor.person})
    outcome = _without_change(book, cause, at, Reason.DUTY_SET, expired, seen, events=(changed,))
    return replace(outcome, duty=(name, noted))


def _release(
    book: Book, laws: Mapping[str, Law], cause: CommandCause, at: Instant, seen: tuple[str, CommandSeen], expired: tuple[str, ...]
) -> Outcome:  # fmt: skip
    """Decide what was held once more, after our fault is mended, or let it go: in one decision with its end."""
    law = laws.get(book.pack or "")
    refused = heldback.fault(book, None if law is None else book.rosters.law(law, at), cause)
    if refused is not None:
        return _without_change(book, cause, at, refused, expired)
    name = cause.command.target or ""
    told = heldback.event(cause.command)
    if cause.again is not None:
        outcome = decide(book, laws, heldback.as_it_came(cause.again, book.held[name]), at)
        outcome = replace(outcome, decision=replace(outcome.decision, events=(*outcome.decision.events, told)))
    elif cause.command.kind is CommandKind.RETRY_HELD:
        rearmed = heldback.rearmed(book, name)
        if rearmed is None:
            return _without_change(book, cause, at, Reason.NOT_IN_THIS_STATUS, expired)
        ticket, kept = rearmed
        outcome = _without_change(book, cause, at, Reason.HELD_RETRIED, expired, seen, events=(told,))
        change = Change(ticket.id, ticket.version, msgspec.Raw(kept.value or b""))
        outcome = replace(outcome, tickets=(kept,), decision=replace(outcome.decision, home=ticket.home, ticket=ticket.id, changes=(change,)))
    else:
        outcome = _without_change(book, cause, at, Reason.HELD_DROPPED, expired, seen, events=(told,))
    return replace(outcome, held=(name, None))


def _without_change(
    book: Book, cause: CommandCause, at: Instant, reason: Reason, expired: tuple[str, ...], seen: tuple[str, CommandSeen] | None = None,
    first: str | None = None, events: tuple[Event, ...] = (), field: str | None = None,
) -> Outcome:  # fmt: skip
    """Make the decision that changes no ticket: a refusal, a repeat, an adoption."""
    command = cause.command
    name = command.ticket.split("/", 1)[0] or None
    try:
        home: str = home_of(name) if name else ""
    except ValueError:
        home = ""
    actor = f"{command.actor.role}:{command.actor.person}"
    shown = actor if reason is not Reason.NOT_ON_ROSTER else f"{command.actor.role}:{masked_name(command.actor.person)}"
    events = events or answering.refusal(book.laws, book.pack, cause, at, reason, field)
    decision = Decision(
        id=DecisionId(cause.id), at=at, cause="command", reason=reason, home=home, ticket=name, command_id=command.id, command=command.kind,
        actor=shown, said=_said(command), first_decision=first, events=events,
        why=Why(pack=book.pack, facts={"field": field} if field else {}), engine=ENGINE,
    )  # fmt: skip
    if reason in REFUSALS and reason is not Reason.ID_RESERVED:
        refused = refused_as(actor, command.id, command.kind, name or "")
        seen = (refused, CommandSeen(cause.id, at)) if refused else None
    return Outcome(decision, (), seen=seen, expired=expired)


def _outcome(
    case: Case, kind: Literal["incident", "command", "clock"], reason: Reason, draft: Draft, command: Command | None = None,
    counter: tuple[str, DayCounter] | None = None, seen: tuple[str, CommandSeen] | None = None, expired: tuple[str, ...] = (),
) -> Outcome:  # fmt: skip
    """Publish the drafts and write the record."""
    _tell_followers(case, kind, draft, command)
    _hold_to_table(case, kind, draft, command)
    kept: list[Kept] = []
    changes = []
    for changed, law in ((draft, case.law), *case.others) if case.others else ((draft, case.law),):
        if case.forgotten and changed is draft:
            kept.append(Kept(draft.id, None, None, False))
            changes.append(Change(draft.id, draft.version + 1, None))
            continue
        ticket = publish(law, changed, case.duty_law)
        after = codec.encode(ticket)
        kept.append(Kept(ticket.id, after, ticket.next_due_at, changed.is_open, changed.folded_into))
        changes.append(Change(ticket.id, ticket.version, msgspec.Raw(after)))
    decision = Decision(
        id=case.id, at=case.at, cause=kind, reason=reason, home=draft.home, ticket=draft.id, command_id=command.id if command else None,
        command=command.kind if command else None, actor=f"{command.actor.role}:{command.actor.person}" if command else None, said=_said(command) if command else None,
        events=tuple(case.events), changes=tuple(changes), why=_why(case), engine=ENGINE,
    )  # fmt: skip
    referrals = (case.referral,) if case.referral else ()
    return Outcome(decision, tuple(kept), referrals, case.quota, counter, seen, expired)


def _said(command: Command) -> Said | None:
    """Keep what people said with any command in the record, so that no handler can lose it (DESIGN 3)."""
    if command.reason or command.text or command.proof:
        return Said(command.reason, command.text, command.proof)
    return None


def _tell_followers(case: Case, kind: str, draft: Draft, command: Command | None) -> None:
    """Who follows hears what happens to the ticket as its holder does; a clock's firing names them itself (LAW 5, 全程跟)."""
    if kind == "command" and draft.followers and case.events:
        mine = command.actor.person if command is not None else ""
        told = [person for name in draft.followers if (person := name.partition(":")[2]) != mine]
        if told:
            case.say("FollowersTold", draft, told=list(dict.fromkeys(told)))


def _hold_to_table(case: Case, kind: str, draft: Draft, command: Command | None) -> None:
    """What led from one status to another must stand in the table (LAW 6)."""
    was, now = case.was, draft.status
    if was is None or was == now or case.forgotten:
        return
    if kind == "clock":
        rows = [BY_CLOCK.get(ClockKind(str(case.id).split(":")[3]))]
    else:
        assert command is not None
        rows = [(CHILD_TABLE if "/" in command.ticket else TABLE).get(command.kind)]
    if not any(row is not None and was in row.statuses and now in row.to for row in rows):
        raise BrokenInvariant(f"{case.id} would lead {draft.id} from {was} to {now}, which is not in the table")


def _why(case: Case) -> Why:
    bundle = case.law.bundle
    return Why(
        pack=case.law.ref, rules=tuple(case.rules), facts=case.facts, refused=tuple(case.refused), quota=_quota(case),
        calendar=case.law.calendar.name, grid=bundle.grid_version, roster=case.duty_law.bundle.roster_version,
    )  # fmt: skip


def _quota(case: Case) -> dict[str, Any]:
    """Show the split's books before and after, if the split was asked."""
    after = case.quota
    if after is None:
        return {}
    before = split.quota_at(case.law, case.quota_before, after.home, case.at)
    if after.targets is before.targets:
        return {}
    return {
        "before": {"counts": before.counts, "targets": before.targets},
        "after": {"counts": after.counts, "targets": after.targets},
        "per": after.per,
    }
