"""What a row says in people's words: labels in both languages, and what the next rung of its clocks will do."""

from typing import Any

from rules.law.compiled import Law
from rules.ticket import clocks
from rules.ticket.draft import deadline_clock
from topics.ticket import Ticket
from topics.vocabulary import FINAL, ClockKind

DOES = {
    ClockKind.RESOLVE: {100: "move_up", 150: "supervise", 300: "red_list"},
    ClockKind.LEG: {100: "move_up"},
    ClockKind.ACCEPT: {100: "ask_next"},
    ClockKind.CHECK: {100: "ask_next"},
    ClockKind.SURVEY: {100: "close"},
}
"""Kind of clock -> rung -> what follows from 100 % on; what is not named tells people and moves nothing."""


def labelled(ticket: Ticket, law: Law) -> dict[str, Any]:
    """Give labels as pairs of English and Chinese, the street, and the next rung."""
    place = ("row_labels", ticket.category, ticket.home, ticket.leaf)
    known = law.cache.get(place)
    if known is None:
        known = _labels(law, ticket)
        if ticket.leaf is None or ticket.leaf in law.nodes:  # what anybody may call a grid is not remembered
            law.cache[place] = known
    found = dict(known)
    if ticket.status not in FINAL and ticket.next_due_at is not None:
        upcoming = clocks.first_due(law, ticket.clocks, ticket.urgency, ticket.hours)
        if upcoming is not None:
            due, rung, _, number, clock = upcoming
            does = "remind" if rung < 100 else DOES.get(ClockKind(clock.kind), {}).get(rung, "tell")
            found["next"] = {"clock": clock.kind, "number": number, "rung": rung, "at": due, "does": does}
    return found | _pace(law, ticket)


def _pace(law: Law, ticket: Ticket) -> dict[str, Any]:
    """Say whether the deadline's clock runs in working time, and for what a clock stands still."""
    if ticket.status in FINAL:
        return {}
    clock = deadline_clock(law, ticket)
    found: dict[str, Any] = {"in_work_time": True} if clock is not None and law.in_work_time(clock.unit) else {}
    stands = next((one.paused_reason for one in ticket.clocks if one.paused_reason is not None), None)
    return found if stands is None else found | {"paused": stands}


def _labels(law: Law, ticket: Ticket) -> dict[str, Any]:
    street = law.street_of(ticket.home)
    labels = {
        "category": _category(law, ticket.category),
        "street": _node(law, street),
        "home": _node(law, ticket.home),
        "leaf": _node(law, ticket.leaf),
    }
    named: dict[str, Any] = {"labels": {name: pair for name, pair in labels.items() if pair is not None}}
    return named if street is None else named | {"street": street}


def _category(law: Law, code: str | None) -> list[str] | None:
    known = law.categories.get(code or "")
    return None if known is None else [known.label, known.label_zh]


def _node(law: Law, code: str | None) -> list[str] | None:
    node = law.nodes.get(code or "")
    return None if node is None else [node.label, node.label_zh]
