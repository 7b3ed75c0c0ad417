"""A clock's deadline as rows that a person can add up with a pencil: what was given, what is consumed, which hours
count (LAW 4)."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rules.law.compiled import WORK_UNITS, Law
from rules.law.moments import length, local
from rules.ticket import clocks
from topics.ids import Instant
from topics.ticket import Clock

SHOWN = 8
"""Rows shown of a long reckoning: the first and the last; those between are added up in one."""


def reckoned(law: Law, clock: Clock, rung: int, urgency: str | None) -> tuple[list[str], bool]:
    """Reckon when a rung is due, row by row.

    Returns:
        The rows, and whether they add up to what is to be consumed, at the moment that ``rules.ticket.clocks`` names.
    """
    zone = ZoneInfo(law.bundle.timezone)
    if clock.until is not None:
        return [f"{clock.kind} ends at a fixed moment: {local(clock.until, zone)}"], True
    wanted = clock.limit_ms * rung // 100
    kind = "working time" if clock.unit in WORK_UNITS else "day and night"
    rows = [
        f"{clock.kind} {clock.number}: limit {length(clock.limit_ms)} of {kind}{_extended(clock)}; {rung} % of it is"
        f" {length(wanted)}"
    ]
    since = clock.running_since
    if since is None:
        return [
            *rows,
            (
                f"it stands{f' ({clock.paused_reason})' if clock.paused_reason else ''}, with"
                f" {length(clock.consumed_ms)} consumed"
            ),
        ], True
    left = wanted - clock.consumed_ms
    if clock.consumed_ms:
        rows.append(f"consumed before {local(since, zone)}: {length(clock.consumed_ms)}; left {length(max(0, left))}")
    due = _reached(law, clock, left)
    if due is None:
        return [*rows, f"beyond_horizon: the working days after {local(law.calendar.ends, zone)} are not known"], True
    spans = list(_spans(law, clock, since, due))
    rows += _rows(spans, zone, 0)
    adds_up = sum(until - begin for begin, until in spans) == max(0, left)
    rows.append(f"reached {local(due, zone)} {zone.key}")
    told = clocks.moment(law, clock, rung, urgency)
    if told is not None and told != due:
        rows.append(f"a reminder waits for working time: {local(told, zone)}")
    return rows, adds_up and told is not None and (told == due or (rung < 100 and told > due))


def _reached(law: Law, clock: Clock, left: int) -> Instant | None:
    """The moment, before a reminder waits for working time."""
    since = clock.running_since or 0
    if clock.area is not None:
        return law.standstill(clock.area, clock.unit).moment(since, clock.limit_ms - clock.consumed_ms, left)
    return law.calendar.add(since, left) if clock.unit in WORK_UNITS else since + max(0, left)


def _spans(law: Law, clock: Clock, since: Instant, due: Instant) -> Iterator[tuple[Instant, Instant]]:
    """The stretches that count, in order."""
    whole = law.calendar.spans(since, due) if clock.unit in WORK_UNITS else iter([(since, due)] if since < due else [])
    if clock.area is None:
        yield from whole
        return
    time = law.standstill(clock.area, clock.unit)
    broken = time.moment(since, clock.limit_ms - clock.consumed_ms, clock.limit_ms - clock.consumed_ms)
    for begin, until in whole:
        yield from time.counted(begin, until, due if broken is None else broken)


def _rows(spans: list[tuple[Instant, Instant]], zone: ZoneInfo, total: int) -> list[str]:
    rows = []
    for place, (begin, until) in enumerate(spans):
        total += until - begin
        if len(spans) > SHOWN and SHOWN // 2 <= place < len(spans) - SHOWN // 2:
            if place == SHOWN // 2:
                between = spans[SHOWN // 2 : -(SHOWN // 2)]
                rows.append(
                    f"  … {len(between)} more stretches until {local(between[-1][1], zone)}:"
                    f" {length(sum(b - a for a, b in between))}"
                )
            continue
        rows.append(
            f"  {local(begin, zone)} to"
            f" {local(until, zone)[11:] if _day(begin, zone) == _day(until, zone) else local(until, zone)}:"
            f" {length(until - begin)}, together {length(total)}"
        )
    return rows


def _extended(clock: Clock) -> str:
    return f" ({length(clocks.original_ms(clock))}, extended {clock.extended} times)" if clock.extended else ""


def _day(at: Instant, zone: ZoneInfo) -> str:
    return local(at, zone)[:10]
