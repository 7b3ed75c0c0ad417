"""One decision in the making: the ticket as it is being changed, what happened, and why (LAW 2, DESIGN 8)."""

from typing import Any, Final

from msgspec.structs import replace

from rules.errors import BrokenInvariant
from rules.law import split
from rules.law.categories import category_of
from rules.law.compiled import Law
from rules.ticket import clocks
from topics.decision import Event
from topics.events.facts import Facts
from topics.ids import DecisionId, Instant
from topics.pack import Category, RosterEntry
from topics.ticket import Clock, Offer, Quota, Ticket
from topics.ticket_words import OfferEnd
from topics.vocabulary import FINAL, ClockKind, Role, Status

BEYOND: Final = "beyond_horizon"
"""Flag of a ticket with a clock whose end the calendar does not know: nothing is guessed (LAW 4)."""


class Draft(Ticket):
    """A ticket read anew to be changed. Published, it is written down and let go: nobody else ever sees this object."""

    @property
    def is_open(self) -> bool:
        """Whether it is still worked on."""
        return self.status not in FINAL

    @property
    def where(self) -> str:
        """The smallest grid known: leaf, else home."""
        return self.leaf or self.home

    @property
    def is_reopened(self) -> bool:
        """Whether it was opened again after it was done; an appeal begins anew, too, and with the whole limit."""
        return self.generation > self.was_appealed

    def clock(self, kind: ClockKind, number: str | None = None) -> Clock | None:
        """Find a clock by its kind, and number where there are several."""
        return clock_of(self, kind, number)

    def put(self, clock: Clock) -> None:
        """Add a clock, or put it in the place of the one with its kind and number."""
        put(self, clock)

    def drop(self, *kinds: ClockKind, number: str | None = None) -> None:
        """Disarm clocks of these kinds."""
        drop(self, kinds, number)

    def flag(self, name: str) -> None:
        """Note a peculiarity, once however often it shows."""
        if name not in self.flags:
            self.flags = (*self.flags, name)

    def disarm(self) -> None:
        """Disarm every clock: what is final has none but ``forget``."""
        self.clocks = ()


def clock_of(draft: Draft, kind: ClockKind, number: str | None = None) -> Clock | None:
    """Find a clock by its kind, and number where there are several.

    This and the next two are what the draft's methods of these names do: of a Struct, compiled or not, a method is
    looked for and bound at each call, and an incident needs ten.
    """
    for clock in draft.clocks:
        if clock.kind == kind and (number is None or clock.number == number):
            return clock
    return None


def put(draft: Draft, clock: Clock) -> None:
    """Add a clock, or put it in the place of the one with its kind and number."""
    clocks = draft.clocks
    kind, number = clock.kind, clock.number
    draft.clocks = (*[c for c in clocks if c.kind != kind or c.number != number], clock) if clocks else (clock,)


def drop(draft: Draft, kinds: tuple[ClockKind, ...], number: str | None = None) -> None:
    """Disarm clocks of these kinds."""
    clocks = draft.clocks
    for clock in clocks:
        if clock.kind in kinds:
            draft.clocks = tuple(
                [c for c in clocks if c.kind not in kinds or (number is not None and c.number != number)]
            )
            return


