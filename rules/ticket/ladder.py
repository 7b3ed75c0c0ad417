"""The steps a ticket climbs, frozen with its pack, and where it stands on them (LAW 5)."""

from rules.ticket.draft import Case, Draft
from topics.pack import Tier
from topics.vocabulary import TierKind


def tier_of(case: Case, draft: Draft) -> Tier | None:
    """Give the step of the ladder the ticket is on."""
    return next((tier for tier in steps_of(case, draft) if tier.name == draft.tier), None)


def steps_of(case: Case, draft: Draft) -> tuple[Tier, ...]:
    """Give the ticket's ladder, frozen with its pack."""
    category = case.category(draft)
    return case.law.ladder(category.ladder if category else "default")


def above(case: Case, draft: Draft) -> list[Tier]:
    """List the tiers above the ticket's, lowest first."""
    steps = steps_of(case, draft)
    names = [tier.name for tier in steps]
    return list(steps[names.index(draft.tier) + 1 :]) if draft.tier in names else list(steps)


_RANK: dict[str, int] = {
    TierKind.PARTIES: 0,
    TierKind.STREET: 1,
    TierKind.WHISTLE: 2,
    TierKind.OWNER: 2,
    TierKind.CENTRE: 3,
}


def not_below(tier: Tier | None, former: tuple[Tier, ...], steps: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Give the tiers of a ladder from the one a ticket is on, as another has it: by name, else the lowest not below.

    Parties stand below the street, the street below departments, these below the centre; of several tiers of parties
    the second is not below the second.
    """
    if tier is None:
        return steps
    for place, step in enumerate(steps):
        if step.name == tier.name:
            return steps[place:]
    wanted = _height(tier, former)
    return next((steps[place:] for place, step in enumerate(steps) if _height(step, steps) >= wanted), ())


def _height(tier: Tier, steps: tuple[Tier, ...]) -> tuple[int, int]:
    alike = [step.name for step in steps if _RANK[step.kind] == _RANK[tier.kind]]
    return _RANK[tier.kind], alike.index(tier.name)
