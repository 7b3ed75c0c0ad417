"""One decision in the making: the ticket as it is being changed, what happened, and why."""

from typing import Any

import msgspec
from msgspec.structs import replace

from rules import clocks
from rules.errors import BrokenInvariant
from rules.law import Law
from topics.decision import Event
from topics.ids import DecisionId, Instant
from topics.pack import Category, RosterEntry
from topics.ticket import Child, Clock, Helper, Offer, Quota, Ticket
from topics.vocabulary import FINAL, ClockKind, Role, Status

FIELDS = Ticket.__struct_fields__


class Draft:
    """A ticket being changed: the fields of ``topics.ticket.Ticket``, open to change until it is published."""

    id: str
    version: int
    identity: str
    home: str
    status: Status
    received_at: Instant
    occurred_at: Instant
    pack: str
    channel: str
    person: str
    duty: str
    task: str
    tier: str | None
    party: str | None
    leaf: str | None
    category: str | None
    category_given: str | None
    urgency: str | None
    lead: str | None
    filed_at: Instant | None
    generation: int
    rework: int
    clocks: tuple[Clock, ...]
    offers: tuple[Offer, ...]
    helpers: tuple[Helper, ...]
    children: tuple[Child, ...]
    leg: int
    top_repeats: int
    resolve_limit_ms: int
    resolve_unit: str
    is_overdue: bool
    is_escalated: bool
    is_exhausted: bool
    handled_by: tuple[str, ...]
    finished_by: tuple[str, str, str] | None
    finished_at: Instant | None
    surveyed_at: Instant | None
    closed_at: Instant | None
    close_reason: str | None
    merged_into: str | None
    merged_here: tuple[str, ...]
    before_merge: Ticket | None
    hops: int
    first_filed_at: Instant | None
    flags: tuple[str, ...]
    text: str
    address: str | None
    lat_e7: int | None
    lon_e7: int | None
    token: str | None
    can_reach_reporter: bool
    attributes: dict[str, str | int | bool]
    exercise: bool
    promised_by: Instant | None
    next_due_at: Instant | None
    deadline_at: Instant | None

    def __init__(self, ticket: Ticket) -> None:
        """Open a ticket for change."""
        self.__dict__.update(msgspec.structs.asdict(ticket))

    @property
    def is_open(self) -> bool:
        """Whether it is still worked on."""
        return self.status not in FINAL

    @property
    def where(self) -> str:
        """The smallest grid known: leaf, else home."""
        return self.leaf or self.home

    def clock(self, kind: ClockKind, number: str | None = None) -> Clock | None:
        """Find a clock by its kind, and number where there are several."""
        return next((c for c in self.clocks if c.kind == kind and (number is None or c.number == number)), None)

    def put(self, clock: Clock) -> None:
        """Add a clock, or put it in the place of the one with its kind and number."""
        self.clocks = (*(c for c in self.clocks if (c.kind, c.number) != (clock.kind, clock.number)), clock)

    def drop(self, *kinds: ClockKind, number: str | None = None) -> None:
        """Disarm clocks of these kinds."""
        self.clocks = tuple(c for c in self.clocks if c.kind not in kinds or (number is not None and c.number != number))

    def disarm(self) -> None:
        """Disarm every clock: what is final has none but ``forget``."""
        self.clocks = ()


class Case:
    """The cause being decided: its moment, the law, and what comes of it."""

    def __init__(self, decision_id: str, at: Instant, law: Law, duty_law: Law) -> None:
        """Begin; ``law`` is the ticket's frozen one, ``duty_law`` the one in force, which knows the rosters of today."""
        self.id, self.at, self.law, self.duty_law = DecisionId(decision_id), at, law, duty_law
        self.effective_at = at
        """When what is decided took effect: a command's ``accepted_at``, within bounds."""
        self.events: list[Event] = []
        self.rules: list[str] = []
        self.facts: dict[str, Any] = {}
        self.refused: list[tuple[str, str]] = []
        self.quota_before: Quota | None = None
        self.quota: Quota | None = None
        self.others: list[Draft] = []
        """Further tickets that this decision changes."""
        self.referral: Any = None
        self.forgotten = False

    def say(self, kind: str, draft: Draft, **facts: Any) -> None:
        """Note an event."""
        self.events.append(Event(kind, draft.id, facts))

    def category(self, draft: Draft) -> Category | None:
        """Give the ticket's category."""
        return self.law.categories.get(draft.category) if draft.category else None

    def people(self, role: str, draft: Draft, org: str | None = None, skill: str | None = None) -> tuple[RosterEntry, ...]:
        """List who has a role for the ticket's grid today."""
        return self.duty_law.roster(role, draft.where, skill, org)

    def someone(self, role: str, draft: Draft, org: str | None = None, skill: str | None = None) -> RosterEntry | None:
        """Choose somebody on duty, turn about by the ticket's number; ``None`` when nobody is."""
        ready = [entry for entry in self.people(role, draft, org, skill) if self.duty_law.on_duty(entry, self.at)]
        return ready[int(draft.id.rsplit("-", 1)[1]) % len(ready)] if ready else None

    def supervisor(self, draft: Draft) -> str:
        """Name who has a ticket that nobody else has: the supervisor for its grid, else a duty chief, else the desk itself."""
        for role in (Role.SUPERVISOR, Role.CHIEF, Role.CENTRE):
            people = self.people(role, draft)
            if people:
                return people[0].person
        return "duty-desk"


def publish(case: Case, draft: Draft) -> Ticket:
    """Close a draft: next due moment, deadline for people, next version; checked for the five in place (LAW 2).

    Raises:
        BrokenInvariant: An open ticket lacks task, duty, person, progress or limit, or a final one has a running clock.
    """
    due = clocks.first_due(case.law, draft.clocks, draft.urgency)
    draft.next_due_at = due[0] if due else None
    draft.deadline_at = _deadline(case.law, draft)
    if draft.is_open:
        missing = [name for name in ("task", "duty", "person", "status") if not getattr(draft, name)]
        if not any(clock.running_since is not None for clock in draft.clocks) and not draft.is_exhausted:
            missing.append("limit")
        if missing:
            raise BrokenInvariant(f"{draft.id} would be {draft.status} without {', '.join(missing)}")
    elif any(clock.kind != ClockKind.FORGET for clock in draft.clocks):
        raise BrokenInvariant(f"{draft.id} would be {draft.status} with a clock running")
    draft.version += 1
    return Ticket(**{name: draft.__dict__[name] for name in FIELDS if name in draft.__dict__})


_FOR_PEOPLE = {
    Status.RECEIVED: (ClockKind.TRIAGE,),
    Status.VERIFYING: (ClockKind.TRIAGE,),
    Status.DONE: (ClockKind.CHECK,),
    Status.SURVEYED: (ClockKind.SURVEY,),
}


def _deadline(law: Law, draft: Draft) -> Instant | None:
    """Name the 100 % moment of the clock that matters now; of a breached ticket that is its leg."""
    for kind in _FOR_PEOPLE.get(draft.status, (ClockKind.LEG, ClockKind.RESOLVE)):
        for clock in draft.clocks:
            if clock.kind == kind and clock.running_since is not None:
                return clocks.moment(law, clock, 100, draft.urgency)
    return None


def with_offer_ended(offers: tuple[Offer, ...], how: str) -> tuple[Offer, ...]:
    """Write down how the standing offer ended."""
    if offers and offers[-1].ended is None:
        return (*offers[:-1], replace(offers[-1], ended=how))
    return offers
