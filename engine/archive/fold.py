"""What decisions leave in the archive: rows of its tables, worked out from the records alone.

Nothing here asks a server or a clock: the same records give the same rows, so an archive that was made anew from the
log has the same digest.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from engine.archive.grams import grams, plain
from rules.law.compiled import Law
from topics import codec
from topics.decision import Decision, Event, facts_of
from topics.events.types import EventType
from topics.ids import Instant
from topics.ticket import Ticket
from topics.vocabulary import FINAL

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Read:
    """A decision with where it stands and what its bytes are."""

    partition: int
    position: int
    value: bytes
    decision: Decision

    @cached_property
    def images(self) -> tuple[Ticket | None, ...]:
        """What each of its changes left, decoded once: packs, months and rows are asked of the same."""
        afters = (change.after for change in self.decision.changes)
        return tuple(None if after is None else codec.decode(bytes(after), Ticket) for after in afters)


class Day(NamedTuple):
    """What is counted by day."""

    day: date
    home: str
    category: str
    event: str


class Folded(NamedTuple):
    """Rows by table; of each ticket the last image alone."""

    tickets: list[Row]
    forgotten: list[Row]
    breaches: list[Row]
    breached: list[str]
    """Tickets whose limit broke here; that stays, whatever image comes after."""
    days: Counter[Day]


def moment(at: Instant | None) -> datetime | None:
    """Write an instant as PostgreSQL has it, to the millisecond."""
    return None if at is None else EPOCH + timedelta(milliseconds=at)


def sure(at: Instant) -> datetime:
    """Write an instant that there is."""
    return EPOCH + timedelta(milliseconds=at)


def instant(at: datetime) -> Instant:
    """Read an instant back."""
    return (at - EPOCH) // timedelta(milliseconds=1)


@cache
def zone_of(name: str) -> ZoneInfo:
    """Find a zone once."""
    return ZoneInfo(name)


def about(decision: Decision) -> list[str]:
    """Name every ticket that a decision is about, its own first."""
    own = [decision.ticket] if decision.ticket else []
    return list(dict.fromkeys(_text(name) for name in [*own, *(change.ticket for change in decision.changes)]))


def decision_row(read: Read) -> Row:
    """Write a decision's row."""
    decision = read.decision
    return {
        "id": decision.id,
        "at": sure(decision.at),
        "partition": read.partition,
        "position": read.position,
        "cause": decision.cause,
        "reason": decision.reason,
        "home": decision.home,
        "ticket": decision.ticket and _text(decision.ticket),
        "command": decision.command and _text(decision.command),
        "actor": decision.actor and _text(decision.actor),
        "tickets": about(decision),
        "events": list(dict.fromkeys(event.type for event in decision.events)),
        "record": read.value.decode(),
    }


def ticket_row(partition: int, image: bytes, ticket: Ticket, at: Instant, law: Law | None) -> Row:
    """Write a ticket's row as of ``at``; its place is named by the pack it was filed under."""
    path = law.path(ticket.leaf or ticket.home) if law is not None else ()
    words = plain(f"{ticket.text} {ticket.address or ''}")
    return {
        "id": ticket.id,
        "received_at": sure(ticket.received_at),
        "partition": partition,
        "version": ticket.version,
        "identity": _text(ticket.identity),
        "home": ticket.home,
        "street": law.street_of(ticket.home) if law is not None else None,
        "leaf": ticket.leaf,
        "category": ticket.category,
        "urgency": ticket.urgency,
        "status": ticket.status,
        "is_open": ticket.status not in FINAL,
        "tier": ticket.tier,
        "party": ticket.party,
        "person": ticket.person,
        "is_breached": ticket.is_overdue,
        "filed_at": moment(ticket.filed_at),
        "deadline_at": moment(ticket.deadline_at),
        "closed_at": moment(ticket.closed_at),
        "changed_at": sure(at),
        "words": words,
        "grams": grams(words),
        "tags": tags(ticket, path),
        "image": _text(image.decode()) if b"\\u0000" in image else image.decode(),
    }


