"""一点一案: the same again at one point becomes a case, against a search of all pairs."""

import random
from typing import Any

from rules.history.chronic_points import DAY_MS, case_plans
from rules.ticket import duplicates
from topics.pack import Chronic
from topics.ticket import Ticket
from topics.vocabulary import Status

RULE = Chronic(3, 30, 50, 14)
UNTIL = 100 * DAY_MS


def ticket(n: int, day: int, lat: int | None = 347_000_000, status: Status = Status.CLOSED, **fields: Any) -> Ticket:
    """A ticket of bins, filed on a day, so many 10⁻⁷ degrees to the north."""
    at = day * DAY_MS + n
    plain: dict[str, Any] = {
        "received_at": at,
        "occurred_at": at,
        "status": status,
        "pack": "p",
        "channel": "app",
        "person": "x",
        "duty": "y",
        "task": "none",
        "home": "east",
        "leaf": "east1",
        "category": "bins",
        "filed_at": at,
        "lat_e7": lat,
        "lon_e7": 1_136_000_000 if lat is not None else None,
    }
    return Ticket(
        id=f"t-{n}",
        version=1,
        identity=f"a:{n}",
        **plain | fields,
    )


def test_three_at_a_point_within_a_month_are_one_case_to_be_reviewed() -> None:
    """10 m apart is one point, 200 m is another; older, dismissed and merged ones do not count; without a point the
    grid will do."""
    same = [ticket(1, 80), ticket(2, 85, 347_001_000), ticket(3, 99, 347_000_500)]
    others = [
        ticket(4, 90, 347_020_000),
        ticket(5, 60),
        ticket(6, 95, status=Status.DISMISSED),
        ticket(7, 95, status=Status.MERGED),
        ticket(8, 96, category="noise"),
    ]
    in_grid = [ticket(n, 90 + n, None) for n in (9, 9, 9)]
    plans = case_plans([*others, *same, *in_grid], RULE, UNTIL)
    assert [(plan.point is None, plan.tickets, plan.review_at) for plan in plans] == [
        (False, ("t-1", "t-2", "t-3"), 99 * DAY_MS + 3 + 14 * DAY_MS),
        (True, ("t-9", "t-9", "t-9"), 99 * DAY_MS + 9 + 14 * DAY_MS),
    ]


def test_every_ticket_of_a_case_is_near_its_first_and_no_full_case_is_missed() -> None:
    """Random points on a line: whoever has two more near it that no case holds would be a case."""
    draw = random.Random(2)
    for _ in range(50):
        tickets = [ticket(n, draw.randrange(60, 100), 347_000_000 + draw.randrange(0, 90_000)) for n in range(40)]
        plans = case_plans(tickets, RULE, UNTIL)
        by_id = {one.id: one for one in tickets}
        held = {name for plan in plans for name in plan.tickets}
        for plan in plans:
            assert len(plan.tickets) >= 3 and plan.point is not None
            for name in plan.tickets:
                one = by_id[name]
                assert (
                    duplicates.are_within(50, plan.point, (one.lat_e7 or 0, one.lon_e7 or 0))
                    and (one.filed_at or 0) >= UNTIL - 30 * DAY_MS
                )
        assert len(held) == sum(len(plan.tickets) for plan in plans)
