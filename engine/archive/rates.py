"""The field's rates out of the archive (closing, in time, satisfied, …), how many limits broke day by day, what the
split counted and what was given by hand; each rate with what it is of, raw and as it stands after tickets were opened
again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, cast, exists, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from engine.archive.fold import sure
from engine.archive.store import Archive
from engine.archive.tables import BREACHES, TICKETS
from engine.database.schema import answering
from topics.ids import Instant

MOST = 5000
"""Rows of one table."""
_ROW: ColumnElement[int] = literal_column("1")
_IMAGE = TICKETS.c.image


def _of(name: str) -> ColumnElement[Any]:
    found: ColumnElement[Any] = _IMAGE[name].astext
    return found


_ENDED = TICKETS.c.status == "closed"
_AGAIN = cast(func.coalesce(_of("generation"), "0"), Text) != "0"
_SATISFIED, _UNHAPPY = _of("close_reason") == "satisfied", _of("close_reason") == "unhappy"
_LATE_NOW = func.coalesce(_of("is_overdue"), "false") == "true"


def _broke(clock: str) -> ColumnElement[bool]:
    """Whether this limit ever broke: ``is_breached`` says so of any clock."""
    return exists(
        select(_ROW).where(BREACHES.c.ticket == TICKETS.c.id, BREACHES.c.clock == clock, BREACHES.c.rung >= 100)
    )


_LATE, _UNREACHED = _broke("resolve"), _broke("contact")
_DUE = or_(_ENDED, _LATE)
_FILED = TICKETS.c.filed_at.is_not(None)


def _n(*conditions: ColumnElement[Any]) -> ColumnElement[int]:
    return func.count(case((and_(*conditions), 1)))


NUMBERS: dict[str, ColumnElement[int]] = {
    "received": func.count(_ROW),
    "filed": _n(_FILED),
    "due": _n(_FILED, _DUE),
    "closed": _n(_FILED, _ENDED),
    "closed_raw": _n(_FILED, _ENDED, ~_AGAIN),
    "in_time": _n(_FILED, _DUE, ~_LATE_NOW),
    "in_time_raw": _n(_FILED, _DUE, ~_LATE),
    "answered": _n(or_(_SATISFIED, _UNHAPPY)),
    "satisfied": _n(_SATISFIED),
    "satisfied_raw": _n(_SATISFIED, ~_AGAIN),
    "asked": _n(_of("close_reason").in_(["satisfied", "unhappy", "no_answer"])),
    "contacted": _n(_FILED, ~_UNREACHED),
    "reworked": _n(func.coalesce(_of("rework"), "0") != "0"),
    "reopened": _n(_AGAIN),
    "whistled": _n(func.jsonb_array_length(func.coalesce(_IMAGE["children"], text("'[]'::jsonb"))) > 0),
    "at_grid": _n(_ENDED, TICKETS.c.tier == "grid"),
    "merged": _n(TICKETS.c.status == "merged"),
}
"""What is counted of each group; the rates are made of these."""
BY: dict[str, ColumnElement[Any]] = {
    "home": TICKETS.c.home,
    "street": TICKETS.c.street,
    "grid": func.coalesce(TICKETS.c.leaf, TICKETS.c.home),
    "category": TICKETS.c.category,
    "department": _of("lead"),
    "party": TICKETS.c.party,
    "person": func.coalesce(_IMAGE["finished_by"][2].astext, TICKETS.c.person),
}
"""By what; ``person`` is who finished it, else who has it, ``department`` the lead of its category."""


class Period(NamedTuple):
    """Of when, and of whose homes (``None``: all)."""

    since: Instant
    until: Instant
    homes: Sequence[str] | None


def _within(period: Period, at: ColumnElement[Any], home: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    found = [at >= bindparam("since", sure(period.since)), at < bindparam("until", sure(period.until))]
    if period.homes is not None:
        found.append(home == func.any(bindparam("homes", list(period.homes), type_=ARRAY(Text))))
    return found


async def rates(archive: Archive, by: str | None, period: Period, *, most: int = MOST) -> list[dict[str, Any]]:
    """Count what the rates are made of, the largest group first; exercises count in none (LAW 3)."""
    group = [] if by is None else [BY[by].label("code")]
    asked = select(*group, *(number.label(name) for name, number in NUMBERS.items()))
    real = func.coalesce(_of("exercise"), "false") != "true"
    asked = asked.where(*_within(period, TICKETS.c.received_at, TICKETS.c.home), real)
    asked = asked.group_by(*([literal_column("code")] if group else [])).order_by(literal_column("received").desc())
    return await _rows(archive, asked.limit(most))


async def trend(archive: Archive, zone: str, period: Period) -> list[dict[str, Any]]:
    """Count the limits that broke on each day of a zone, by the tier that had the ticket afterwards."""
    day = func.to_char(func.timezone(bindparam("zone", zone), BREACHES.c.at), "YYYY-MM-DD").label("day")
    asked = select(day, BREACHES.c.tier, func.count(_ROW).label("n")).where(
        *_within(period, BREACHES.c.at, BREACHES.c.home),
        BREACHES.c.rung == 100,
        BREACHES.c.clock.in_(["resolve", "leg"]),
    )
    return await _rows(archive, asked.group_by(literal_column("day"), BREACHES.c.tier).order_by(literal_column("day")))


FILED = """
SELECT d.home, e->'facts'->>'counted' AS counted, e->'facts'->>'party' AS party,
       coalesce(e->'facts'->'eligible', '[]')::text AS eligible, count(*) AS n
FROM decisions d, json_array_elements(d.record->'events') e
WHERE d.at >= :since AND d.at < :until AND 'TicketFiled' = ANY(d.events) AND e->>'type' = 'TicketFiled'
      AND (CAST(:homes AS text[]) IS NULL OR d.home = ANY(CAST(:homes AS text[])))
GROUP BY 1, 2, 3, 4 LIMIT 20000
"""


async def filed(archive: Archive, period: Period) -> list[dict[str, Any]]:
    """Count what the split booked, filing by filing: home, how it was counted, to whom, and who else could have."""
    return await _of_decisions(archive, FILED, period)


BY_HAND = """
SELECT d.home, e->'facts'->>'party' AS party, e->'facts'->>'former' AS former, count(*) AS n
FROM decisions d, json_array_elements(d.record->'events') e
WHERE d.at >= :since AND d.at < :until AND 'TicketReassigned' = ANY(d.events) AND e->>'type' = 'TicketReassigned'
      AND (e->'facts'->'former') IS NOT NULL AND (e->'facts'->'counted') IS NULL
      AND (CAST(:homes AS text[]) IS NULL OR d.home = ANY(CAST(:homes AS text[])))
GROUP BY 1, 2, 3 LIMIT 20000
"""


async def by_hand(archive: Archive, period: Period) -> list[dict[str, Any]]:
    """Count what was given from one party to another by hand, exercises left out: home, to whom, and from whom."""
    return await _of_decisions(archive, BY_HAND, period)


async def _of_decisions(archive: Archive, asked: str, period: Period) -> list[dict[str, Any]]:
    given = {
        "since": sure(period.since),
        "until": sure(period.until),
        "homes": None if period.homes is None else list(period.homes),
    }
    async with answering(), archive.engine.connect() as connection:
        rows = (await connection.execute(text(asked), given)).all()
    return [dict(row._mapping) for row in rows]


async def _rows(archive: Archive, asked: Any) -> list[dict[str, Any]]:
    async with answering(), archive.engine.connect() as connection:
        return [dict(row._mapping) for row in (await connection.execute(asked)).all()]