class Case:
    """The cause being decided: its moment, the law, and what comes of it."""

    __slots__ = (
        "actor_law",
        "as_was",
        "at",
        "duty_law",
        "effective_at",
        "events",
        "facts",
        "forgotten",
        "id",
        "law",
        "others",
        "programme",
        "quota",
        "quota_before",
        "referral",
        "refused",
        "rules",
        "told",
        "unmanned",
        "was",
    )

    def __init__(self, decision_id: str, at: Instant, law: Law, *, duty_law: Law) -> None:
        """Begin; ``law`` is the ticket's frozen one, ``duty_law`` the one in force, which knows the rosters of
        today."""
        self.id, self.at, self.law, self.duty_law = DecisionId(decision_id), at, law, duty_law
        self.actor_law = duty_law
        """The same as it was when the command took effect: whoever was on duty then may give it."""
        self.effective_at = at
        """When what is decided took effect: a command's ``accepted_at``, within bounds."""
        self.events: list[Event] = []
        self.told: dict[str, Event] = {}
        """What departments are told, by the id of the task."""
        self.rules: list[str] = []
        self.facts: dict[str, Any] = {}
        self.refused: list[tuple[str, str]] = []
        self.unmanned: list[str] = []
        """Parties that are asked although nobody of them is on duty: their tier waits for one who comes."""
        self.quota_before: Quota | None = None
        self.quota: Quota | None = None
        self.as_was: dict[str, Ticket] = {}
        """The tickets that a command names, unchanged."""
        self.others: list[tuple[Draft, Law]] = []
        """Further tickets that this decision changes, each with the law it was filed under."""
        self.referral: Any = None
        self.programme: Ticket | None = None
        """The ticket into which a flood is folded, while that is open."""
        self.was: Status | None = None
        """The status the ticket had."""
        self.forgotten = False

    def say(self, draft: Draft, facts: Facts) -> Event:
        """Note an event: its type is that of its facts."""
        # as event_of makes it, without the call: three of an incident
        event = Event(type(facts).__name__, draft.id, facts if facts.__struct_fields__ else {})
        self.events.append(event)
        return event

    def category(self, draft: Draft) -> Category | None:
        """Give the ticket's category, as the exception that applied at filing has it."""
        return category_of(self.law, draft.category, draft.rule) if draft.category else None

    def eligible(self, category: Category, draft: Draft) -> tuple[str, ...]:
        """List the parties that may take a ticket, by the people of today."""
        return split.eligible(self.duty_law, category, draft.leaf, draft.home)[0]

    def people(
        self, role: str, draft: Draft, org: str | None = None, skill: str | None = None
    ) -> tuple[RosterEntry, ...]:
        """List who has a role for the ticket's grid today."""
        return self.duty_law.roster(role, draft.where, skill, org)

    def someone(self, role: str, draft: Draft, org: str | None = None, skill: str | None = None) -> RosterEntry | None:
        """Choose somebody on duty, turn about by the ticket's number; ``None`` when nobody is."""
        ready = self.duty_law.ready(role, draft.leaf or draft.home, skill, org, self.at)
        return ready[int(draft.id.rsplit("-", 1)[1]) % len(ready)] if ready else None

    def supervisor(self, draft: Draft) -> str:
        """Name who has a ticket that nobody else has: the supervisor for its grid, else a duty chief, else the desk
        itself."""
        for role in (Role.SUPERVISOR, Role.CHIEF, Role.CENTRE):
            people = self.people(role, draft)
            if people:
                return people[0].person
        return "duty-desk"


def publish(law: Law, draft: Draft, duty_law: Law) -> Ticket:
    """Close a draft: next due moment, deadline for people, next version; checked for the five in place (LAW 2).

    Raises:
        BrokenInvariant: An open ticket lacks task, duty, person, progress or limit, nothing will ever move it though it
            does not
            rest where the law lets it rest, or a final one has a running clock.
    """
    is_open = draft.status not in FINAL
    draft.hours = _hours(duty_law, draft) if is_open else None
    due = clocks.first_due(law, draft.clocks, draft.urgency, draft.hours)
    draft.next_due_at = due[0] if due else None
    deadline_at = draft.deadline_at = _deadline(law, draft)
    if is_open:
        is_beyond, flags = deadline_at is None and _is_beyond(law, draft), draft.flags
        if is_beyond != (BEYOND in flags):
            draft.flags = (*flags, BEYOND) if is_beyond else tuple([flag for flag in flags if flag != BEYOND])
        if not (draft.task and draft.duty and draft.person):
            raise BrokenInvariant(f"{draft.id} would be {draft.status} without one of task, duty, person")
        if due is None and not is_beyond and rests(law, draft) is None:
            raise BrokenInvariant(f"{draft.id} would be {draft.status} and nothing would ever move it")
    elif any(clock.kind != ClockKind.FORGET for clock in draft.clocks):
        raise BrokenInvariant(f"{draft.id} would be {draft.status} with a clock running")
    draft.version += 1
    return draft


