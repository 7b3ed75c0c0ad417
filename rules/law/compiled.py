"""A pack made ready for look-up: every question a rule asks of the pack, answered from a dictionary (LAW 1-8)."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from mypy_extensions import mypyc_attr

from rules.law.conditions import Conditions
from rules.law.duty_hours import next_begin, span_of, spans_within
from rules.law.force_majeure import Standstill
from rules.law.people import EVERYWHERE, People
from rules.law.shares import share_unit
from rules.law.work_calendar import WorkCalendar
from topics.ids import Instant
from topics.pack import Category, Department, Limit, Node, PackBundle, PartyShare, RosterEntry, Tier
from topics.vocabulary import ClockKind, Role, Unit

UNIT_MS: dict[str, int] = {
    Unit.MINUTE: 60_000,
    Unit.URGENT_HOUR: 3_600_000,
    Unit.URGENT_DAY: 86_400_000,
    Unit.WORK_HOUR: 3_600_000,
}
"""Length of a unit in its own time; a work day is the calendar's (8 h by default)."""

QUARTER_MS = 900_000
"""No zone's day begins, or changes its offset, off a quarter of an hour: the zone's answers are kept by quarters."""
QUARTERS_KEPT = 4_096
"""Six weeks of them, 0.5 MB: a filing asks for now and for the moments of its reminders, 11 µs each if made anew."""

RUNGS: dict[str, tuple[int, ...]] = {
    ClockKind.RESOLVE: (50, 80, 100, 150, 300),
    ClockKind.TRIAGE: (100, 200),
    ClockKind.REPORT_IN: (100, 200),
    ClockKind.CHILD: (100, 200),
}
"""Of the clocks that do more than end, where the pack names none (LAW 4, 5)."""

