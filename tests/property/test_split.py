"""LAW 3 in every home of a real pack: a hundred thousand prefixes, and drift that names its cause."""

import random

from rules.law import split
from rules.law.compiled import Law
from tests.support.poison import law_of
from topics.ticket import Quota

AT = 1_772_409_600_000
PREFIXES = 100_000


def fresh(law: Law, home: str) -> Quota:
    """Empty books."""
    return split.quota_at(law, None, home, AT)


def test_with_all_eligible_every_home_is_within_a_ticket_of_its_shares_at_every_prefix() -> None:
    """Homes take turns at random; after each ticket every party of that home is less than one ticket off
    10/20/30/40."""
    law, draw = law_of("guancheng"), random.Random(3)
    able = tuple(share.code for share in law.shares)
    books = {home: fresh(law, home) for home in law.homes if home != law.bundle.unplaced}
    homes = sorted(books)
    for _ in range(PREFIXES):
        home = draw.choice(homes)
        _, quota = split.take(law, books[home], able)
        books[home] = quota
        for share in law.shares:
            assert abs(quota.counts.get(share.code, 0) * 100 - quota.split * share.share) < 100, (home, quota)
    assert all(quota.split > 1000 and quota.fully_eligible == quota.split for quota in books.values())
    assert all(split.drift(law, quota, party)["eligibility"] == 0 for quota in books.values() for party in able)


def test_drift_says_eligibility_where_parties_may_not_take_part() -> None:
    """The backstop always may, the others 20, 30 and 30 times of a hundred: it takes far more than its share, and no
    ticket is misallocated."""
    law, draw = law_of("guancheng"), random.Random(4)
    quota, chances = fresh(law, "tawan"), {"backstop": 100, "residents": 20, "specialist": 30, "red_property": 30}
    for _ in range(20_000):
        able = tuple(share.code for share in law.shares if draw.randrange(100) < chances[share.code])
        _, quota = split.take(law, quota, able)
    drift = {party: split.drift(law, quota, party) for party in chances}
    assert all(abs(found["allocation"]) < quota.per for found in drift.values())
    assert drift["backstop"]["eligibility"] > 0.25 * quota.split * quota.per
    assert sum(found["eligibility"] for found in drift.values()) == 0
    assert all(drift[party]["eligibility"] < 0 for party in ("specialist", "red_property"))
