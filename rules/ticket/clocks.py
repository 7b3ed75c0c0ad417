"""Clocks as ledgers: a deadline is arithmetic over what was given, what is consumed and since when it runs (LAW 4)."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from rules.law.compiled import WORK_UNITS, Law
from topics.ids import Instant
from topics.pack import Limit
from topics.ticket import Clock
from topics.vocabulary import ClockKind, Unit, Urgency

ORDER: Final[dict[str, int]] = {kind: place for place, kind in enumerate(ClockKind)}
"""Of two rungs due at the same moment the clock named first in LAW 4 goes first."""

PATIENT: Final = frozenset({Urgency.U3, Urgency.U4})
"""Urgencies whose reminders wait for working hours (LAW 5)."""

_PARK: Final = ClockKind.PARK
_U3: Final = Urgency.U3
"""Looked up once (``rules.ticket.offers``)."""


def start(law: Law, kind: ClockKind, number: str, limit: Limit, at: Instant) -> Clock:
    """Start a clock with its full budget."""
    return Clock(
        kind=kind,
        number=number,
        limit_ms=law.limit_ms(limit),
        unit=limit.unit,
        started_at=at,
        running_since=at,
        rungs=law.rungs(kind),
    )


def limit_of(law: Law, kind: ClockKind, urgency: str | None) -> Limit | None:
    """Give the pack's limit of a clock for an urgency; ``None``: the pack has no such clock."""
    return law.bundle.clocks.get(kind, {}).get(urgency or _U3)


def elapsed(law: Law, clock: Clock, until: Instant) -> int:
    """Milliseconds consumed, in the clock's own kind of time, by ``until``."""
    since = clock.running_since
    if since is None or until <= since:
        return clock.consumed_ms
    if clock.area is not None:
        return clock.consumed_ms + law.standstill(clock.area, clock.unit).elapsed(
            since, until, clock.limit_ms - clock.consumed_ms
        )
    return clock.consumed_ms + (law.calendar.between(since, until) if law.in_work_time(clock.unit) else until - since)


def stop(law: Law, clock: Clock, at: Instant) -> Clock:
    """Stop a clock, not before it began to run; what it consumed stays."""
    if clock.running_since is None:
        return clock
    at = max(at, clock.running_since)
    return replace(clock, consumed_ms=elapsed(law, clock, at), running_since=None, stopped_at=at)


def pause(law: Law, clock: Clock, at: Instant, reason: str) -> Clock:
    """Stop a clock for a while; the reason stays on it until it runs on."""
    return replace(stop(law, clock, at), paused_reason=reason)


def resume(clock: Clock, at: Instant) -> Clock:
    """Let a stopped clock run on with what it has consumed."""
    return replace(clock, running_since=at, stopped_at=None, paused_reason=None)


def extend(clock: Clock) -> Clock:
    """Add the original limit once more: rungs that have not fired move, those that have do not repeat (LAW 4)."""
    return replace(clock, limit_ms=clock.limit_ms + original_ms(clock), extended=clock.extended + 1)


def original_ms(clock: Clock) -> int:
    """The limit before it was extended."""
    return clock.limit_ms // (clock.extended + 1)


def rebase(law: Law, clock: Clock, limit_ms: int, unit: str, at: Instant) -> Clock:
    """Give a clock another limit; what it consumed stays, in its own kind of time, and extensions granted count in the
    new one."""
    runs = clock.running_since is not None
    settled = stop(law, clock, at)
    later = max(at, clock.running_since or at)
    return replace(
        settled,
        limit_ms=limit_ms * (clock.extended + 1),
        unit=unit,
        running_since=later if runs else None,
        stopped_at=None if runs else clock.stopped_at,
    )


def settled(law: Law, clock: Clock, at: Instant) -> Clock:
    """Write down what a running clock has consumed until now, so that it may run on by other rules."""
    if clock.running_since is None or clock.until is not None or at <= clock.running_since:
        return clock
    return replace(clock, consumed_ms=elapsed(law, clock, at), running_since=at)


