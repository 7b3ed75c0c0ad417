"""Figures of the scoreboard as a file for a spreadsheet: whole or not at all, and never before the audit has who took
what."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from engine import spreadsheet
from engine.gateway.callers import Caller
from engine.gateway.export_words import Lang, said, say
from engine.gateway.numbers import homes_of, period_of
from engine.gateway.past import archived
from engine.gateway.problems import Problem, not_found
from engine.gateway.reporters import reading
from engine.gateway.scores import RATES, demand_scores
from engine.gateway.world import World
from engine.spreadsheet import Cell
from rules.law.compiled import Law
from rules.masking.masker import masker_for
from topics.audit import AuditEntry, Deed

MOST = 50_000
"""Rows of one file: every person of a large city. What is longer is refused, and not cut."""
OF_RATES = ("street", "home", "grid", "category", "department", "party", "person")
EXPORTS: dict[str, tuple[str, ...]] = {"rates": OF_RATES, "tickets": ("home",)}
"""Report -> by what, as its page has it."""


class Asked(NamedTuple):
    """What is to be taken away."""

    report: str
    by: str
    since: int
    until: int
    lang: Lang


async def export(world: World, request: Request, caller: Caller) -> Response:
    """Give a report's table as CSV, of one's own homes; who took it stands in the audit first."""
    demand_scores(caller)
    asked = _asked(world, request)
    rows = await _rows(world, caller, asked)
    if len(rows) > MOST:
        raise Problem("too-large", f"more than {MOST} rows; name a shorter period, or put together by less")
    table = _rates(world, asked, rows) if asked.report == "rates" else _tickets(world, asked, rows)
    entry = AuditEntry(
        id=str(uuid.uuid4()),
        at=world.now,
        who=caller.id,
        what=Deed.EXPORT,
        report=f"{asked.report}:{asked.by}",
        since=asked.since,
        until=asked.until,
        count=len(rows),
    )
    async with reading():
        await world.audit.append(entry)
    day = datetime.fromtimestamp(world.now / 1000, ZoneInfo(world.law().bundle.timezone)).date()
    headers = {"content-disposition": f'attachment; filename="{asked.report}-{asked.by}-{day}.csv"'}
    return StreamingResponse(_sent(table), 200, headers, "text/csv; charset=utf-8")


async def _sent(table: Iterator[Sequence[Cell]]) -> AsyncIterator[bytes]:
    """Between two pieces others have their turn."""
    for piece in spreadsheet.pieces(table):
        yield piece


def _asked(world: World, request: Request) -> Asked:
    report, given = request.path_params["report"], request.query_params
    if report not in EXPORTS:
        raise not_found()
    by, lang = given.get("by"), given.get("lang", "zh")
    if by not in EXPORTS[report]:
        raise Problem("invalid", f"one of {', '.join(EXPORTS[report])}", field="by")
    if lang not in ("zh", "en"):
        raise Problem("invalid", "zh or en", field="lang")
    since, until = period_of(world, given)
    return Asked(report=report, by=by, since=since, until=until, lang="en" if lang == "en" else "zh")


async def _rows(world: World, caller: Caller, asked: Asked) -> list[dict[str, Any]]:
    from engine.archive import counting, rates

    homes = homes_of(world, caller)
    async with archived():
        archive = await world.archive()
        if asked.report == "rates":
            return await rates.rates(archive, asked.by, rates.Period(asked.since, asked.until, homes), most=MOST + 1)
        by, period = ("home", "party"), (asked.since, asked.until)
        return await counting.counted(archive, "tickets", by, *period, homes, most=MOST + 1)


def _rates(world: World, asked: Asked, rows: list[dict[str, Any]]) -> Iterator[Sequence[Cell]]:
    """Write each rate in per cent, with what it counts, raw too where that is told apart, and of what."""
    lang, name = asked.lang, namer(world.law(), asked.by, asked.lang)
    head = [say(f"score_by.{asked.by}", lang), say("col.all", lang)]
    for rate, (_, raw, _) in RATES.items():
        columns = ("n", "of") if raw is None else ("n", "raw", "of")
        word = say(f"rate.{rate}", lang)
        head += [f"{word} %", *(f"{word} {say(f'export.{column}', lang)}" for column in columns)]
    yield head
    for row in rows:
        cells: list[Cell] = [name(row["code"]), row["received"]]
        for now, raw, of in RATES.values():
            share = round(100 * row[now] / row[of], 1) if row[of] else None
            cells += [share, row[now], *([] if raw is None else [row[raw]]), row[of]]
        yield cells


def _tickets(world: World, asked: Asked, rows: list[dict[str, Any]]) -> Iterator[Sequence[Cell]]:
    """Write for the whole city and each home how many there were, are open and late, and how many each party got."""
    law, lang = world.law(), asked.lang
    party, home = namer(law, "party", lang), namer(law, "home", lang)
    parties = [share.code for share in law.shares]
    yield [*(say(f"col.{word}", lang) for word in ("home", "all", "open", "breached")), *map(party, parties)]
    sums = dict[str | None, dict[str, int]]()
    for row in rows:
        for where in (None, row["home"]):
            line = sums.setdefault(where, dict.fromkeys((":n", ":open", ":breached", *parties), 0))
            for column in ("n", "open", "breached"):
                line[f":{column}"] += row[column]
            if row["party"] in line:
                line[row["party"]] += row["n"]
    for where, line in sorted(sums.items(), key=lambda one: (one[0] is not None, -one[1][":n"], one[0] or "")):
        yield [say("whole_city", lang) if where is None else home(where), *line.values()]


def namer(law: Law, by: str, lang: Lang) -> Callable[[str | None], str]:
    """Give what says a code in people's words; what the law does not know any more stands as it was written, masked."""
    bundle = law.bundle
    if by == "person":
        known = {entry.person: entry.name for entry in law.people.all()}
    else:
        named: Sequence[Any] = bundle.nodes
        if by in ("category", "department"):
            named = bundle.categories if by == "category" else bundle.departments
        if by == "party":
            named = [*bundle.shares, *bundle.departments]
        known = {one.code: (lang == "zh" and one.label_zh) or one.label for one in named}
    mask = masker_for(bundle.timezone).mask

    def name(code: str | None) -> str:
        if code is None:
            return say("none", lang)
        return known.get(code) or said(f"role.{code}", lang, mask(code))

    return name
