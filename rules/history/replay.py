"""Decides a recorded sequence once more and compares: the same causes at the same moments give the same bytes (DESIGN
6)."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from rules.decide import decide
from rules.history.fold import fold, said
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause
from rules.state.held_causes import set_aside
from rules.state.partition_state import Book
from topics import codec
from topics.ids import Instant


class Told(NamedTuple):
    """One decision of the log, and the record that it names as its cause."""

    where: str
    """Position of the decision itself: ``<topic>:<partition>:<offset>``."""
    id: str
    at: Instant
    kind: str
    """``incident``, ``command``, ``clock``, ``held``; ``unreadable`` when the bytes are no decision."""
    reason: str
    ticket: str | None
    cause: IncidentCause | CommandCause | None
    """``None`` for a clock, which the book itself names, and for what was held."""
    record: bytes
    """The decision as it stands in the log."""


class Stood(Protocol):
    """A partition as it stood when the telling begins."""

    book: Book
    at: Instant
    """When the last decision was made that is in it."""


class Mismatch(msgspec.Struct, frozen=True):
    """The first decision of a partition that does not come out as recorded."""

    told: Told
    again: bytes | None
    """What is decided now; ``None`` when nothing is."""
    fault: str | None = None
    """Why nothing is decided now."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one partition."""

    identical: int
    held: int
    """Causes set aside: they changed nothing and are not decided again."""
    mismatch: Mismatch | None
    restamped: int = 0
    """Of the identical ones those that another version of the engine has written: the same but for what it stamps on a
    record."""


def replay(laws: Mapping[str, Law], told: Iterable[Told], book: Book | None = None, last: Instant = 0) -> Replayed:
    """Decide one partition's log once more, up to the first difference.

    Which clock fires is not read from the record: the book names the one due first, and it must be the recorded one.

    Args:
        laws: Every pack that a decision rests on, by ``<name>@<hash>``.
        told: The partition's decisions in log order.
        book: As it stood before the first of them; ``None``: empty. It is changed.
        last: When what it holds was decided last.
    """
    identical = held = restamped = 0
    if book is None:
        book = Book(laws)
    for one in told:
        if one.kind == "held":
            held += 1
            clock = book.first_due(one.at) if one.id.startswith("clock:") else None
            if clock is None:
                fold(book, laws, said(one.record))
            else:
                book.apply(set_aside(book, clock, one.at))
            continue
        again, fault = _again(book, laws, one, last)
        if again != one.record:
            if again is None or not _same_but_for_the_stamp(again, one.record):
                return Replayed(
                    identical=identical, held=held, mismatch=Mismatch(one, again, fault), restamped=restamped
                )
            restamped += 1
        last, identical = one.at, identical + 1
        if identical % 10_000 == 0:
            book.let_go()
    return Replayed(identical=identical, held=held, mismatch=None, restamped=restamped)


def _same_but_for_the_stamp(again: bytes, record: bytes) -> bool:
    """Whether a decision of another version of the engine is this one: version and schema apart, which were not always
    written."""
    ours, theirs = msgspec.json.decode(again), msgspec.json.decode(record)
    is_of_another: bool = ours.pop("engine", None) != theirs.pop("engine", None)
    for name in _ADDED - theirs.keys():
        ours.pop(name, None)
    return is_of_another and bool(_without_stamp(ours) == _without_stamp(theirs))


def _without_stamp(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_stamp(member)
            for name, member in value.items()
            if name not in _STAMPS or member != _STAMPS[name]
        }
    return [_without_stamp(member) for member in value] if isinstance(value, list) else value


_ADDED = frozenset({"said"})
"""Members that older versions did not write (``said``: before 0.3.0); they change nothing."""

_STAMPS = {"schema": 1, "version": 1}
"""Members that say which form a record has; of the first form, which is what a record that says nothing has."""


def _again(book: Book, laws: Mapping[str, Law], one: Told, last: Instant) -> tuple[bytes | None, str | None]:
    """Decide one cause again: the bytes, or why there are none."""
    if one.kind == "unreadable":
        return None, "the record is no decision"
    if one.at < last:
        return None, f"its moment {one.at} lies before that of the decision in front of it, {last}"
    cause: IncidentCause | CommandCause | ClockCause | None = (
        one.cause if one.kind != "clock" else book.first_due(one.at)
    )
    if cause is None:
        return None, "no clock is due at that moment"
    try:
        outcome = decide(book, laws, cause, one.at)
    except Exception as exc:  # whatever it is, it did not happen when the record was made
        return None, f"deciding it raises {type(exc).__name__}: {exc}"
    book.apply(outcome)
    return codec.encode(outcome.decision), None