def moment(law: Law, clock: Clock, rung: int, urgency: str | None, hours: str | None = None) -> Instant | None:
    """Name the moment a rung is due; ``None`` when the clock stands, or for 100 % and more beyond the calendar's
    horizon.

    Rungs below 100 % of patient tickets wait for the recipient's own hours, else the city's, but never longer than the
    100 % moment (LAW 5). Beyond the horizon they go by a provisional count; nothing moves by it (LAW 4).
    """
    since = clock.running_since
    if since is None:
        return None
    if clock.until is not None:
        due: Instant | None = clock.until
    else:
        limit_ms, consumed_ms, area, unit = clock.limit_ms, clock.consumed_ms, clock.area, clock.unit
        left = limit_ms * rung // 100 - consumed_ms
        if area is not None:
            due = law.standstill(area, unit).moment(since, limit_ms - consumed_ms, left)
        else:
            due = law.calendar.add(since, left) if unit in WORK_UNITS else since + left if left > 0 else since
        if due is None and rung < 100:
            due = provisional(law, clock, rung)
    is_patient = urgency in PATIENT or clock.kind == _PARK  # what is laid aside for months has no hurry
    return _opened(law, clock, due, hours) if rung < 100 and due is not None and is_patient else due


def provisional(law: Law, clock: Clock, rung: int) -> Instant | None:
    """Count beyond the known calendar as if every Monday to Friday were worked: good enough to remind, for nothing
    else."""
    since, left = clock.running_since or 0, clock.limit_ms * rung // 100 - clock.consumed_ms
    if clock.area is not None:
        return law.standstill(clock.area, clock.unit, provisional=True).moment(
            since, clock.limit_ms - clock.consumed_ms, left
        )
    return law.calendar.provisional.add(since, left)


def is_provisional(law: Law, clock: Clock, rung: int) -> bool:
    """Whether a rung goes by days that nobody has decreed yet."""
    if rung >= 100 or clock.until is not None or clock.running_since is None or clock.unit not in WORK_UNITS:
        return False
    due = provisional(law, clock, rung)
    return due is not None and due > law.calendar.ends


def _opened(law: Law, clock: Clock, due: Instant, hours: str | None) -> Instant:
    """Let a reminder wait for whoever gets it, but not longer than the clock's end."""
    opening = law.next_on_duty(hours, due)
    if opening == due:
        return due
    end = moment(law, clock, 100, None) if clock.until is None else None  # a reminder of a date ends nothing
    later = [when for when in (opening, end) if when is not None]
    return max(due, min(later)) if later else due


def first_due(
    law: Law, clocks: Iterable[Clock], urgency: str | None, hours: str | None = None
) -> tuple[Instant, int, int, str, Clock] | None:
    """Find the rung that is due first: (moment, rung, order of its kind, number, clock)."""
    best: tuple[Instant, int, int, str, Clock] | None = None
    for clock in clocks:
        rungs = clock.rungs
        if clock.running_since is None or not rungs:
            continue
        due = moment(law, clock, rungs[0], urgency, hours)
        if due is None:
            continue
        if best is not None and due > best[0]:
            continue
        candidate = (due, rungs[0], ORDER[clock.kind], clock.number, clock)
        if best is None or candidate[:4] < best[:4]:
            best = candidate
    return best


def fired(clock: Clock, rung: int) -> Clock:
    """Note that a rung has fired; it never fires again."""
    return replace(clock, rungs=tuple(r for r in clock.rungs if r != rung), fired=(*clock.fired, rung))


def leg_limit(law: Law, resolve_ms: int, unit: str) -> tuple[int, Unit]:
    """Give the budget of a leg: a share of the resolve limit, at least an hour of its kind of time (LAW 4)."""
    hour = Unit.WORK_HOUR if law.in_work_time(unit) else Unit.URGENT_HOUR
    floor = law.limit_ms(Limit(law.bundle.leg_floor_units, hour))
    return max(resolve_ms * law.bundle.leg_percent // 100, floor), hour
