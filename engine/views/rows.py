"""A row of the view: what it holds of one ticket or held cause, written from decisions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from engine.views.moves import move_of
from engine.views.queues import SINCE, held, idle_at, queues, score, summary
from rules.law.compiled import Law
from topics import codec
from topics.decision import Decision
from topics.events.types import EventType
from topics.ids import Instant
from topics.ticket import Ticket
from topics.vocabulary import FINAL

BETWEEN = "\x1f"
"""Stands between the names of a ticket's queues (project.lua)."""


RANK = 3
"""Characters that an identity's ticket is ranked by, before its id."""

MOST_VERSION = 2**52
"""Beyond any version a ticket gets to: what is to be taken out whatever stands there."""


NO_LAWS: Mapping[str, Law] = MappingProxyType({})


class Row(NamedTuple):
    """What the view holds of one ticket or held cause; without a ``row`` it is taken out."""

    id: str
    version: int
    identity: str = ""
    rank: str = ""
    """Open before final, then by hops of referral: which ticket an identity names does not hang on the order of
    reading."""
    row: str = ""
    image: str = ""
    """The ticket as it was decided: whoever opens one reads no log for it."""
    score: int = 0
    queues: tuple[str, ...] = ()
    since: int = 0
    """Of one that is overdue: when that was seen first. It stays while it is so."""
    idle: int = 0
    """Of one that somebody took and has not begun: from when on that is worth a look."""
    moved: str = ""
    """What last moved it, as JSON; empty: what is known of that stays."""


def row_of(
    name: str,
    version: int,
    image: bytes | None,
    at: Instant,
    read: Ticket | None = None,
    laws: Mapping[str, Law] = NO_LAWS,
    missing: set[str] | None = None,
) -> Row:
    """Write a ticket's row as of ``at``, of its image; ``read``: the same, where it was read already. By its pack it is
    labelled and stands in its street's queue; one that ``laws`` do not have is named in ``missing``."""
    if image is None:
        return Row(name, version)
    ticket = codec.decode(image, Ticket) if read is None else read
    law = laws.get(ticket.pack)
    if law is None and missing is not None:
        missing.add(ticket.pack)
    names = tuple(queue.replace(BETWEEN, "") for queue in queues(ticket, law))
    rank = f"{int(ticket.status not in FINAL)}{min(ticket.hops, 99):02d}"
    row = codec.encode(summary(ticket, law)).decode()
    return Row(
        name,
        version,
        ticket.identity,
        rank=rank,
        row=row,
        image=image.decode(),
        score=score(ticket),
        queues=names,
        since=at,
        idle=idle_at(ticket),
    )


def held_row(name: str, at: Instant, home: str) -> Row:
    """Write the desk's row for a cause that was set aside."""
    return Row(name, 1, row=codec.encode(held(name, at, home)).decode(), score=at, queues=("desk",))


def rows_of(
    decisions: Sequence[Decision], laws: Mapping[str, Law] = NO_LAWS, missing: set[str] | None = None
) -> list[Row]:
    """Write the latest row of each ticket and held cause that the decisions are about; names packs that are
    ``missing``."""
    latest: dict[str, Row] = {}
    for decision in decisions:
        for change in decision.changes:
            image = bytes(change.after) if change.after is not None else None
            before = latest.get(change.ticket)
            at = before.since if before is not None and SINCE in before.queues else decision.at
            row = row_of(change.ticket, change.version, image, at, None, laws, missing)
            moved = move_of(decision, change.ticket) or (before.moved if before is not None else "")
            latest[change.ticket] = row._replace(moved=moved) if moved else row
        for event in decision.events:
            if event.type == EventType.CAUSE_HELD:
                name = str(event.facts.get("record", decision.id))
                latest[name] = held_row(name, decision.at, decision.home)
            elif event.type in (EventType.HELD_RETRIED, EventType.HELD_DROPPED):
                latest[str(event.facts["record"])] = Row(str(event.facts["record"]), 2)
    return list(latest.values())


def read_foldable(value: bytes) -> Decision:
    """Read a decision of somebody unknown: whatever makes no row of it is said now, where it can still be passed by.

    Raises:
        msgspec.MsgspecError, ValueError, KeyError, RecursionError: It is none, or holds an image that is no ticket.
    """
    decision = codec.decode(value, Decision)
    rows_of([decision])
    return decision
