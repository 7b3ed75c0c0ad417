"""Finding tickets in the archive: by id, by words, place, person, category, state, time; page by page, by the key of
the last one seen."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, cast, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.archive.fold import instant, sure
from engine.archive.grams import plain, question
from engine.archive.store import Archive
from engine.archive.tables import TICKETS
from engine.archive.windows import windows
from engine.database.schema import answering
from engine.errors import InvalidSettings
from topics.ids import Instant, folded

MOST = 500
"""Tickets on one page."""

LONGEST_QUESTION = 200
"""Characters of a question; an address and a sentence fit."""

SHOWN = (
    "id", "identity", "home", "street", "leaf", "category", "urgency", "status", "tier", "party", "person",
    "is_breached", "is_open", "received_at", "deadline_at", "closed_at", "changed_at",
)  # fmt: skip


SELECTED = select(
    *(TICKETS.c[name] for name in SHOWN),
    TICKETS.c.image["text"].astext.label("text"),
    TICKETS.c.image["address"].astext.label("address"),
)
"""Of each ticket what a list shows."""


class Asked(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is looked for; all that is given must hold."""

    words: str = ""
    """Parts of text and address, in any order; an id or ``<source>:<id>`` alone finds that ticket."""
    categories: tuple[str, ...] = ()
    """Any of them."""
    states: tuple[str, ...] = ()
    """Any of them; ``open`` and ``ended`` stand for all that are so."""
    place: str = ""
    """A grid's code, of any level: whatever lies in it. A path ``a/b/c`` is the same as its last code where the codes
    above are right."""
    person: str = ""
    """Who has it, or handled it."""
    is_breached: bool | None = None
    since: Instant | None = None
    """Received then or later."""
    until: Instant | None = None
    """Received before."""


class Scope(NamedTuple):
    """Whose tickets one may see at all: any of these."""

    grids: tuple[str, ...] = ()
    """Whatever lies in them."""
    person: str = ""
    """Whoever has it now."""
    parties: tuple[str, ...] = ()
    source: str = ""
    """As it begins an identity."""


class Found(NamedTuple):
    """One page."""

    rows: list[dict[str, Any]]
    cursor: str | None
    """Where the next one begins; ``None``: this is the last."""


def cursor_of(row: Any) -> str:
    """Write down where a page ended."""
    return written_cursor(instant(row.received_at), row.id)


