"""What a row says in people's words: labels in both languages, and what the next rung of its clocks will do."""

import msgspec

from rules.law.compiled import Law
from rules.ticket import clocks
from rules.ticket.draft import deadline_clock
from topics import codec
from topics.ids import Instant
from topics.ticket import Ticket
from topics.vocabulary import ClockKind

DOES = {
    ClockKind.RESOLVE: {100: "move_up", 150: "supervise", 300: "red_list"},
    ClockKind.LEG: {100: "move_up"},
    ClockKind.ACCEPT: {100: "ask_next"},
    ClockKind.CHECK: {100: "ask_next"},
    ClockKind.SURVEY: {100: "close"},
}
"""Kind of clock -> rung -> what follows from 100 % on; what is not named tells people and moves nothing."""


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """The rung that is due next."""

    clock: str
    number: str
    rung: int
    at: Instant
    does: str


def labels_of(law: Law, ticket: Ticket) -> tuple[msgspec.Raw, str | None]:
    """Give labels as pairs of English and Chinese, written once for each place and category, and the street."""
    place = ("row_labels", ticket.category, ticket.home, ticket.leaf)
    known: tuple[msgspec.Raw, str | None] | None = law.cache.get(place)
    if known is None:
        street = law.street_of(ticket.home)
        known = msgspec.Raw(codec.encode(_labels(law, ticket, street))), street
        if ticket.leaf is None or ticket.leaf in law.nodes:  # what anybody may call a grid is not remembered
            law.cache[place] = known
    return known


def upcoming(law: Law, ticket: Ticket) -> Upcoming | None:
    """Say what happens next if nobody does anything."""
    first = None
    if ticket.next_due_at is not None:
        first = clocks.first_due(law, ticket.clocks, ticket.urgency, ticket.hours)
    if first is None:
        return None
    due, rung, _, number, clock = first
    does = "remind" if rung < 100 else DOES.get(ClockKind(clock.kind), {}).get(rung, "tell")
    return Upcoming(clock=clock.kind, number=number, rung=rung, at=due, does=does)


def in_work_time(law: Law, ticket: Ticket) -> bool:
    """Whether the deadline's clock runs in working time."""
    clock = deadline_clock(law, ticket)
    return clock is not None and law.in_work_time(clock.unit)


def paused(ticket: Ticket) -> str | None:
    """Say for what a clock stands still."""
    for clock in ticket.clocks:
        if clock.paused_reason is not None:
            return clock.paused_reason
    return None


def _labels(law: Law, ticket: Ticket, street: str | None) -> dict[str, list[str]]:
    labels = {
        "category": _category(law, ticket.category),
        "street": _node(law, street),
        "home": _node(law, ticket.home),
        "leaf": _node(law, ticket.leaf),
    }
    return {name: pair for name, pair in labels.items() if pair is not None}


def _category(law: Law, code: str | None) -> list[str] | None:
    known = law.categories.get(code or "")
    return None if known is None else [known.label, known.label_zh]


def _node(law: Law, code: str | None) -> list[str] | None:
    node = law.nodes.get(code or "")
    return None if node is None else [node.label, node.label_zh]