WORK_UNITS: Final[frozenset[str]] = frozenset({Unit.WORK_HOUR, Unit.WORK_DAY})
_STREET: Final = Role.STREET


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)  # so that it can be copied where it is compiled
class Law:
    """One published pack. Immutable; look-ups are cached, so that the hot path asks dictionaries only."""

    def __init__(self, ref: str, bundle: PackBundle) -> None:
        """Index a bundle; ``ref`` is ``<name>@<hash>``."""
        self.ref, self.bundle = ref, bundle
        self.calendar = WorkCalendar(bundle.calendar)
        self.nodes: dict[str, Node] = {node.code: node for node in bundle.nodes}
        self.categories: dict[str, Category] = {category.code: category for category in bundle.categories}
        self._words = {
            word: c.code for c in bundle.categories for word in (c.code, c.label, c.label_zh, *c.aliases) if word
        }
        self.homes: dict[str, Node] = {
            n.code: n for n in bundle.nodes if n.level == bundle.home_level or n.code == bundle.unplaced
        }
        self.departments: dict[str, Department] = {department.code: department for department in bundle.departments}
        self.shares: tuple[PartyShare, ...] = bundle.shares
        self.per = share_unit([share.share for share in bundle.shares])
        self._unit_ms: dict[str, int] = {**UNIT_MS, Unit.WORK_DAY: bundle.calendar.day_minutes * 60_000}
        self._zone = ZoneInfo(bundle.timezone)
        self._paths: dict[str, tuple[str, ...]] = {}
        self._home_of: dict[str, str | None] = {}
        self._parties = frozenset(share.code for share in bundle.shares)
        self._duty: dict[str, tuple[int, int]] = {}
        self._quarters: dict[int, tuple[str, str, int]] = {}
        self._conditions = Conditions(bundle.rules, self.path)
        self.reads = tuple(sorted({name for rule in bundle.rules for name in rule.reads}))
        """Which facts the exceptions to the catalogue read; none where there are no exceptions."""
        self.cache: dict[Any, Any] = {}
        """For rules: answers that hang on the pack alone."""
        self.published = self
        """The law as its pack has it, before anything was changed of its roster."""
        self._know_people(People(bundle.roster, bundle.roster_version))

    def _know_people(self, people: People) -> None:
        self.people = people
        self._rosters: dict[tuple[str, str, str | None, str | None], tuple[RosterEntry, ...]] = {}
        self._ready: dict[tuple[str, str, str | None, str | None], tuple[RosterEntry, ...]] = {}
        self._ready_at: Instant = -1
        self.cache_of_people: dict[Any, Any] = {}
        """For rules: answers that hang on the roster as well."""

    def with_people(self, people: People) -> "Law":
        """Give the same law with another roster; what hangs on the pack alone is remembered together."""
        other = copy(self)
        other._know_people(people)
        return other

    # -- places ------------------------------------------------------------------------------------------------

    def path(self, code: str) -> tuple[str, ...]:
        """Name a node and everything above it, itself first; empty for an unknown code."""
        found = self._paths.get(code)
        if found is None and code not in self.nodes:
            return ()  # what anybody may call a grid is not remembered
        if found is None:
            walked: list[str] = []
            here: str | None = code
            while here is not None and here in self.nodes and here not in walked:
                walked.append(here)
                here = self.nodes[here].parent
            found = self._paths[code] = tuple(walked)
        return found

    def home_of(self, leaf: str) -> str | None:
        """Name the home a grid lies in, or ``None`` for what lies above homes."""
        if leaf not in self.nodes:
            return None
        if leaf not in self._home_of:
            self._home_of[leaf] = next((code for code in self.path(leaf) if code in self.homes), None)
        return self._home_of[leaf]

    def street_of(self, home: str) -> str | None:
        """Name the node just above a home."""
        node = self.nodes.get(home)
        return node.parent if node else None

    def party_works_in(self, party: str, code: str) -> bool:
        """Whether a party's grid list contains this grid: what the nearest node says that says anything."""
        for here in self.path(code):
            if self.nodes[here].parties:
                return party in self.nodes[here].parties
        return True

    # -- people ------------------------------------------------------------------------------------------------

    def roster(self, role: str, node: str, skill: str | None = None, org: str | None = None) -> tuple[RosterEntry, ...]:
        """List who has a role for a grid: those of the nearest node on the way up that has any, else of everywhere.

        For the parties of the split the way up ends at the home. Source: LAW 3.
        """
        key = (role, node, skill, org)
        found = self._rosters.get(key)
        if found is None:
            if not self.people.has_role(role):
                return ()  # a party's name may be anybody's word
            is_own = self is self.published or self.people.is_touched(role, self.path(node))
            found = self._nearest(*key) if is_own else self.published.roster(*key)
            self._rosters[key] = found
        return found

    def _nearest(self, role: str, node: str, skill: str | None, org: str | None) -> tuple[RosterEntry, ...]:
        for here in self.path(node):
            near = self._fit(role, here, skill, org)
            if near:
                return near
            if here in self.homes and role in self._parties:
                break
        return self._fit(role, EVERYWHERE, skill, org)

    def _fit(self, role: str, here: str, skill: str | None, org: str | None) -> tuple[RosterEntry, ...]:
        return tuple(
            entry
            for entry in self.people.at(role, here)
            if (skill is None or skill in entry.skills) and (org is None or entry.org == org)
        )

    def entry(self, person: str, role: str) -> RosterEntry | None:
        """Find a person in a role."""
        return next(iter(self.people.entries(person, role)), None)

    def entry_at(self, person: str, duty: str) -> RosterEntry | None:
        """Find a person by the post they have a ticket in: a role, a department's code; else by any role.

        A ``street``'s principal has its tickets, too.
        """
        roles: tuple[str, ...] = (Role.DEPARTMENT,) if duty in self.departments else (duty,)
        if duty == _STREET:
            roles = (duty, Role.PRINCIPAL)
        posts = (entry for role in roles for entry in self.people.entries(person, role))
        return next(posts, None) or next(iter(self.people.of(person)), None)

    def next_on_duty(self, hours: str | None, at: Instant) -> Instant | None:
        """Name ``at`` itself within somebody's hours, else when they begin; without hours of their own the city's."""
        if hours == "always":
            return at
        if hours is None or hours in ("work", "never"):
            return self.calendar.next_open(at)
        return at if self._within(hours, at) else next_begin(hours, at, self._zone)

    def on_duty(self, entry: RosterEntry, at: Instant) -> bool:
        """Whether a person is on duty: always, in working time, or between two local times of day."""
        hours = entry.on_duty
        if hours == "always":
            return True
        if hours == "never":
            return False
        return self.calendar.is_open(at) if hours == "work" else self._within(hours, at)

    def duty_spans(self, hours: str, since: Instant, until: Instant) -> list[tuple[Instant, Instant]]:
        """Give when within ``[since, until)`` somebody of these hours is on duty, in order; for a board of days."""
        if hours in ("always", "never"):
            return [(since, until)] if hours == "always" else []
        if hours == "work":
            return list(self.calendar.spans(since, until))
        return spans_within(hours, since, until, self._zone)

    def _within(self, hours: str, at: Instant) -> bool:
        span = self._duty.get(hours)
        if span is None:
            span = self._duty[hours] = span_of(hours)
        now = self._local(at)[2] + at % QUARTER_MS // 60_000
        return span[0] <= now < span[1] if span[0] <= span[1] else now >= span[0] or now < span[1]

    def ready(self, role: str, node: str, skill: str | None, org: str | None, at: Instant) -> tuple[RosterEntry, ...]:
        """List those of a role for a grid who are on duty; answers of a moment are kept, since a busy step has one."""
        if at != self._ready_at:
            self._ready.clear()
            self._ready_at = at
        key = (role, node, skill, org)
        found = self._ready.get(key)
        if found is None:
            able = [entry for entry in self.roster(role, node, skill, org) if self.on_duty(entry, at)]
            found = self._ready[key] = tuple(able)
        return found

    # -- amounts and days --------------------------------------------------------------------------------------

    def limit_ms(self, limit: Limit) -> int:
        """Turn a limit into milliseconds of its own kind of time."""
        return limit.amount * self._unit_ms[limit.unit]

    def rungs(self, kind: str) -> tuple[int, ...]:
        """Give the percentages at which a clock fires: the pack's, else the law's."""
        return self.bundle.rungs.get(kind) or RUNGS.get(kind, (100,))

    def in_work_time(self, unit: str) -> bool:
        """Whether a unit runs in working time only."""
        return unit in WORK_UNITS

    def local_day(self, at: Instant) -> str:
        """Name the day, ``yyyymmdd`` in the pack's zone."""
        return self._local(at)[0]

    def local_month(self, at: Instant) -> str:
        """Name the month, ``yyyy-mm`` in the pack's zone."""
        return self._local(at)[1]

    def local_hour(self, at: Instant) -> int:
        """Name the hour of day in the pack's zone."""
        return self._local(at)[2] // 60

    def _local(self, at: Instant) -> tuple[str, str, int]:
        """Day, month, minute of the day at which the quarter of an hour around ``at`` begins."""
        quarter = at // QUARTER_MS
        found = self._quarters.get(quarter)
        if found is None:
            if len(self._quarters) >= QUARTERS_KEPT:
                self._quarters.clear()
            local = datetime.fromtimestamp(quarter * 900, self._zone)
            minute = local.hour * 60 + local.minute
            found = self._quarters[quarter] = local.strftime("%Y%m%d"), local.strftime("%Y-%m"), minute
        return found

    def area(self, where: str) -> str | None:
        """Name the grid as an area that knows force majeure; ``None`` when nothing is declared for it."""
        if not self.bundle.force_majeure:
            return None
        return where if self._windows(where) else None

    def standstill(self, area: str, unit: str, provisional: bool = False) -> Standstill:
        """Give the time that counts in an area with force majeure."""
        key = ("standstill", area, unit in WORK_UNITS, provisional)
        found: Standstill | None = self.cache.get(key)
        if found is None:
            calendar = (self.calendar.provisional if provisional else self.calendar) if unit in WORK_UNITS else None
            found = self.cache[key] = Standstill(calendar, self._windows(area))
        return found

    def _windows(self, where: str) -> list[tuple[Instant, Instant]]:
        above = set(self.path(where))
        return [(one.since, one.until) for one in self.bundle.force_majeure if not one.nodes or above & set(one.nodes)]

    # -- catalogue ---------------------------------------------------------------------------------------------

    def category_code(self, word: str) -> str | None:
        """Find a category by its code, one of its labels or an alias."""
        return self._words.get(word)

    def ladder(self, name: str) -> tuple[Tier, ...]:
        """Give the steps of a ladder, lowest first."""
        return self.bundle.ladders[name]

    def department(self, code: str) -> Department | None:
        """Find a department."""
        return self.departments.get(code)

    def overrides(self, facts: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
        """Name the first rule whose condition holds, and what it sets; a rule that fails says ``rule_error:<id>``."""
        return self._conditions.first(facts)

    def may_be_excepted(self, category: str | None) -> bool:
        """Whether any exception may hold for a category."""
        return self._conditions.may_hold(category)
