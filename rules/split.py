"""The split of tickets among the parties: integers, no draw, each within a ticket of its share (LAW 3, 分流 1234)."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from rules.law import Law
from topics.ids import Instant
from topics.pack import Category
from topics.ticket import Quota


def eligible(law: Law, category: Category, leaf: str | None, home: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Name the parties that may take a ticket, in pack order, and the others with the reason of each.

    Somebody must be on the party's roster, on duty or not: duty is looked at when offering. Source: LAW 3.
    """
    key = ("eligible", category.code, leaf, home)
    found = law.cache.get(key)
    if found is None:
        where, may, others = leaf or home, [], []
        for share in law.shares:
            if category.parties and share.code not in category.parties:
                others.append((share.code, "category_not_allowed"))
            elif not law.party_works_in(share.code, where):
                others.append((share.code, "not_in_this_grid"))
            elif not law.roster(share.code, where):
                others.append((share.code, "nobody_on_roster"))
            elif category.skill and not law.roster(share.code, where, category.skill):
                others.append((share.code, "skill_missing"))
            else:
                may.append(share.code)
        found = law.cache[key] = (tuple(may), tuple(others))
    return found  # type: ignore[no-any-return]


def next_party(counts: Mapping[str, int], targets: Mapping[str, int], able: Sequence[str], per: int) -> str | None:
    """Name the eligible party that is furthest below its target.

    Integers only, no draw; a tie goes to the party named first in the pack, so every worker agrees.

    Args:
        counts: Tickets each party got in this window.
        targets: What each should have had, in units of ``1/per`` of a ticket, this ticket's shares included.
        able: Parties that may take this ticket, in pack order.
        per: Units in a ticket.
    Returns:
        A party, or ``None`` when nobody is eligible. With all eligible, every count stays within one ticket of its share.
    Source: LAW 3.
    """
    best, most = None, 0
    for party in able:
        deficit = targets.get(party, 0) - counts.get(party, 0) * per
        if best is None or deficit > most:
            best, most = party, deficit
    return best


def window_of(law: Law, at: Instant) -> str:
    """Name the window: the month in the pack's zone, and the shares, since new shares start a new window."""
    return f"{law.local_month(at)}/{'-'.join(str(share.share) for share in law.shares)}"


def quota_at(law: Law, before: Quota | None, home: str, at: Instant) -> Quota:
    """Give the home's books for the window of ``at``, empty ones if it has just begun."""
    window = window_of(law, at)
    if before is not None and before.window == window:
        return before
    return Quota(home, window, law.per, counts={}, targets={}, nominal={})


def take(law: Law, quota: Quota, able: tuple[str, ...]) -> tuple[str, Quota]:
    """Give one ticket to the party whose turn it is; answers it and the books after.

    Each eligible party's target grows by its share among the eligible. ``able`` must not be empty.
    """
    shares = {share.code: share.share for share in law.shares}
    whole, among = sum(shares.values()), sum(shares[party] for party in able)
    targets, nominal, counts = dict(quota.targets), dict(quota.nominal), dict(quota.counts)
    for party in able:
        targets[party] = targets.get(party, 0) + quota.per * shares[party] // among
    for party, share in shares.items():
        nominal[party] = nominal.get(party, 0) + quota.per * share // whole
    winner = next_party(counts, targets, able, quota.per)
    assert winner is not None
    counts[winner] = counts.get(winner, 0) + 1
    full = len(able) == len(shares)
    after = replace(quota, counts=counts, targets=targets, nominal=nominal, split=quota.split + 1, fully_eligible=quota.fully_eligible + full)
    return winner, after


def drift(quota: Quota, party: str) -> dict[str, int]:
    """Say by how much a party is off its nominal share and why, in units: by eligibility, and by allocation.

    ``allocation`` (count − target) of a whole ticket or more is an error and must never be. Source: LAW 3.
    """
    target, count = quota.targets.get(party, 0), quota.counts.get(party, 0) * quota.per
    return {"eligibility": target - quota.nominal.get(party, 0), "allocation": count - target}
