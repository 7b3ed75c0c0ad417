"""The same thing reported twice, and the way back: merge and unmerge, with every clock exact (LAW 6)."""

from rules import ledgers, offers, tasks, whistle
from rules.case import Case, Draft
from rules.closing import close
from rules.law import Law
from topics.command import Command
from topics.ticket import Ticket
from topics.vocabulary import FINAL, DepartmentRole, Reason, Status

DAYS_MS = 30 * 86_400_000
"""So long a merge can be undone."""


def merge(case: Case, draft: Draft, into: Draft, into_law: Law) -> Reason:
    """The earlier deadline counts for the one that stays; the merged one is kept as it was; both reporters stay."""
    if whistle.any_open(draft):
        return Reason.CHILDREN_OPEN
    ledgers.take_in(into_law, into, draft.id, offers.resolve_clock(draft), case.at)
    into.merged_here = (*into.merged_here, draft.id)
    into.can_reach_reporter = into.can_reach_reporter or draft.can_reach_reporter
    case.others.append((into, into_law))
    draft.before_merge, draft.merged_into = case.as_was[draft.id], into.id
    close(case, draft, "duplicate", Status.MERGED)
    return Reason.DONE_AS_ASKED


def unmerge(case: Case, draft: Draft, into: Draft | None, into_law: Law | None, command: Command) -> Reason:
    """Both as if never merged: the one with the clocks it had, of which what came due meanwhile fires late; the other with its own.

    Where the other has ended or begun a new generation meanwhile, it is left alone.
    """
    before = draft.before_merge
    if not command.reason:
        return Reason.REASON_MISSING
    if before is None or case.effective_at - (draft.closed_at or 0) > DAYS_MS:
        return Reason.TOO_LATE
    if into is not None and into_law is not None and into.status not in FINAL and draft.id in into.merged_here:
        into.merged_here = tuple(name for name in into.merged_here if name != draft.id)
        ledgers.take_out(into_law, into, draft.id)
        case.others.append((into, into_law))
    _restore(draft, before)
    case.say("TicketUnmerged", draft, out_of=into.id if into else "")
    if draft.party is not None and case.law.department(draft.party) is not None:
        tasks.send(case, draft, "dispatched", draft.party, DepartmentRole.OWNER)
    return Reason.DONE_AS_ASKED


def _restore(draft: Draft, before: Ticket) -> None:
    for name in Ticket.__struct_fields__:
        if name != "version":
            setattr(draft, name, getattr(before, name))
