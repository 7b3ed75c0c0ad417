"""When a rung is due, from a clock's ledger and the pack's dated tables alone (LAW 4, 5)."""

from collections.abc import Mapping

from msgspec.structs import replace

from engine.audit.hours import OpenHours
from topics.ids import Instant
from topics.pack import PackBundle
from topics.ticket import Clock, Ticket

WORKED = frozenset({"work_hour", "work_day"})
"""Units that run in working time; the others run day and night."""

PATIENT = frozenset({"U3", "U4"})
"""Urgencies whose reminders wait for working hours; for life, property and U2 they do not."""


class Deadlines:
    """Due moments under the packs that tickets were filed by."""

    def __init__(self, bundles: Mapping[str, PackBundle]) -> None:
        """Take the packs by ``<name>@<hash>``; a ticket may also name its pack by the hash alone."""
        self._bundles = dict(bundles) | {ref.rpartition("@")[2]: bundle for ref, bundle in bundles.items()}
        self._hours: dict[str, OpenHours] = {}

    def bundle(self, ref: str) -> PackBundle | None:
        """A pack, if it is on ``reference``."""
        return self._bundles.get(ref)

    def _open_hours(self, ref: str) -> OpenHours | None:
        bundle = self._bundles.get(ref)
        if bundle is None:
            return None
        calendar = bundle.calendar
        if calendar.name not in self._hours:
            self._hours[calendar.name] = OpenHours(calendar)
        return self._hours[calendar.name]

    def due(self, ticket: Ticket, clock: Clock, rung: int) -> Instant | None:
        """When this rung is due; ``None`` while the clock stands, beyond the calendar, or when the pack is not
        known."""
        hours = self._open_hours(ticket.pack)
        if hours is None or clock.stopped_at is not None or clock.running_since is None:
            return None
        bundle = self._bundles[ticket.pack]
        moment = self._consumed(clock, rung, hours, bundle)
        if moment is None and rung < 100:
            # nobody has decreed those days: a reminder goes by weekdays
            moment = self._consumed(clock, rung, hours.guessed, bundle)
        if moment is None or rung >= 100 or ticket.urgency not in PATIENT:
            return moment
        opening = hours.opening(moment) if ticket.hours is None else hours.begins(ticket.hours, moment, bundle.timezone)
        end = self._consumed(clock, 100, hours, bundle)
        candidates = [at for at in (opening, end) if at is not None]
        return max(moment, min(candidates)) if candidates else moment

    def _consumed(self, clock: Clock, rung: int, hours: OpenHours, bundle: PackBundle) -> Instant | None:
        """The moment by which ``rung`` percent of the limit are consumed."""
        assert clock.running_since is not None
        if clock.until is not None and rung == 100:
            return clock.until
        left = clock.limit_ms * rung // 100 - clock.consumed_ms
        if left <= 0:
            return clock.running_since
        if clock.area is None:
            return _after(clock, hours, left)
        return self._with_standstill(clock, left, hours, _windows(bundle, clock.area))

    def _with_standstill(
        self, clock: Clock, left: int, hours: OpenHours, windows: list[tuple[Instant, Instant]]
    ) -> Instant | None:
        """Push the moment back by what fell into windows, until no more does; what is beyond the limit is not pushed
        any more (LAW 4)."""
        within = min(left, max(0, clock.limit_ms - clock.consumed_ms))
        assert clock.running_since is not None
        begin, lost, moment = clock.running_since, 0, clock.running_since
        while within:
            found = _after(clock, hours, within + lost)
            if found is None:
                return None
            moment = found
            seen = sum(
                _length(clock, hours, max(begin, since), min(moment, until))
                for since, until in windows
                if since < moment and until > begin
            )
            if seen == lost:
                break
            lost = seen
        return _after(replace(clock, running_since=moment), hours, left - within)


def _after(clock: Clock, hours: OpenHours, length: int) -> Instant | None:
    assert clock.running_since is not None
    return hours.after(clock.running_since, length) if clock.unit in WORKED else clock.running_since + length


def _length(clock: Clock, hours: OpenHours, start: Instant, end: Instant) -> int:
    return hours.worked(start, end) if clock.unit in WORKED else end - start


def _windows(bundle: PackBundle, area: str) -> list[tuple[Instant, Instant]]:
    """The windows declared for a grid or one above it, without overlaps."""
    parents = {node.code: node.parent for node in bundle.nodes}
    above: set[str] = set()
    here: str | None = area
    while here is not None and here not in above:
        above.add(here)
        here = parents.get(here)
    found: list[tuple[Instant, Instant]] = []
    for one in sorted(bundle.force_majeure, key=lambda one: one.since):
        if one.nodes and not above.intersection(one.nodes):
            continue
        begin = max(one.since, found[-1][1]) if found else one.since
        if begin < one.until:
            found.append((begin, one.until))
    return found
