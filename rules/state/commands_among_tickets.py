"""Commands of a ticket that look at others of its partition too: merging, letting go, what looks alike (LAW 6)."""

from collections.abc import Callable

from rules.commands.registry import HANDLERS
from rules.law.compiled import Law
from rules.state.deciding import Deciding
from rules.ticket import duplicates, merging
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.ids import home_of
from topics.vocabulary import FINAL, CommandKind, Reason, Role, Status


def file(deciding: Deciding, case: Case, draft: Draft, command: Command) -> Reason:
    """What the desk has filed is held against what was filed lately, as any report is."""
    reason, lately = HANDLERS[command.kind](case, draft, command), deciding.book.lately
    if reason is Reason.DONE_AS_ASKED and lately is not None and draft.filed_at is not None and draft.is_open:
        duplicates.look(case, draft, lately, deciding.book.tickets, deciding.laws)
    return reason


def cancel(deciding: Deciding, case: Case, draft: Draft, command: Command) -> Reason:
    """A reporter takes back what he said himself: what others said of it stands for itself again."""
    reason, book = HANDLERS[command.kind](case, draft, command), deciding.book
    if draft.merged_here and command.actor.role is not Role.CHIEF:
        others = [book.tickets[name] for name in draft.merged_here if name in book.tickets]
        merging.let_all_go(case, draft, [(other, deciding.laws[other.pack]) for other in others])
    return reason


def duplicate_of(deciding: Deciding, case: Case, draft: Draft, command: Command) -> Reason:
    """Merge it into another one of its home that is open."""
    into = deciding.book.tickets.get(command.target or "")
    if into is None:
        return Reason.TARGET_ELSEWHERE if _elsewhere(command.target, draft.home) else Reason.TARGET_NOT_OPEN
    if into.home != draft.home:
        return Reason.TARGET_ELSEWHERE
    if into.status in FINAL or into.id == draft.id:
        return Reason.TARGET_NOT_OPEN
    case.as_was[draft.id] = deciding.book.tickets[draft.id]
    return merging.merge(case, draft, into, deciding.laws[into.pack])


def unmerge(deciding: Deciding, case: Case, draft: Draft, command: Command) -> Reason:
    """It was not the same after all: every ticket it was merged into, and that into, lets go of it."""
    return merging.unmerge(case, draft, _chain(deciding, draft), command)


def _chain(deciding: Deciding, draft: Draft) -> list[tuple[Draft, Law]]:
    """List the ticket this one was merged into, what that was merged into since, and so on."""
    book, laws = deciding.book, deciding.laws
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


AMONG_TICKETS: dict[CommandKind, Callable[[Deciding, Case, Draft, Command], Reason]] = {
    CommandKind.FILE: file,
    CommandKind.CANCEL: cancel,
    CommandKind.DUPLICATE_OF: duplicate_of,
    CommandKind.UNMERGE: unmerge,
}
"""What carries each of them out; all others look at their own ticket alone (``rules.commands.registry``)."""
