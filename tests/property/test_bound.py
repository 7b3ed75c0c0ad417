"""The bound that ``pack check`` gives for a pack's shares is the split's own: reached, never passed, and under one
ticket."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.law.split import next_party
from rules.rulepack.validation.split_bound import farthest

PARTIES = ("red_property", "specialist", "residents", "backstop")
CUTS = st.lists(st.integers(1, 97), min_size=3, max_size=3, unique=True).map(sorted)
FOUR = CUTS.map(lambda cuts: [cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], 100 - cuts[2]])


@pytest.mark.parametrize(
    ("shares", "worst"),
    [((40, 30, 20, 10), Fraction(3, 5)), ((97, 1, 1, 1), Fraction(3, 4)), ((100, 0, 0, 0), Fraction(0))],
)
def test_the_bound_of_some_shares(shares: tuple[int, ...], worst: Fraction) -> None:
    """The law's own shares stay within 0.6 of a ticket; a single party is always exact."""
    assert farthest(dict(zip(PARTIES, shares, strict=True))) == worst


@settings(deadline=None, max_examples=60)
@given(FOUR)
def test_four_shares_that_make_a_hundred_stay_within_a_ticket(shares: list[int]) -> None:
    """Counted over three rounds with exact fractions, no prefix passes the bound, and the bound is under one."""
    bound = farthest(dict(zip(PARTIES, shares, strict=True)))
    assert bound < 1
    counts, targets = dict.fromkeys(PARTIES, 0), dict.fromkeys(PARTIES, 0)
    for _ in range(300):
        targets = {party: targets[party] + share for party, share in zip(PARTIES, shares, strict=True)}
        winner = next_party(counts, targets, PARTIES, 100)
        assert winner is not None
        counts[winner] += 1
        assert all(abs(Fraction(targets[party], 100) - counts[party]) <= bound for party in PARTIES)