_TOLD: dict[str, tuple[Status, ...]] = {
    ClockKind.TRIAGE: (Status.RECEIVED, Status.VERIFYING, Status.SURVEYED),
    ClockKind.CHECK: (Status.DONE,),
}


def rests(law: Law, draft: Ticket) -> str | None:
    """Say why an open ticket may stand without a moment to come, if it may: everything that was to be told of it has
    been told.

    A wish ages without a limit; one of a flood moves when the one that is worked ends; exhausted, its supervisor has it
    and was
    told loudly; past the last rung of triage chief and centre know; past the last checker the supervisor has the check.
    """
    if draft.folded_into is not None:
        return "folded"
    if draft.is_exhausted:
        return "exhausted"
    if is_wish(law, draft):
        return "wish"
    for clock in draft.clocks:
        if draft.status in _TOLD.get(clock.kind, ()) and clock.running_since is not None and not clock.rungs:
            return f"{clock.kind}_told"
    return None


def is_wish(law: Law, draft: Ticket) -> bool:
    """Whether it is a wish, which ages without a limit."""
    return draft.category in law.categories and category_of(law, draft.category or "", draft.rule).wish


def _hours(duty_law: Law, draft: Draft) -> str | None:
    """Give the hours of whoever has a patient ticket, where the roster gives some of their own."""
    if draft.urgency not in clocks.PATIENT and draft.status is not _PARKED:
        return None
    person, duty, known = draft.person, draft.duty, duty_law.cache_of_people
    key = ("hours", person, duty)
    if key not in known:
        entry = duty_law.entry_at(person, duty)
        known[key] = None if entry is None or entry.on_duty in ("work", "never") else entry.on_duty
    hours: str | None = known[key]
    return hours


def _is_beyond(law: Law, draft: Draft) -> bool:
    """Whether a clock runs whose end the calendar does not know."""
    running = (clock for clock in draft.clocks if clock.running_since is not None and clock.rungs)
    return any(clocks.moment(law, clock, 100, None) is None for clock in running)


_PARKED: Final = Status.PARKED
_RESOLVE: Final = ClockKind.RESOLVE
"""Looked up once (``rules.ticket.offers``)."""
_WORKED: Final = (ClockKind.LEG, ClockKind.RESOLVE)
_FOR_PEOPLE: Final = {
    Status.RECEIVED: (ClockKind.TRIAGE,),
    Status.VERIFYING: (ClockKind.VERIFY, ClockKind.TRIAGE),
    Status.PARKED: (ClockKind.PARK,),
    Status.DONE: (ClockKind.CHECK,),
    Status.SURVEYED: (ClockKind.SURVEY,),
}


def _deadline(law: Law, draft: Draft) -> Instant | None:
    """Name the 100 % moment of the clock that matters now; of a breached ticket that is its leg."""
    clock = deadline_clock(law, draft)
    return None if clock is None else clocks.moment(law, clock, 100, draft.urgency)


def deadline_clock(law: Law, ticket: Ticket) -> Clock | None:
    """Give the clock that matters now; ``None``: none of them runs to an end."""
    ages = is_wish(law, ticket)  # what fired before it was one binds nobody
    for kind in _FOR_PEOPLE.get(ticket.status, _WORKED):
        for clock in ticket.clocks:
            if clock.kind == kind:
                if clock.running_since is not None and (
                    clock.rungs or (clock.fired and not (ages and kind == _RESOLVE))
                ):
                    return clock
                break
    return None


def with_offer_ended(offers: tuple[Offer, ...], how: OfferEnd) -> tuple[Offer, ...]:
    """Write down how the standing offer ended."""
    if offers and offers[-1].ended is None:
        return (*offers[:-1], replace(offers[-1], ended=how))
    return offers
