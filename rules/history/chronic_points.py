"""Points where the same comes again and again: one case plan for each, with a date of review (一点一案; FIELD 2)."""

from collections.abc import Iterable
from typing import NamedTuple

from rules.ticket.duplicates import are_within
from topics.ids import Instant
from topics.pack import Chronic
from topics.ticket import Ticket

DAY_MS = 86_400_000


class CasePlan(NamedTuple):
    """What stands about one point; ``point`` is (lat, lon) × 10⁷ of its first ticket, ``None`` where only the grid is
    known."""

    home: str
    leaf: str | None
    category: str
    point: tuple[int, int] | None
    tickets: tuple[str, ...]
    """In order of filing; those within the window."""
    first_at: Instant
    last_at: Instant
    review_at: Instant


def case_plans(tickets: Iterable[Ticket], rule: Chronic, until: Instant) -> list[CasePlan]:
    """Find the points with so many tickets of a category within so many days before ``until``, the busiest first.

    Tickets with a point belong together within the rule's metres of the first of them, others by their grid. What was
    merged into another counts once; what was dismissed or cancelled does not count.
    """
    since = until - rule.days * DAY_MS
    groups: dict[tuple[str, str], list[list[Ticket]]] = {}
    for ticket in sorted(tickets, key=lambda one: (one.filed_at or 0, one.id)):
        if (
            ticket.exercise
            or ticket.category is None
            or ticket.filed_at is None
            or ticket.filed_at < since
            or ticket.status in ("merged", "dismissed", "cancelled")
        ):
            continue
        known = groups.setdefault((ticket.home, ticket.category), [])
        group = next((group for group in known if _is_at(rule, group[0], ticket)), None)
        if group is None:
            known.append([ticket])
        else:
            group.append(ticket)
    found = [_plan(group, rule) for known in groups.values() for group in known if len(group) >= rule.count]
    return sorted(found, key=lambda plan: (-len(plan.tickets), plan.home, plan.category, plan.first_at))


def _point(ticket: Ticket) -> tuple[int, int] | None:
    return None if ticket.lat_e7 is None or ticket.lon_e7 is None else (ticket.lat_e7, ticket.lon_e7)


def _is_at(rule: Chronic, first: Ticket, other: Ticket) -> bool:
    here, there = _point(first), _point(other)
    if here is None or there is None:
        return here is there and first.leaf == other.leaf
    return are_within(rule.metres, here, there)


def _plan(group: list[Ticket], rule: Chronic) -> CasePlan:
    first, last = group[0], group[-1]
    names, review_at = tuple(one.id for one in group), (last.filed_at or 0) + rule.review_days * DAY_MS
    return CasePlan(
        first.home,
        first.leaf,
        first.category or "",
        point=_point(first),
        tickets=names,
        first_at=first.filed_at or 0,
        last_at=last.filed_at or 0,
        review_at=review_at,
    )
