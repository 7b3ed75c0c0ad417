"""A row of the view: what it holds of one ticket or held cause, written from decisions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from engine.views.moves import move_of
from engine.views.queues import NOT_BEGUN, SINCE, held, idle_at, queues, score
from engine.views.summary import summary
from rules.law.compiled import Law
from topics import codec
from topics.decision import Change, Decision, facts_of
from topics.events.types import EventType
from topics.ids import Instant
from topics.ticket import Ticket
from topics.vocabulary import FINAL

BETWEEN, BEFORE_NAME = "\x1f", "\x1e"
"""Stand between the names of a ticket's queues, and behind them."""

_MARKS = str.maketrans("", "", BETWEEN + BEFORE_NAME)

RANK = 3
"""Characters that an identity's ticket is ranked by, before its id."""

MOST_VERSION = 2**52
"""Beyond any version a ticket gets to: what is to be taken out whatever stands there."""


OVERDUE = b'"is_overdue":true'
"""Stands in an image of what may be overdue: the others need not be looked into."""

OF_HELD = frozenset({EventType.CAUSE_HELD, EventType.HELD_RETRIED, EventType.HELD_DROPPED})
"""What begins and ends the row of a cause that was set aside."""

NO_LAWS: Mapping[str, Law] = MappingProxyType({})


class Row(NamedTuple):
    """What the view holds of one ticket or held cause; without a ``row`` it is taken out."""

    id: str
    version: int
    identity: str = ""
    rank: str = ""
    """Open before final, then by hops of referral: which ticket an identity names does not hang on the order of
    reading."""
    row: bytes = b""
    image: bytes = b""
    """The ticket as it was decided: whoever opens one reads no log for it."""
    score: int = 0
    queues: tuple[str, ...] = ()
    since: int = 0
    """Of one that is overdue: when that was seen first. It stays while it is so."""
    idle: int = 0
    """Of one that somebody took and has not begun: from when on that is worth a look."""
    moved: bytes = b""
    """What last moved it, as JSON; empty: what is known of that stays."""
    is_new: bool = False
    """Its first change is among those that it was made of: nothing stands in the view for it, so nothing is read."""


def row_of(
    name: str,
    version: int,
    image: bytes | None,
    at: Instant,
    read: Ticket | None = None,
    laws: Mapping[str, Law] = NO_LAWS,
    missing: set[str] | None = None,
    *,
    moved: bytes = b"",
    is_new: bool = False,
) -> Row:
    """Write a ticket's row as of ``at``, of its image; ``read``: the same, where it was read already. By its pack it is
    labelled and stands in its street's queue; one that ``laws`` do not have is named in ``missing``."""
    if image is None:
        return Row(name, version, is_new=is_new)
    ticket = codec.decode(image, Ticket) if read is None else read
    law = laws.get(ticket.pack)
    if law is None and missing is not None:
        missing.add(ticket.pack)
    names = tuple(queues(ticket, law))
    if not "".join(names).isprintable():
        names = tuple(name.translate(_MARKS) for name in names)
    return Row(
        name,
        version,
        ticket.identity,
        rank=f"{int(ticket.status not in FINAL)}{min(ticket.hops, 99):02d}",
        row=summary(ticket, law),
        image=image,
        score=score(ticket),
        queues=names,
        since=at,
        idle=idle_at(ticket) if NOT_BEGUN in names else 0,
        moved=moved,
        is_new=is_new,
    )


def held_row(name: str, at: Instant, home: str, *, is_new: bool = False) -> Row:
    """Write the desk's row for a cause that was set aside."""
    return Row(name, 1, row=codec.encode(held(name, at, home)), score=at, queues=("desk",), is_new=is_new)


class _Changes:
    """What some decisions changed of one ticket."""

    __slots__ = ("images", "is_new", "last", "moved")

    def __init__(self, first: Change) -> None:
        self.last, self.is_new, self.moved = first, first.version == 1, b""
        self.images: list[tuple[Instant, bytes | None]] = []

    def add(self, change: Change, at: Instant, moved: bytes) -> None:
        """Take the next one."""
        self.last, self.moved = change, moved or self.moved
        self.images.append((at, bytes(change.after) if change.after is not None else None))

    def row(self, laws: Mapping[str, Law], missing: set[str] | None) -> Row:
        """Write the row of what they leave; what lies between is never written."""
        at, image = self.images[-1]
        if len(self.images) > 1:
            at = self._since()
        ticket, version = self.last.ticket, self.last.version
        return row_of(ticket, version, image, at, None, laws, missing, moved=self.moved, is_new=self.is_new)

    def _since(self) -> Instant:
        """When it became overdue, as far as these know."""
        since = self.images[-1][0]
        for at, image in reversed(self.images[:-1]):
            if image is None or OVERDUE not in image or SINCE not in queues(codec.decode(image, Ticket)):
                break
            since = at
        return since


def rows_of(
    decisions: Sequence[Decision], laws: Mapping[str, Law] = NO_LAWS, missing: set[str] | None = None
) -> list[Row]:
    """Write the latest row of each ticket and held cause that the decisions are about; names packs that are
    ``missing``."""
    latest: dict[str, _Changes | Row] = {}
    for decision in decisions:
        for change in decision.changes:
            known = latest.get(change.ticket)
            if not isinstance(known, _Changes):
                known = latest[change.ticket] = _Changes(change)
            known.add(change, decision.at, move_of(decision, change.ticket))
        for event in decision.events:
            if event.type not in OF_HELD:
                continue
            if event.type == EventType.CAUSE_HELD:
                name = str(facts_of(event).get("record", decision.id))
                latest[name] = held_row(name, decision.at, decision.home, is_new=True)
            else:
                name = str(facts_of(event)["record"])
                latest[name] = Row(name, 2)
    return [one if isinstance(one, Row) else one.row(laws, missing) for one in latest.values()]


def read_foldable(value: bytes) -> Decision:
    """Read a decision of somebody unknown: whatever makes no row of it is said now, where it can still be passed by.

    Raises:
        msgspec.MsgspecError, ValueError, KeyError, RecursionError: It is none, or holds an image that is no ticket.
    """
    decision = codec.decode(value, Decision)
    rows_of([decision])
    return decision
