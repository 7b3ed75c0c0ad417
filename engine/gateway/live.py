"""Changes of tickets as they come: kept for who asks from a cursor on, grouped by 100 ms, each encoded once for all who
watch."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from engine.gateway.cursors import of_rights, written
from engine.views.moves import move_of, with_move
from engine.views.rows import NO_LAWS, row_of
from rules.law.compiled import Law
from topics.decision import Decision

GROUP_SECONDS = 0.1
KEPT = 20_000
"""Changes that can be asked for again; what is older is read from the queues anew."""
CLIENT_BYTES = 1024 * 1024
"""Waiting for one client; one that reads slower is told to begin anew."""


class Change(NamedTuple):
    """A ticket as a decision left it, or forgotten."""

    partition: int
    offset: int
    ticket: str
    version: int
    image: bytes | None
    at: int
    moved: bytes = b""
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
        frame=b"event: upsert\ndata: " + text + b"\n\n",
    )


def gone(ticket: str, version: int | None = None) -> bytes:
    """Write that a ticket is no longer among what a client watches."""
    return frame("remove", {"id": ticket} | ({} if version is None else {"version": version}))


class Seen(NamedTuple):
    """What of a group somebody may see, judged and joined once for all who see the same."""

    mine: frozenset[str]
    others: frozenset[str]
    """Tickets that are no longer theirs, or never were."""
    piece: bytes
    """The frames of theirs, and the cursor to go on from."""


Rights = Sequence[Law]
"""By partition the law, with its roster, by which it is judged what somebody may see."""
Wants = Callable[[Shown, Rights], bool]


def seen(changes: Sequence[Shown], rights: Rights, wants: Wants, cursor: bytes) -> Seen:
    """Judge a group, and join what is to be sent of it."""
    mine = [one for one in changes if one.row is not None and wants(one, rights)]
    names = frozenset(one.ticket for one in mine)
    others = frozenset(one.ticket for one in changes) - names
    return Seen(names, others, b"".join([*(one.frame for one in mine), cursor]))


class Client:
    """One who watches: what they may see of a change, and what waits to be read by them."""

    def __init__(
        self,
        wants: Wants,
        scope: Callable[[Rights], Hashable] | None = None,
        sight: Callable[[Rights], Hashable] | None = None,
    ) -> None:
        """Nothing waits yet. Whoever has the same ``scope`` wants the same of every change; without one it is only
        they. What they show is theirs for as long as ``sight`` says the same."""
        self.wants, self._scope, self._sight = wants, scope, sight
        self._sees: Hashable = None
        self.who = ""
        self._waiting, self._bytes = deque[bytes](), 0
        self._by: Rights | None = None
        self._key: Hashable = self
        self._sleeps: asyncio.Future[None] | None = None
        self.has: set[str] = set()
        """Tickets that they show: of those alone they are told that one is gone."""
        self.torn = False
        """Too much waited: they must begin anew."""

    def key(self, rights: Rights) -> Hashable:
        """Say with whom they see the same; asked of their scope again only where rights have become others. Where they
        see something else from now on they begin anew: other tickets would stand there until they change."""
        if rights is not self._by and self._scope is not None:
            before, self._by, self._key = self._by, rights, self._scope(rights)
            saw, self._sees = self._sees, None if self._sight is None else self._sight(rights)
            if before is not None and saw != self._sees:
                self.tear()
        return self._key

    def show(self, group: Seen) -> None:
        """Let what they may see wait for them, and behind it the cursor to go on from."""
        gone_now = self._keep(group)
        if gone_now or group.mine:
            self._put(gone_now + group.piece)

    def begin(self, has: set[str], group: Seen) -> bytes:
        """Take note of what they were sent, and give what has changed meanwhile; what waited is among that."""
        self.has = has
        self.take()
        return self._keep(group) + group.piece

    def _keep(self, group: Seen) -> bytes:
        """Take note of what they show from now on; answers the frames of what they show no longer."""
        gone_now = self.has & group.others
        if gone_now:
            self.has -= gone_now
        self.has |= group.mine
        return b"".join(map(gone, sorted(gone_now))) if gone_now else b""

    def _put(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes > CLIENT_BYTES:
            self.tear()
        else:
            self._waiting.append(piece)
            self.wake()

    def tear(self) -> None:
        """Forget what waits: they begin anew."""
        self._waiting.clear()
        self._bytes, self.torn = 0, True
        self.wake()

    def wake(self) -> None:
        """Let them look."""
        if self._sleeps is not None and not self._sleeps.done():
            self._sleeps.set_result(None)

    async def moved(self, seconds: float) -> None:
        """Wait until something waits for them, they are woken, or the time is over: no task is made for it."""
        if self._waiting or self.torn:
            return
        loop = asyncio.get_running_loop()
        self._sleeps = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await self._sleeps
        finally:
            timer.cancel()
            self._sleeps = None

    def take(self) -> bytes:
        """Give all that waits; one group alone is the very bytes that the others get."""
        found = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return found


class Live:
    """The changes of the last while, and who watches."""

    def __init__(
        self,
        partitions: int,
        kept: int = KEPT,
        laws: Mapping[str, Law] = NO_LAWS,
        rights: Callable[[], Rights] = tuple,
    ) -> None:
        """Know nothing; ``begin`` says from where on changes come."""
        self._rights, self._by, self._named = rights, tuple[Law, ...](), of_rights(())
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
        return written(self._next, self.named_rights())

    def keeps(self, positions: dict[int, int]) -> bool:
        """Whether all changes from these positions on are kept."""
        return all(number in self._since and positions.get(number, 0) >= self._since[number] for number in self._next)

    def since(self, positions: dict[int, int]) -> list[Shown] | None:
        """Give the latest change of each ticket from these positions on; ``None``: it is not kept any more."""
        if not self.keeps(positions):
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
        changes, rights = [shown(one, self._laws) for one in group.values()], self.rights()
        cursor, views = frame("cursor", {}, self.cursor()), dict[Hashable, Seen]()
        for client in self.clients:
            key = client.key(rights)
            if (view := views.get(key)) is None:
                view = views[key] = seen(changes, rights, client.wants, cursor)
            client.show(view)

    def rights(self) -> Rights:
        """Give the law of each partition; the same object for as long as nobody's rights have changed."""
        found = tuple(self._rights())
        if found != self._by:
            self._by, self._named = found, of_rights(found)
        return self._by

    def named_rights(self) -> str:
        """Name the rights of now, for cursors."""
        self.rights()
        return self._named

    def begin_with(self, client: Client, has: set[str], changes: Sequence[Shown]) -> bytes:
        """Give somebody who has these tickets what has changed since, and the cursor to go on from."""
        cursor = frame("cursor", {}, self.cursor())
        return client.begin(has, seen(changes, self.rights(), client.wants, cursor))

    def close(self) -> None:
        """Let all streams end now."""
        self.closing.set()
        for client in self.clients:
            client.wake()


def _after(before: Change | None, one: Change) -> Change:
    """Let a change stand for those before it: what moved the ticket last is told with it."""
    return one if one.moved or before is None or not before.moved else one._replace(moved=before.moved)
