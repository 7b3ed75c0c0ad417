"""An open ticket is put under the pack in force: its calendar, limits and ladder, each changed deadline written down
(LAW 4, DESIGN 6)."""

from msgspec.structs import replace

from rules.commands.handler import Handlers
from rules.law.categories import category_of
from rules.law.compiled import Law
from rules.ticket import clocks, exceptions, filing, resolve_clocks, whistle
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.changes import TicketRebased
from topics.ids import Instant
from topics.pack import Category
from topics.ticket import Clock
from topics.vocabulary import CommandKind, Reason


def rebase(case: Case, draft: Draft, command: Command) -> Reason:
    """What was consumed so far was consumed by the former calendar; all that follows is reckoned by the new one. Rungs
    that fired stay fired."""
    former, law = case.law, case.duty_law
    if law.ref == former.ref:
        return Reason.NO_CHANGE
    if draft.category not in law.categories:
        return Reason.CATEGORY_UNKNOWN
    if draft.where not in law.nodes:
        return Reason.GRID_UNKNOWN
    before = _deadlines(former, draft)
    _settle(case, draft, law)
    category = category_of(law, draft.category or "", draft.rule)
    if draft.tier is not None and all(tier.name != draft.tier for tier in law.ladder(category.ladder)):
        return Reason.TIER_UNKNOWN
    limit_ms, unit = draft.resolve_limit_ms, draft.resolve_unit
    _take_limit(case, draft, category, is_part=draft.is_reopened)
    if (limit_ms, unit) != (draft.resolve_limit_ms, draft.resolve_unit):
        whistle.retime(case, draft)
    after = _deadlines(law, draft)
    moved = [
        [kind, number, before.get((kind, number)), due]
        for (kind, number), due in after.items()
        if before.get((kind, number)) != due
    ]
    case.say(
        draft,
        TicketRebased(
            former_pack=former.ref,
            pack=law.ref,
            former_limit_ms=limit_ms,
            limit_ms=draft.resolve_limit_ms,
            unit=draft.resolve_unit,
            deadlines=moved,
        ),
    )
    return Reason.DONE_AS_ASKED


def _settle(case: Case, draft: Draft, law: Law) -> None:
    """Close the former calendar's account, and take the new law with the exception that applies under it."""
    former, at = case.law, case.at
    draft.clocks = tuple([_settled(former, clock, at) for clock in draft.clocks])
    draft.ledgers = tuple([replace(ledger, clock=_settled(former, ledger.clock, at)) for ledger in draft.ledgers])
    case.law, draft.pack = law, law.ref
    resolve_clocks.move(law, draft, at)
    rule = exceptions.applying(case, draft) if law.reads else None
    draft.rule = None if rule is not None and rule.startswith(exceptions.RULE_ERROR) else rule


def _settled(former: Law, clock: Clock, at: Instant) -> Clock:
    """What was consumed by the former calendar, as far as that knew its days; the rest the new one counts."""
    return clocks.settled(former, clock, min(at, former.calendar.ends) if former.in_work_time(clock.unit) else at)


def _take_limit(case: Case, draft: Draft, category: Category, is_part: bool) -> None:
    """The category's limit by the new pack, of a reopened ticket its part; a promised date stays what it was."""
    law = case.law
    draft.urgency, draft.lead = category.urgency, category.lead
    if draft.promised_by is None or not category.promise_counts:
        full = law.limit_ms(category.limit)
        draft.resolve_limit_ms = (
            full if not is_part else max(full * law.bundle.reopen_percent // 100, law.limit_ms(law.bundle.reopen_floor))
        )
        draft.resolve_unit = category.limit.unit
    rungs = filing.rungs_of(law, category)
    limit_ms, unit = draft.resolve_limit_ms, draft.resolve_unit

    def by_new_pack(clock: Clock) -> Clock:
        left = tuple(rung for rung in rungs if rung > max(clock.fired, default=0))
        return replace(clocks.rebase(law, clock, limit_ms, unit, case.at), rungs=left)

    resolve_clocks.change_own(law, draft, by_new_pack)


def _deadlines(law: Law, draft: Draft) -> dict[tuple[str, str], Instant | None]:
    return {(clock.kind, clock.number): clocks.moment(law, clock, 100, draft.urgency) for clock in draft.clocks}


HANDLERS: Handlers = {
    CommandKind.REBASE: rebase,
}
"""What this family carries out."""
