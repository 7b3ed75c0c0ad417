"""Following the live queues: what changed since a cursor, from the stream that the projector's script writes.

A cursor is ``<generation>/<entry>``. A view that was made anew has another generation, and its stream keeps so many
changes: a reader whose cursor is void reads the queues again and begins where they stood. For readers that have Redis
alone: the gateway follows the log (docs/decisions/0015).
"""

import json
from typing import Any, NamedTuple

from engine.security.redis_faults import redis_answering
from engine.views.moves import with_move
from engine.views.redis_view import RedisView
from engine.views.rows import BETWEEN

BEGINNING = "0-0"


class Change(NamedTuple):
    """One ticket or held cause at one version."""

    id: str
    version: int
    row: dict[str, Any] | None
    """As a queue shows it; ``None``: it is forgotten, or was dealt with."""
    left: tuple[str, ...]
    entered: tuple[str, ...]


class Changes(NamedTuple):
    """What was read."""

    changes: list[Change]
    cursor: str
    is_void: bool = False
    """The cursor that was given says nothing any more; the new one is where the queues stand now: read them, then go on
    from it."""


async def cursor_now(view: RedisView) -> str:
    """Say where the changes stand. Taken before the queues are read: what changes meanwhile comes once more."""
    with redis_answering():
        async with view.redis.pipeline(transaction=True) as pipe:
            pipe.hget(f"{view.prefix}positions", "generation")
            pipe.xrevrange(f"{view.prefix}changes", count=1)
            generation, last = await pipe.execute()
    return f"{generation or ''}/{last[0][0] if last else BEGINNING}"


async def changes_since(view: RedisView, cursor: str, most: int = 500, wait_ms: int = 0) -> Changes:
    """Read what changed since a cursor, at most so much; with ``wait_ms`` wait so long for the first.

    Raises:
        DependencyDown: Redis is away.
    """
    generation, _, at = cursor.partition("/")
    stream = f"{view.prefix}changes"
    with redis_answering():
        if wait_ms:  # what comes is read below, beside the generation it is of
            await view.redis.xread({stream: _entry(at)}, count=1, block=wait_ms)
        async with view.redis.pipeline(transaction=True) as pipe:
            pipe.hget(f"{view.prefix}positions", "generation")
            pipe.xrange(stream, count=1)
            pipe.xrange(stream, min=f"({_entry(at)}", count=most)
            now, first, entries = await pipe.execute()
    # a stream that no longer begins with its own marker was trimmed: what lay between may be gone
    cut = bool(first) and "reset" not in first[0][1] and _order(at) < _order(first[0][0])
    if generation != (now or "") or cut:
        return Changes([], await cursor_now(view), True)
    found = [_change(fields) for _, fields in entries if "id" in fields]
    return Changes(found, f"{generation}/{entries[-1][0]}" if entries else cursor)


def _entry(at: str) -> str:
    """What a client hands in may be anything: what is no entry stands for the beginning."""
    return "{}-{}".format(*_order(at))


def _order(entry: str) -> tuple[int, int]:
    """Entries are numbered by milliseconds and a count within them."""
    milliseconds, _, number = entry.partition("-")
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 16):
        return 0, 0
    return int(milliseconds), int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0


def _change(fields: dict[str, str]) -> Change:
    return Change(
        fields["id"],
        int(float(fields["version"])),
        json.loads(with_move(fields["row"].encode(), fields["moved"].encode())) if fields["row"] else None,
        left=tuple(fields["left"].split(BETWEEN)) if fields["left"] else (),
        entered=tuple(fields["entered"].split(BETWEEN)) if fields["entered"] else (),
    )