def tags(ticket: Ticket, path: Sequence[str]) -> list[str]:
    """Give what a ticket is filtered by beside its words: where it lies, whose it is and was, what it is."""
    found = {f"grid:{code}" for code in (*path, ticket.home)}
    found |= {f"person:{who}" for who in (ticket.person, *ticket.handled_by)}
    found |= {f"status:{ticket.status}", "open" if ticket.status not in FINAL else "ended"}
    found |= {f"category:{ticket.category}"} if ticket.category else set()
    found |= {f"party:{code}" for code in parties(ticket)} | {f"source:{ticket.identity.partition(':')[0]}"}
    found |= {f"urgency:{ticket.urgency}"} if ticket.urgency else set()
    return sorted(map(_text, found))


def parties(ticket: Ticket) -> set[str]:
    """Name who holds a ticket, helps with it or was called to it: it is theirs to look at."""
    found = {ticket.party, *(child.code for child in ticket.children), *(helper.party for helper in ticket.helpers)}
    return {code for code in found if code}


def _text(value: str) -> str:
    """PostgreSQL takes every character but one, in plain text and in jsonb."""
    return value.replace("\0", "\ufffd").replace("\\u0000", "\\ufffd")


def fold(reads: Sequence[Read], laws: Mapping[str, Law]) -> Folded:
    """Work out the rows of decisions of one partition, in the order of the log, none of which was folded before."""
    latest: dict[str, Row] = {}
    forgotten: dict[str, Row] = {}
    breaches: list[Row] = []
    breached: dict[str, None] = {}
    days: Counter[Day] = Counter()
    for read in reads:
        decision, images = read.decision, dict[str, Ticket]()
        for change, ticket in zip(decision.changes, read.images, strict=True):
            if change.after is None or ticket is None:
                forgotten[change.ticket] = {"forgotten": change.ticket, "at": sure(decision.at)}
                continue
            images[change.ticket] = ticket
            latest[change.ticket] = ticket_row(
                read.partition, bytes(change.after), ticket, decision.at, laws.get(ticket.pack)
            )
            if ticket.is_overdue:  # of each image, not of the last of a batch: where it was cut must not show
                breached[ticket.id] = None
        for number, event in enumerate(decision.events):
            image = images.get(event.ticket)
            days[_day(decision, event, image, laws)] += 1
            if event.type == EventType.CLOCK_BREACHED:
                breaches.append(_breach(decision, number, event, image))
                breached[event.ticket] = None
    return Folded(list(latest.values()), list(forgotten.values()), breaches, breached=list(breached), days=days)


def _day(decision: Decision, event: Event, image: Ticket | None, laws: Mapping[str, Law]) -> Day:
    """Of what happens to no ticket, such as a change of the roster, the day is UTC's."""
    law = laws.get(image.pack) if image is not None else None
    zone = UTC if law is None else zone_of(law.bundle.timezone)
    home, category = (decision.home, "") if image is None else (image.home, image.category or "")
    return Day(sure(decision.at).astimezone(zone).date(), home, category, event=event.type)


def _breach(decision: Decision, number: int, event: Event, image: Ticket | None) -> Row:
    facts = facts_of(event)
    return {
        "decision": decision.id,
        "number": number,
        "at": sure(decision.at),
        "ticket": event.ticket,
        "home": decision.home,
        "category": image.category if image is not None else None,
        "clock": facts["clock"],
        "clock_number": facts["number"],
        "rung": facts["rung"],
        "due_at": moment(facts.get("due_at")),
        "late_by_ms": facts["late_by_ms"],
        "tier": image.tier if image is not None else None,
        "party": image.party if image is not None else None,
        "person": image.person if image is not None else None,
    }


def _images(reads: Sequence[Read]) -> Iterator[Ticket]:
    return (image for read in reads for image in read.images if image is not None)


def packs_of(reads: Sequence[Read]) -> set[str]:
    """Name the packs that the tickets of these decisions rest on."""
    return {image.pack for image in _images(reads)}


def received_of(reads: Sequence[Read]) -> list[datetime]:
    """Tell when the tickets of these decisions came."""
    return [sure(image.received_at) for image in _images(reads)]
