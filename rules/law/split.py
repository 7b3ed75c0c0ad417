"""The split of tickets among the parties: integers, no draw, each within a ticket of its share (LAW 3, 分流 1234)."""

from collections.abc import Mapping, Sequence

from rules.law.compiled import Law
from topics.ids import Instant
from topics.pack import Category
from topics.ticket import Quota

Eligible = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
"""Parties that may take a ticket, and the others with the reason of each."""


def eligible(law: Law, category: Category, leaf: str | None, home: str) -> Eligible:
    """Name the parties that may take a ticket, in pack order, and the others with the reason of each.

    Somebody must be on the party's roster, on duty or not: duty is looked at when offering. Source: LAW 3.
    """
    where = leaf or home
    key = (category.parties, category.skill, where)
    found: Eligible | None = law.cache_of_people.get(key)
    if found is None:
        if law.people.is_moved((share.code for share in law.shares), law.path(where)) or law is law.published:
            found = _asked(law, category, where)
        else:
            found = eligible(law.published, category, leaf, home)
        law.cache_of_people[key] = found
    return found


def _asked(law: Law, category: Category, where: str) -> Eligible:
    may, others = list[str](), list[tuple[str, str]]()
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
    return tuple(may), tuple(others)


def next_party(counts: Mapping[str, int], targets: Mapping[str, int], able: Sequence[str], per: int) -> str | None:
    """Name the eligible party that is furthest below its target.

    Integers only, no draw; a tie goes to the party named first in the pack, so every worker agrees.

    Args:
        counts: Tickets each party got in this window.
        targets: What each should have had, in units of ``1/per`` of a ticket, this ticket's shares included.
        able: Parties that may take this ticket, in pack order.
        per: Units in a ticket.
    Returns:
        A party, or ``None`` when nobody is eligible. With all eligible, every count stays within one ticket of its
        share.
    Source: LAW 3.
    """
    best, most = None, 0
    for party in able:
        deficit = targets.get(party, 0) - counts.get(party, 0) * per
        if best is None or deficit > most:
            best, most = party, deficit
    return best


def window_of(law: Law, at: Instant) -> str:
    """Name the window by the month in the pack's zone and the shares, since new shares start a new window; unique
    within a month (``quota_at``)."""
    month = law.local_month(at)
    found: str | None = law.cache.get(month)
    if found is None:
        found = law.cache[month] = f"{month}/{'-'.join(str(share.share) for share in law.shares)}"
    return found


def quota_at(law: Law, before: Quota | None, home: str, at: Instant) -> Quota:
    """Give the home's books for the window of ``at``, empty ones if it has just begun."""
    window = window_of(law, at)
    if before is not None:
        if before.window == window:
            return before
        name, _, number = before.window.partition("#")
        if name == window:
            return before
        if name.partition("/")[0] == window.partition("/")[0]:
            # shares that come back within a month make a window of their own
            window = f"{window}#{int(number or 1) + 1}"
    return Quota(home=home, window=window, per=law.per, counts={}, targets={})


def take(law: Law, quota: Quota, able: tuple[str, ...]) -> tuple[str, Quota]:
    """Give one ticket to the party whose turn it is; answers it and the books after.

    Each eligible party's target grows by its share among the eligible. ``able`` must not be empty.
    """
    targets, counts = quota.targets.copy(), quota.counts.copy()
    for party, units in _steps(law, able):
        targets[party] = targets.get(party, 0) + units
    winner = next_party(counts, targets, able, quota.per)
    assert winner is not None
    counts[winner] = counts.get(winner, 0) + 1
    full = quota.fully_eligible + (len(able) == len(law.shares))
    return winner, Quota(
        home=quota.home,
        window=quota.window,
        per=quota.per,
        counts=counts,
        targets=targets,
        split=quota.split + 1,
        fully_eligible=full,
        direct=quota.direct,
        emergency=quota.emergency,
        manual=quota.manual,
    )


def _steps(law: Law, able: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """List what one ticket adds to each target, in units: to each of ``able`` its share among them."""
    found: tuple[tuple[str, int], ...] | None = law.cache.get(("steps", able))
    if found is None:
        shares = {share.code: share.share for share in law.shares}
        among = {party: shares[party] for party in able}
        found = law.cache["steps", able] = tuple(
            (party, law.per * share // sum(among.values())) for party, share in among.items()
        )
    return found


def drift(law: Law, quota: Quota, party: str) -> dict[str, int]:
    """Say by how much a party is off its nominal share and why, in units: by eligibility, and by allocation.

    The nominal share is what all tickets of the split would have given, had everybody been eligible each time.
    ``allocation`` (count − target) of a whole ticket or more is an error and must never be. Source: LAW 3.
    """
    nominal = quota.split * dict(_steps(law, tuple(share.code for share in law.shares)))[party]
    target, count = quota.targets.get(party, 0), quota.counts.get(party, 0) * quota.per
    return {"eligibility": target - nominal, "allocation": count - target}
