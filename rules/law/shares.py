"""In which unit the split of a pack's shares is whole (LAW 3)."""

from itertools import combinations
from math import gcd, lcm


def share_unit(shares: list[int]) -> int:
    """Find the unit in which every split of the shares is whole: 2520 for 10, 20, 30, 40.

    The least common multiple of the sums of all subsets of the shares, divided by their common divisor. Source: LAW 3.
    """
    divisor = gcd(*shares) if shares else 1
    reduced = [share // divisor for share in shares if share]
    sums = {sum(some) for n in range(1, len(reduced) + 1) for some in combinations(reduced, n)}
    return lcm(*sums) if sums else 1
