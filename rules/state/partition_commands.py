"""Commands that are said to a partition and not of a ticket: another pack, duties, causes that were held (LAW 6, DESIGN
5.5, 6)."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from rules.commands.effective_moment import effective
from rules.state import duty_rights, duty_roster, held_causes
from rules.state.causes import Cause, CommandCause, Outcome
from rules.state.deciding import Deciding
from rules.ticket import caps
from topics.decision import Change, event_of
from topics.events.partition import DutySet, PackAdopted
from topics.vocabulary import CommandKind, Reason

Again = Callable[[Cause], Outcome]
"""Decides a cause of before once more."""


def adopt(deciding: Deciding, cause: CommandCause, again: Again) -> Outcome:
    """Put a pack in force in this partition; its law must have been read from ``reference``."""
    book, ref = deciding.book, cause.command.pack or ""
    if ref not in deciding.laws:
        return deciding.refuse(cause, Reason.UNKNOWN_PACK)
    # the law that is in force already may be told again by anybody: a publisher that died halfway is simply run again
    refused = (
        None
        if ref == book.pack
        else duty_rights.may_not_adopt(deciding.law_in_force(), cause.command.actor, deciding.laws[ref])
    )
    if refused is not None:
        return deciding.refuse(cause, refused)
    return replace(
        deciding.note(cause, Reason.PACK_ADOPTED, event_of("", PackAdopted(pack=ref, former=book.pack or ""))),
        pack=ref,
    )


def set_duty(deciding: Deciding, cause: CommandCause, again: Again) -> Outcome:
    """Change this partition's roster without a new pack; every partition is told the same."""
    book, command, at = deciding.book, cause.command, deciding.at
    if book.pack is None or book.pack not in deciding.laws:
        return deciding.refuse(cause, Reason.UNKNOWN_PACK)
    refused = duty_rights.fault(book.rosters, deciding.laws[book.pack], command.actor, command.duty, at)
    if refused is not None or command.duty is None:
        return deciding.refuse(cause, refused or Reason.DUTY_UNFIT)
    duty = duty_roster.not_before(command.duty, effective(command, cause.appended_at, at, cause.speed))
    name = duty_roster.name_of(duty)
    noted = duty_roster.noted(book.rosters.duties.get(name), duty, at)
    if caps.too_many_windows(noted) or book.rosters.is_full(at):
        return deciding.refuse(cause, Reason.TOO_MANY, field="duty")
    changed = event_of("", DutySet(duty=msgspec.to_builtins(duty), by=command.actor.person))
    return replace(deciding.note(cause, Reason.DUTY_SET, changed), duty=(name, noted))


def release(deciding: Deciding, cause: CommandCause, again: Again) -> Outcome:
    """Decide what was held once more, after our fault is mended, or let it go: in one decision with its end."""
    refused = held_causes.fault(deciding.book, deciding.law_in_force(), cause)
    if refused is not None:
        return deciding.refuse(cause, refused)
    name, told = cause.command.target or "", held_causes.event(cause.command)
    if cause.again is not None:
        outcome = again(held_causes.as_it_came(cause.again, deciding.book.held[name]))
        outcome = replace(outcome, decision=replace(outcome.decision, events=(*outcome.decision.events, told)))
    elif cause.command.kind is CommandKind.RETRY_HELD:
        rearmed = held_causes.rearmed(deciding.book, name)
        if rearmed is None:
            return deciding.refuse(cause, Reason.NOT_IN_THIS_STATUS)
        ticket, kept = rearmed
        outcome = deciding.note(cause, Reason.HELD_RETRIED, told)
        change = Change(ticket.id, ticket.version, msgspec.Raw(kept.value or b""))
        outcome = replace(
            outcome,
            tickets=(kept,),
            decision=replace(outcome.decision, home=ticket.home, ticket=ticket.id, changes=(change,)),
        )
    else:
        outcome = deciding.note(cause, Reason.HELD_DROPPED, told)
    return replace(outcome, held=(name, None))


PARTITION_HANDLERS = {
    CommandKind.ADOPT_PACK: adopt,
    CommandKind.SET_DUTY: set_duty,
    CommandKind.RETRY_HELD: release,
    CommandKind.DROP_HELD: release,
}
"""What carries each of them out; all other commands are of a ticket."""