def written_cursor(received_at: Instant, name: str) -> str:
    """Write down a place between two tickets."""
    return base64.urlsafe_b64encode(f"{received_at} {name}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[Instant, str]:
    """Read where a page ended.

    Raises:
        InvalidSettings: It is none of ours.
    """
    try:
        at, _, name = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        sure(int(at))  # a moment that there is
        return int(at), name.replace("\0", "")
    except (ValueError, OverflowError, binascii.Error):
        raise InvalidSettings(f"{cursor!r} is no cursor; give the one that the page before ended with") from None


def statement(
    asked: Asked,
    limit: int,
    cursor: str | None = None,
    scope: Scope | None = None,
    *,
    oldest_first: bool = False,
) -> Select[Any]:
    """Write the query: newest first unless it is said otherwise, ties by id."""
    place = (TICKETS.c.received_at, TICKETS.c.id)
    found = SELECTED.where(*conditions(asked), *within(scope))
    found = found.order_by(*place) if oldest_first else found.order_by(*(column.desc() for column in place))
    if cursor is not None:
        at, name = read_cursor(cursor)
        last = tuple_(_at(at), bindparam("last", name))
        found = found.where(tuple_(*place) > last if oldest_first else tuple_(*place) < last)
        # so that months that lie behind are not looked at
        found = found.where(place[0] >= _at(at) if oldest_first else place[0] <= _at(at))
    return found.limit(limit + 1)


def conditions(asked: Asked) -> list[ColumnElement[bool]]:
    """What must hold."""
    found = [*_words(asked.words), *_tags(asked)]
    if asked.is_breached is not None:
        found.append(TICKETS.c.is_breached.is_(asked.is_breached))
    if asked.since is not None:
        found.append(TICKETS.c.received_at >= _at(asked.since))
    if asked.until is not None:
        found.append(TICKETS.c.received_at < _at(asked.until))
    return found


def within(scope: Scope | None) -> list[ColumnElement[bool]]:
    """Bound a query by what one may see; ``None``: everything. Each part is found by the index of tags."""
    if scope is None:
        return []
    tags = [*(f"grid:{code}" for code in scope.grids), *(f"party:{code}" for code in scope.parties)]
    tags += [f"source:{scope.source}"] if scope.source else []
    parts = [TICKETS.c.tags.overlap(_array(tags))]
    if scope.person:
        parts.append(
            and_(TICKETS.c.tags.contains(_array([f"person:{scope.person}"])), TICKETS.c.person == scope.person)
        )
    return [or_(*parts)]


def _at(at: Instant) -> Any:
    return bindparam("at", sure(at), unique=True)


def _words(words: str) -> list[ColumnElement[bool]]:
    """The index finds what holds every piece; what was asked must then stand there as it was written."""
    asked = plain(words)
    if not asked:
        return []
    if len(asked) > LONGEST_QUESTION:
        raise InvalidSettings(f"a question has at most {LONGEST_QUESTION} characters, not {len(asked)}")
    query = question(asked)
    held = [func.strpos(TICKETS.c.words, part) > 0 for part in asked.split()]
    if not query:
        return held
    return [TICKETS.c.grams.op("@@")(text_query(query)), *held]


def text_query(query: str) -> Any:
    """Say a ``tsquery`` as we have written it."""
    return text("CAST(:query AS tsquery)").bindparams(query=query)


def _tags(asked: Asked) -> list[ColumnElement[bool]]:
    every = [f"grid:{asked.place.rstrip('/').rsplit('/', 1)[-1]}"] if asked.place else []
    every += [f"person:{asked.person}"] if asked.person else []
    found: list[ColumnElement[bool]] = []
    for any_of in (
        [f"category:{code}" for code in asked.categories],
        [name if name in ("open", "ended") else f"status:{name}" for name in asked.states],
    ):
        if len(any_of) == 1:
            every += any_of
        elif any_of:
            found.append(TICKETS.c.tags.overlap(_array(any_of)))
    if every:
        found.append(TICKETS.c.tags.contains(_array(every)))
    above = [f"grid:{code}" for code in asked.place.rstrip("/").split("/")[:-1] if code]
    if above:
        found.append(TICKETS.c.tags.contains(_array(above)))
    return found


def _array(values: Sequence[str]) -> Any:
    return cast([value.replace("\0", "") for value in values], ARRAY(Text))


async def by_name(archive: Archive, name: str, scope: Scope | None = None) -> list[dict[str, Any]]:
    """Find a ticket by its id, or all by ``<source>:<id>``: a referral and a merge go on under the same identity."""
    if "\0" in name:  # PostgreSQL knows no such text
        return []
    wanted = or_(TICKETS.c.id == name, TICKETS.c.identity == folded(name))
    async with answering(), archive.engine.connect() as connection:
        rows = await connection.execute(
            SELECTED.where(wanted, *within(scope)).order_by(TICKETS.c.received_at.desc(), TICKETS.c.id.desc())
        )
        return [shown(row) for row in rows]


async def search(
    archive: Archive,
    asked: Asked,
    limit: int = 50,
    cursor: str | None = None,
    scope: Scope | None = None,
    *,
    oldest_first: bool = False,
) -> Found:
    """Find a page of tickets, newest first; of those in the scope, where one is given.

    Raises:
        InvalidSettings: A question that is too long, or a cursor that is none.
        DependencyDown: PostgreSQL is away, or took too long.
    """
    one = asked.words.strip()
    if one and " " not in one and cursor is None and (":" in one or one.count("-") >= 2):
        named = await by_name(archive, one, scope)
        if named:
            return Found(named, None)
    size = max(1, min(limit, MOST))
    query = statement(asked, size, cursor, scope, oldest_first=oldest_first)
    async with answering(), archive.engine.connect() as connection:
        if oldest_first:
            rows = [*(await connection.execute(query)).all()]
        else:
            rows = await _newest_first(archive, connection, query, asked, cursor, size + 1)
    more = len(rows) > size
    return Found([shown(row) for row in rows[:size]], cursor_of(rows[size - 1]) if more else None)


async def _newest_first(
    archive: Archive, connection: AsyncConnection, query: Select[Any], asked: Asked, cursor: str | None, most: int
) -> list[Any]:
    """Read so many rows, and no further into the past than it takes."""
    ends = [sure(at) for at in (asked.until, read_cursor(cursor)[0] if cursor is not None else None) if at is not None]
    newest = await archive.newest.of(connection)
    last = min([newest, *ends]) if newest is not None else None
    rows = list[Any]()
    for bounds in windows(last, sure(asked.since) if asked.since is not None else None):
        rows += (await connection.execute(query.where(*bounds).limit(most - len(rows)))).all()
        if len(rows) == most:
            break
    return rows


def shown(row: Any) -> dict[str, Any]:
    """Write a row as people and programs read it: moments as instants, nothing that is not there."""
    return {
        name: instant(value) if isinstance(value, datetime) else value
        for name, value in row._mapping.items()
        if value is not None
    }
