"""What a pack alone says about a category, worked out once: limit, parties, where it begins (LAW 2, 3)."""

from dataclasses import dataclass

from rules.law.compiled import Law
from topics.pack import Category, Tier
from topics.vocabulary import ClockKind, TierKind


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How tickets of one category are filed where the same parties are eligible."""

    category: Category
    """As the exception that applies has it."""
    rule: str
    """What ``why.rules`` says."""
    limit_ms: int
    rungs: tuple[int, ...]
    able: tuple[str, ...]
    """Eligible parties in pack order."""
    all_able: bool
    """Whether those are all of the split."""
    counted: str
    """``split``, ``direct`` (nobody eligible), ``emergency`` (U1), ``none`` (starts at a tier or a department)."""
    whistles: bool
    steps: tuple[Tier, ...]
    """Tiers it is offered to, where the split names nobody."""
    steps_of: dict[str, tuple[Tier, ...]]
    """The same for each party that the split may name: its tier and those above."""


def plan_of(law: Law, category: Category, rule: str | None, able: tuple[str, ...]) -> Plan:
    """Give the plan for a category, as the exception that applies has it, where these parties are eligible."""
    key = ("plan", category.code, rule, able)
    found: Plan | None = law.cache.get(key)
    if found is None:
        found = law.cache[key] = _make(law, category, able)
    return found


def _make(law: Law, category: Category, able: tuple[str, ...]) -> Plan:
    counted, steps = _beginning(law, category, able)
    ladder = law.ladder(category.ladder)
    steps_of = {
        party: ladder[next((i for i, tier in enumerate(ladder) if party in tier.parties), 0) :] for party in able
    }
    return Plan(
        category=category,
        rule=f"category:{category.code}",
        limit_ms=law.limit_ms(category.limit),
        rungs=() if category.wish else law.rungs(ClockKind.RESOLVE),
        able=able,
        all_able=len(able) == len(law.shares),
        counted=counted,
        whistles=category.urgency in law.bundle.automatic_whistle,
        steps=steps,
        steps_of=steps_of,
    )


def _beginning(law: Law, category: Category, able: tuple[str, ...]) -> tuple[str, tuple[Tier, ...]]:
    """Say how a ticket is counted, and from which tier on it is offered where the split names nobody."""
    ladder = law.ladder(category.ladder)
    if category.urgency in law.bundle.automatic_whistle:
        return "emergency", _from(ladder, TierKind.STREET) or ladder[1:] or ladder
    if category.starts_at == "department":
        return "none", _from(ladder, TierKind.OWNER, TierKind.WHISTLE) or ladder
    if category.starts_at != "split":
        return "none", ladder[next((i for i, tier in enumerate(ladder) if tier.name == category.starts_at), 0) :]
    if able:
        return "split", ladder
    return "direct", tuple(tier for tier in ladder if tier.kind != TierKind.PARTIES or len(tier.parties) == 1)


def _from(ladder: tuple[Tier, ...], *kinds: TierKind) -> tuple[Tier, ...]:
    """Give the ladder from its first tier of these kinds on; empty when there is none."""
    return next((ladder[i:] for i, tier in enumerate(ladder) if tier.kind in kinds), ())
