"""Life and property come to be at stake while a ticket is worked, or after: it is as if filed so at that moment (LAW
5)."""

from rules.law.filing_plan import plan_of
from rules.ticket import authority, filing, ladder, moves, resolve_clocks, whistle
from rules.ticket.draft import Case, Draft
from topics.pack import Category, Tier
from topics.ticket import Clock
from topics.vocabulary import ClockKind


def is_one(case: Case, urgency: str | None) -> bool:
    """Whether departments are called for this urgency without waiting for the street."""
    return urgency in case.law.bundle.automatic_whistle


def tiers(case: Case, category: Category) -> tuple[Tier, ...]:
    """Give the tiers at which such a ticket begins, lowest first."""
    return plan_of(case.law, category, None, ()).steps


def renew_limit(case: Case, draft: Draft, category: Category) -> None:
    """Its limit begins now, with every rung, under a number of its own; of what is worked off it stands until a check
    fails.

    Limits of merged tickets that are broken bind it no more; the others tell whoever has it now of each rung, too.
    """
    law, resolve = case.law, draft.clock(ClockKind.RESOLVE)
    runs = resolve is None or resolve.running_since is not None
    fresh = Clock(
        kind=ClockKind.RESOLVE,
        number=f"{category.urgency}@{draft.version}",
        limit_ms=draft.resolve_limit_ms,
        unit=draft.resolve_unit,
        started_at=case.at,
        running_since=case.at if runs else None,
        rungs=filing.rungs_of(law, category),
        stopped_at=None if runs else case.at,
        area=law.area(draft.where),
    )
    resolve_clocks.let_broken_go(draft)
    resolve_clocks.tell_anew(draft)
    resolve_clocks.change_own(law, draft, lambda clock: fresh)
    draft.drop(ClockKind.LEG)
    draft.is_overdue = draft.is_exhausted = False
    draft.top_repeats = 0
    whistle.retime(case, draft)


def take_up(case: Case, draft: Draft, wanted: list[Tier], cause: str) -> bool:
    """Let the lowest of these tiers have it that can; ``False`` when none can. At the street its departments are
    called."""
    former = (draft.tier, draft.party, draft.person)
    if not any(moves.enter(case, draft, tier) for tier in wanted):
        return False
    if draft.tier != former[0]:
        moves.moved(case, draft, former, cause, leg=False)
    call(case, draft)
    return True


def call(case: Case, draft: Draft) -> None:
    """The street whistles at once."""
    if draft.party == authority.STREET:
        filing.whistle_at_once(case, draft)


def again(case: Case, draft: Draft, cause: str) -> bool:
    """Corrected after it was worked off, and not done after all: where whoever did it stands below the tier it has now,
    that tier has it, or the next that can."""
    category = case.category(draft)
    if category is None or not is_one(case, category.urgency) or draft.finished_by is None:
        return False
    did, names = draft.finished_by[0], [tier.name for tier in ladder.steps_of(case, draft)]
    if did not in names or draft.tier not in names or names.index(did) >= names.index(draft.tier):
        return False
    wanted = [tier for tier in tiers(case, category) if names.index(tier.name) >= names.index(draft.tier)]
    draft.tier = did
    return take_up(case, draft, wanted, cause)
