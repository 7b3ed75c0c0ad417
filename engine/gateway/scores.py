"""The scoreboard: the field's rates against their targets, broken limits over time, and why each party is off its share
of the split."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller
from engine.gateway.http import answer
from engine.gateway.numbers import homes_of, period_of
from engine.gateway.past import archived
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World
from rules.history.tally import Books
from rules.law.compiled import Law
from topics.vocabulary import Role

TARGETS = {"closing": 98, "satisfaction": 93}
"""Per cent, as the city publishes them (FIELD: 办结率 98 %, 满意率 93 %); the others are shown without one."""
RATES = {
    "closing": ("closed", "closed_raw", "due"),
    "in_time": ("in_time", "in_time_raw", "due"),
    "satisfaction": ("satisfied", "satisfied_raw", "answered"),
    "answers": ("answered", None, "asked"),
    "response": ("contacted", None, "filed"),
    "rework": ("reworked", None, "closed"),
    "reopening": ("reopened", None, "closed"),
    "whistle": ("whistled", None, "filed"),
    "containment": ("at_grid", None, "closed"),
    "duplicates": ("merged", None, "received"),
}
"""Rate -> what it counts as it stands now, what it counts raw, and of what."""


async def rates(world: World, request: Request, caller: Caller) -> Response:
    """Give each rate of one's own homes: what it counts, raw and now, of what, and its target."""
    from engine.archive import rates as counting

    demand_scores(caller)
    given = request.query_params
    by = given.get("by")
    if by is not None and by not in counting.BY:
        raise Problem("invalid", f"of {', '.join(counting.BY)}", field="by")
    since, until = period_of(world, given)
    period = counting.Period(since, until, homes_of(world, caller))
    async with archived():
        rows = await counting.rates(await world.archive(), by, period)
    told = [{"code": row.get("code"), "received": row["received"], "rates": _rates(row)} for row in rows]
    return answer({"by": by, "since": since, "until": until, "targets": TARGETS, "rows": told})


def _rates(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"n": row[now], "of": row[of]} | ({} if raw is None else {"raw": row[raw]})
        for name, (now, raw, of) in RATES.items()
    }


async def trend(world: World, request: Request, caller: Caller) -> Response:
    """Give how many limits broke on each day, by tier."""
    from engine.archive import rates as counting

    demand_scores(caller)
    since, until = period_of(world, request.query_params)
    period = counting.Period(since, until, homes_of(world, caller))
    async with archived():
        rows = await counting.trend(await world.archive(), world.law().bundle.timezone, period)
    return answer({"since": since, "until": until, "rows": rows})


async def split(world: World, request: Request, caller: Caller) -> Response:
    """Give the split of each home: what each party got, what it should have had, and why it is off (LAW 3)."""
    from engine.archive import rates as counting

    demand_scores(caller)
    since, until = period_of(world, request.query_params)
    period = counting.Period(since, until, homes_of(world, caller))
    async with archived():
        archive = await world.archive()
        rows, given = await counting.filed(archive, period), await counting.by_hand(archive, period)
    books, law = dict[str, Books](), world.law()
    for row in rows:
        able = msgspec.json.decode(row["eligible"], type=list[str])
        for home in ("", row["home"]):
            books.setdefault(home, Books()).count(law.shares, row["counted"], row["party"], able, n=row["n"])
    for row in given:
        for home in ("", row["home"]):
            books.setdefault(home, Books()).give(row["party"], row["former"], n=row["n"])
    told = [_split(law, home, books[home]) for home in sorted(books)]
    return answer({"since": since, "until": until, "rows": told})


def _split(law: Law, home: str, books: Books) -> dict[str, Any]:
    """Amounts of drift are in hundredths of a ticket."""
    parties = [
        {
            "code": share.code,
            "share": share.share,
            "n": books.counts[share.code],
            "drift": books.drift(share.code),
            "causes": books.causes(share.code),
        }
        for share in law.shares
    ]
    return {"home": home, "parties": parties, "apart": dict(sorted(books.apart.items()))}


def demand_scores(caller: Caller) -> None:
    """A department has its own; the others' are none of its business.

    Raises:
        Problem: It is one's.
    """
    if caller.kind == "person" and caller.role is Role.DEPARTMENT:
        raise not_found()
