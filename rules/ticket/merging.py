"""The same thing reported twice, and the way back: merge and unmerge, with every clock exact (LAW 6)."""

from collections.abc import Sequence

from rules.law.compiled import Law
from rules.ticket import department_tasks, resolve_clocks, whistle
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.clocks import SupervisionLifted
from topics.events.filing import TicketUnmerged
from topics.ticket import Ticket
from topics.vocabulary import FINAL, DepartmentRole, Reason, Status

DAYS_MS = 30 * 86_400_000
"""So long a merge can be undone."""


def merge(case: Case, draft: Draft, into: Draft, into_law: Law) -> Reason:
    """The earlier deadline counts for the one that stays; the merged one is kept as it was; both reporters stay."""
    if whistle.any_open(draft):
        return Reason.CHILDREN_OPEN
    if draft.exercise != into.exercise:
        return Reason.TARGET_ELSEWHERE  # what is played counts in nothing real
    resolve_clocks.take_in(into_law, into, draft, case.at)
    into.merged_here = (*into.merged_here, draft.id)
    if draft.can_reach_reporter and (into.reach_here or not into.can_reach_reporter):
        into.reach_here = (*into.reach_here, *(draft.reach_here or (draft.id,)))
        into.can_reach_reporter = True
    case.others.append((into, into_law))
    draft.before_merge, draft.merged_into = case.as_was[draft.id], into.id
    close(case, draft, "duplicate", Status.MERGED)
    return Reason.DONE_AS_ASKED


def unmerge(case: Case, draft: Draft, chain: Sequence[tuple[Draft, Law]], command: Command) -> Reason:
    """Both as if never merged: the one with the clocks it had, of which what came due meanwhile fires late; the other
    with its own.

    ``chain`` is the ticket it was merged into, what that was merged into meanwhile, and so on: each lets go of what
    came
    with this one, as it stands or as it is kept. One that has ended or begun a new generation is left alone.
    """
    before = draft.before_merge
    if before is None or case.effective_at - (draft.closed_at or 0) > DAYS_MS:
        return Reason.TOO_LATE
    gone = resolve_clocks.brought(before)
    for into, law in chain:
        if into.status in FINAL and into.status is not Status.MERGED:
            break
        was = into.supervised_by
        _let_go(law, into, draft.id, gone)
        if into.supervised_by != was:
            case.say(into, SupervisionLifted(by=was))
        if into.before_merge is not None:
            kept = Draft(**{name: getattr(into.before_merge, name) for name in Ticket.__struct_fields__})
            _let_go(law, kept, draft.id, gone)
            into.before_merge = kept
        case.others.append((into, law))
    _restore(draft, before)
    case.say(draft, TicketUnmerged(out_of=chain[0][0].id if chain else ""))
    if draft.party is not None and case.law.department(draft.party) is not None:
        department_tasks.send(case, draft, "dispatched", draft.party, DepartmentRole.OWNER)
    return Reason.DONE_AS_ASKED


def let_all_go(case: Case, draft: Draft, merged: Sequence[tuple[Draft, Law]]) -> None:
    """Its reporter takes it back: that ends their own report, and what others said of it stands for itself again."""
    for other, law in merged:
        if other.status is Status.MERGED and other.before_merge is not None:
            _restore(other, other.before_merge)
            case.say(other, TicketUnmerged(out_of=draft.id))
            case.others.append((other, law))
    draft.merged_here = ()


def _let_go(law: Law, into: Draft, name: str, gone: tuple[str, ...]) -> None:
    into.merged_here = tuple(one for one in into.merged_here if one != name)
    resolve_clocks.take_out(law, into, gone)
    if into.reach_here:
        into.reach_here = tuple(one for one in into.reach_here if one not in gone)
        into.can_reach_reporter = bool(into.reach_here)


def _restore(draft: Draft, before: Ticket) -> None:
    for name in Ticket.__struct_fields__:
        if name != "version":
            setattr(draft, name, getattr(before, name))
