"""Changes of tickets as they come: kept for who asks from a cursor on, grouped by 100 ms, each encoded once for all who
watch."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from engine.views.moves import move_of, with_move
from engine.views.rows import NO_LAWS, row_of
from rules.law.compiled import Law
from topics.decision import Decision

GROUP_SECONDS = 0.1
KEPT = 20_000
"""Changes that can be asked for again; what is older is read from the queues anew."""
CLIENT_BYTES = 1024 * 1024
"""Waiting for one client; one that reads slower is told to begin anew."""

_CURSOR = re.compile(r"\d{1,18}(\.\d{1,18}){0,999}")


class Change(NamedTuple):
    """A ticket as a decision left it, or forgotten."""

    partition: int
    offset: int
    ticket: str
    version: int
    image: bytes | None
    at: int
    moved: str = ""
    """What moved it, if this or a change that it stands for did."""


class Shown(NamedTuple):
    """A change as it is sent: the row, the queues it stands in, and its frame, encoded once."""

    ticket: str
    row: dict[str, Any] | None
    queues: tuple[str, ...]
    frame: bytes


def frame(event: str, data: Any, cursor: str | None = None) -> bytes:
    """Write one event of the stream."""
    head = f"id: {cursor}\n" if cursor is not None else ""
    return f"{head}event: {event}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


def shown(change: Change, laws: Mapping[str, Law]) -> Shown:
    """Turn a change into what is sent of it: the row as the projector writes it, labels and street by its pack."""
    made = row_of(change.ticket, change.version, change.image, change.at, laws=laws)
    if not made.row:
        return Shown(change.ticket, None, (), frame=gone(change.ticket, change.version))
    text = with_move(made.row, change.moved)
    return Shown(
        change.ticket,
        msgspec.json.decode(text),
        made.queues,
        frame=b"event: upsert\ndata: " + text.encode() + b"\n\n",
    )


def gone(ticket: str, version: int | None = None) -> bytes:
    """Write that a ticket is no longer among what a client watches."""
    return frame("remove", {"id": ticket} | ({} if version is None else {"version": version}))


class Client:
    """One who watches: what they may see of a change, and what waits to be read by them."""

    def __init__(self, wants: Callable[[Shown], bool]) -> None:
        """Nothing waits yet."""
        self._wants, self._waiting, self._bytes = wants, deque[bytes](), 0
        self.has: set[str] = set()
        """Tickets that they show: of those alone they are told that one is gone."""
        self.torn = False
        """Too much waited: they must begin anew."""
        self.moved = asyncio.Event()

    def offer(self, changes: Sequence[Shown], cursor: str) -> None:
        """Let what they may see wait for them, and behind it the cursor to go on from."""
        mine = [found for one in changes if (found := self._of(one)) is not None]
        if not mine:
            return
        self._put(b"".join([*mine, frame("cursor", {}, cursor)]))

    def begin(self, has: set[str], changes: Sequence[Shown]) -> list[bytes]:
        """Take note of what they were sent, and give what has changed meanwhile; what waited is among that."""
        self.has = has
        self.take()
        return [found for one in changes if (found := self._of(one)) is not None]

    def _of(self, one: Shown) -> bytes | None:
        if one.row is not None and self._wants(one):
            self.has.add(one.ticket)
            return one.frame
        if one.ticket in self.has:
            self.has.discard(one.ticket)
            return gone(one.ticket)
        return None

    def _put(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes > CLIENT_BYTES:
            self.tear()
        else:
            self._waiting.append(piece)
        self.moved.set()

    def tear(self) -> None:
        """Forget what waits: they begin anew."""
        self._waiting.clear()
        self._bytes, self.torn = 0, True
        self.moved.set()

    def take(self) -> bytes:
        """Give all that waits."""
        found = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        self.moved.clear()
        return found


class Live:
    """The changes of the last while, and who watches."""

    def __init__(self, partitions: int, kept: int = KEPT, laws: Mapping[str, Law] = NO_LAWS) -> None:
        """Know nothing; ``begin`` says from where on changes come."""
        self._kept, self._ring, self._laws = kept, deque[Change](), laws
        self._since: dict[int, int] = {}
        """Partition -> the offset from which on all its changes are kept."""
        self._next = dict.fromkeys(range(partitions), 0)
        self._group: dict[str, Change] = {}
        self.clients: set[Client] = set()
        self.closing = asyncio.Event()
        self._came = asyncio.Event()

    def begin(self, positions: dict[int, int]) -> None:
        """Take note of where the tail begins."""
        self._ring.clear()
        self._since, self._next = dict(positions), self._next | positions

    def torn(self, positions: dict[int, int]) -> None:
        """Changes were missed, and come again from here on: everybody begins anew."""
        self.begin(positions)
        for client in self.clients:
            client.tear()

    def decided(self, partition: int, offset: int, decision: Decision) -> None:
        """Take a decision's changes in."""
        self._next[partition] = offset + 1
        for change in decision.changes:
            image = bytes(change.after) if change.after is not None else None
            moved = move_of(decision, change.ticket)
            one = Change(
                partition, offset, change.ticket, version=change.version, image=image, at=decision.at, moved=moved
            )
            self._ring.append(one)
            self._group[one.ticket] = _after(self._group.get(one.ticket), one)
            self._came.set()
        while len(self._ring) > self._kept:
            old = self._ring.popleft()
            self._since[old.partition] = old.offset + 1

    def cursor(self) -> str:
        """Say up to where everything was sent."""
        return written(self._next)

    def since(self, positions: dict[int, int]) -> list[Shown] | None:
        """Give the latest change of each ticket from these positions on; ``None``: it is not kept any more."""
        if not all(number in self._since and positions.get(number, 0) >= self._since[number] for number in self._next):
            return None
        found = dict[str, Change]()
        for one in self._ring:
            if one.offset >= positions.get(one.partition, 0):
                found[one.ticket] = _after(found.get(one.ticket), one)
        return [shown(one, self._laws) for one in found.values()]

    async def run(self) -> None:
        """Send each group on, until the gateway ends; nothing wakes while nothing changes."""
        while True:
            await self._came.wait()
            await asyncio.sleep(GROUP_SECONDS)
            self._came.clear()
            self.send()

    def send(self) -> None:
        """Send what has come since the last time: the last state of each ticket."""
        group, self._group = self._group, {}
        if not group or not self.clients:
            return
        changes, cursor = [shown(one, self._laws) for one in group.values()], self.cursor()
        for client in self.clients:
            client.offer(changes, cursor)


def _after(before: Change | None, one: Change) -> Change:
    """Let a change stand for those before it: what moved the ticket last is told with it."""
    return one if one.moved or before is None or not before.moved else one._replace(moved=before.moved)


def written(positions: dict[int, int]) -> str:
    """Write positions as a cursor."""
    return ".".join(str(positions[number]) for number in sorted(positions))


def positions_of(cursor: str, partitions: int) -> dict[int, int] | None:
    """Read a cursor; ``None``: it is none of this stack's."""
    if not _CURSOR.fullmatch(cursor):
        return None
    numbers = [int(one) for one in cursor.split(".")]
    return dict(enumerate(numbers)) if len(numbers) == partitions else None
