"""A pack that comes over ``reference`` is looked at before it is compiled: whoever wrote it, it is within the bounds of
one from YAML (LAW 8)."""

from collections.abc import Iterator

from rules.law.patterns import compiled
from rules.rulepack.parts import MINUTES
from topics import bounds
from topics.pack import Limit, PackBundle
from topics.vocabulary import Unit

_MOST = {
    "levels": bounds.LEVELS,
    "shares": bounds.PARTIES,
    "ladders": bounds.LADDERS,
    "nodes": bounds.GRIDS,
    "addresses": bounds.ADDRESSES,
    "departments": bounds.DEPARTMENTS,
    "categories": bounds.CATEGORIES,
    "rules": bounds.RULES,
    "roster": bounds.PEOPLE,
    "force_majeure": bounds.WINDOWS,
    "alike": bounds.ALIKES,
    "attributes": bounds.OPEN_ATTRIBUTES,
    "dismiss_reasons": bounds.DISMISS_REASONS,
}
_TIMES = {
    "top_repeats": bounds.PARTIES,
    "max_declines": bounds.PARTIES,
    "max_hops": bounds.PARTIES,
    "leg_percent": 100,
    "reopen_percent": 100,
}
_DAYS = bounds.YEARS_10_MS // bounds.DAY_MS


def beyond(bundle: PackBundle) -> list[str]:
    """List what of a bundle is beyond a bound, each with its member; empty when it may be compiled."""
    return [*_counts(bundle), *_amounts(bundle), *_calendar(bundle), *_conditions(bundle)]


def _counts(bundle: PackBundle) -> Iterator[str]:
    for name, most in _MOST.items():
        if len(getattr(bundle, name)) > most:
            yield f"{name}: {len(getattr(bundle, name))}; at most {most}"
    yield from (
        f"ladders.{name}: {len(tiers)} tiers" for name, tiers in bundle.ladders.items() if len(tiers) > bounds.LADDER
    )
    yield from (
        f"nodes.{node.code}: an outline of {len(node.ring)} points"
        for node in bundle.nodes
        if len(node.ring) > bounds.OUTLINE_POINTS
    )
    yield from (
        f"rungs.{kind}: {len(rungs)}, or beyond {bounds.RUNG_PERCENT} %"
        for kind, rungs in bundle.rungs.items()
        if _is_strange(rungs)
    )
    yield from (
        f"categories.{one.code}: co or team"
        for one in bundle.categories
        if len(one.co) > bounds.CO_DEPARTMENTS or len(one.team) > bounds.TEAM
    )


def _is_strange(rungs: tuple[int, ...]) -> bool:
    return len(rungs) > bounds.RUNGS or any(not 1 <= rung <= bounds.RUNG_PERCENT for rung in rungs)


def _amounts(bundle: PackBundle) -> Iterator[str]:
    limits = [(f"categories.{one.code}.limit", one.limit) for one in bundle.categories]
    limits += [
        (f"clocks.{kind}.{word}", limit)
        for kind, table in bundle.clocks.items()
        for word, limit in table.items()
        if limit is not None
    ]
    yield from (
        f"{where}: {limit.amount} {limit.unit}"
        for where, limit in [*limits, ("reopen_floor", bundle.reopen_floor)]
        if not _is_limit(limit)
    )
    for name, most in {
        **_TIMES,
        "reopen_days": _DAYS,
        "promise_floor_minutes": bounds.LIMIT_MINUTES,
        "leg_floor_units": 1000,
    }.items():
        if not 0 <= getattr(bundle, name) <= most:
            yield f"{name}: {getattr(bundle, name)}; 0 to {most}"
    yield from (f"shares.{one.code}: {one.share}" for one in bundle.shares if not 0 <= one.share <= 100)
    yield from (
        f"nodes.{n.code}: a point that is none"
        for n in bundle.nodes
        if any(abs(lon) > 180 * 10**7 or abs(lat) > 90 * 10**7 for lon, lat in n.ring)
    )


def _is_limit(limit: Limit) -> bool:
    return limit.unit in list(Unit) and 1 <= limit.amount * MINUTES[Unit(limit.unit)] <= bounds.LIMIT_MINUTES


def _calendar(bundle: PackBundle) -> Iterator[str]:
    own = bundle.calendar
    if len(own.years) > 250 or any(
        not year.isascii() or not year.isdigit() or not 1970 <= int(year[:5]) <= 2200 or len(days) > 366
        for year, days in own.years.items()
    ):
        yield "calendar.years: not 1970 to 2200, or a year of more than 366 days"
    if len(own.hours) > bounds.CALENDAR_SPANS or any(not 0 <= start < end <= 1440 for start, end in own.hours):
        yield "calendar.hours: no spans of a day"
    for one in bundle.force_majeure:
        if not bounds.FIRST_MOMENT <= one.since < one.until <= bounds.LAST_MOMENT:
            yield f"force_majeure: {one.since} to {one.until}"


def _conditions(bundle: PackBundle) -> Iterator[str]:
    for rule in bundle.rules:
        try:
            compiled(rule.when)
        except ValueError as exc:
            yield f"rules.{rule.id}: {str(exc)[:200]}"
