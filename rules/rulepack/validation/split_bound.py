"""How far the split can be from the shares, worked out for the shares of a pack (LAW 3)."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations
from math import gcd

from rules.law.split import next_party


def farthest(shares: Mapping[str, int]) -> Fraction:
    """Give the largest |count − target| of any party, in tickets, at any prefix, whichever parties are eligible
    throughout.

    Exact: with the same parties eligible each time the split comes back to its beginning after one round of
    (sum of shares) / (their common divisor) tickets, so one round of each subset is walked.
    """
    able = {party: share for party, share in shares.items() if share > 0}
    subsets = [subset for n in range(1, len(able) + 1) for subset in combinations(able, n)]
    return max((_round({party: able[party] for party in subset}) for subset in subsets), default=Fraction(0))


def _round(shares: Mapping[str, int]) -> Fraction:
    """Walk one round with these parties eligible; amounts in units of 1/whole of a ticket."""
    divisor = gcd(*shares.values())
    each = {party: share // divisor for party, share in shares.items()}
    whole = sum(each.values())
    counts, targets, worst = dict.fromkeys(each, 0), dict.fromkeys(each, 0), 0
    for _ in range(whole):
        targets = {party: targets[party] + each[party] for party in each}
        winner = next_party(counts, targets, tuple(each), whole)
        assert winner is not None
        counts[winner] += 1
        worst = max(worst, *(abs(counts[party] * whole - targets[party]) for party in each))
    return Fraction(worst, whole)
