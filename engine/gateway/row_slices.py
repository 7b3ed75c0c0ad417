"""The rows of a queue that somebody may see, in slices and as they are written: the first stand on a screen before the
last are read."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from engine.gateway.callers import Caller, sees_place
from engine.gateway.queues import all_rows, queue_named, sees_row
from engine.gateway.world import World
from engine.views.lists import parts_of
from rules.law.compiled import Law
from rules.ticket import authority
from topics.ids import partition_of
from topics.vocabulary import Role

WATCHED = 200_000
"""Rows of a queue that a screen may hold: more than a province has open at once."""
SLICE = 1000
"""Rows of a frame: a megabyte."""


class Judged(msgspec.Struct):
    """What of a row says whose it is."""

    id: str
    home: str
    person: str
    leaf: str | None = None
    party: str | None = None
    children: list[str] = []


class Slice(NamedTuple):
    """Some rows as they are written, and their tickets."""

    ids: list[str]
    texts: list[str]
    more: bool = False


def sees_whole(law: Law, caller: Caller) -> bool:
    """Whether every row is somebody's to look at: then none has to be opened for it."""
    if caller.kind == "auditor":
        return True
    entries = [] if caller.role is Role.DEPARTMENT else authority.entries(law, caller.actor)
    return any(not entry.nodes for entry in entries) and sees_place(law, caller, law.bundle.unplaced)


async def slices(world: World, caller: Caller, name: str, first: int | None = None) -> AsyncIterator[Slice]:
    """Read a queue, nearest deadline first; ``first``: so many rows at once, before the others are even named.

    What changes its place between the two is told by what came since; whoever hands slices on has that beside them.
    """
    parts = parts_of(world.law(), queue_named(name, caller))
    if parts is None:  # it hangs on the moment, and is short
        rows = await all_rows(world, caller, name)
        yield Slice([row["id"] for row in rows], [msgspec.json.encode(row).decode() for row in rows])
        return
    begun = await world.view.ids(*parts, limit=first) if first is not None else []
    if first is not None:
        yield (await _read(world, caller, begun))._replace(more=len(begun) == first)
        if len(begun) < first:
            return
    known = set(begun)
    cuts = cut([one for one in await world.view.ids(*parts, limit=WATCHED) if one not in known])
    for number, some in enumerate(cuts, 1):
        yield (await _read(world, caller, some))._replace(more=number < len(cuts))


async def standing(world: World, caller: Caller, name: str) -> set[str]:
    """Name the tickets of a queue that are somebody's to see."""
    found = set[str]()
    law = world.law()
    parts = parts_of(law, queue_named(name, caller))
    if parts is not None and sees_whole(law, caller):
        return set(await world.view.ids(*parts, limit=WATCHED))
    async for some in slices(world, caller, name):
        found.update(some.ids)
    return found


def cut(ids: Sequence[str]) -> list[Sequence[str]]:
    """Cut into slices; there is always one, though nothing be in it."""
    return [ids[n : n + SLICE] for n in range(0, len(ids), SLICE)] or [[]]


async def _read(world: World, caller: Caller, ids: Sequence[str]) -> Slice:
    texts = await world.view.texts(ids)
    return Slice(list(ids), texts) if sees_whole(world.law(), caller) else _judged(world, caller, texts)


def _judged(world: World, caller: Caller, texts: Sequence[str]) -> Slice:
    found, laws = Slice([], []), dict[int, Law]()
    for text in texts:
        row = msgspec.json.decode(text, type=Judged)
        number = partition_of(row.home, world.settings.partitions)
        if number not in laws:
            laws[number] = world.law_of(row.home)
        if sees_row(laws[number], caller, msgspec.structs.asdict(row)):
            found.ids.append(row.id)
            found.texts.append(text)
    return found
