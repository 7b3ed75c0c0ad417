"""The audit: appended to the log before any answer, counted by person and day, read by auditors."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.kafka.following import Following, LogCutShort
from engine.kafka.port import Log
from topics import codec
from topics.audit import AuditEntry, Deed
from topics.ids import Instant
from topics.registry import AUDIT
from topics.unreadable import UNREADABLE

Send = Callable[[str, int, bytes, bytes | None], Awaitable[int]]
"""Topic, partition, key, value: appended and acknowledged by all replicas; answers the offset."""

LOOKED_BACK = 100_000
"""Entries that are read when it is first asked: no city reveals so often in a day, nor asks for so much forgetting in
a month."""


def day_of(at: Instant, zone: ZoneInfo) -> str:
    """Name the day of an instant."""
    return datetime.fromtimestamp(at / 1000, zone).date().isoformat()


def _person(who: str) -> tuple[str, str]:
    """Read kind and name out of ``<kind>:<role>:<department>:<name>``."""
    kind, _, rest = who.partition(":")
    return kind, rest.split(":", 2)[-1]


def _of(entries: Iterable[AuditEntry], day: str, zone: ZoneInfo, who: str) -> Iterator[AuditEntry]:
    """Give what somebody did on a day in whichever role, what was urgent left out."""
    person = _person(who)
    return (one for one in entries if _person(one.who) == person and not one.is_urgent and day_of(one.at, zone) == day)


class AuditLog:
    """The topic ``people.audit`` as one process writes and knows it."""

    def __init__(self, log: Log, send: Send, *, latest: int | None = LOOKED_BACK) -> None:
        """Nothing is read yet; ``latest``: so many entries at first, all of them where it is ``None``."""
        self._log, self._send, self._latest = log, send, latest
        self.turn = asyncio.Lock()
        """Whoever counts and then appends holds it: two at once would both be within the quota."""
        self.forgetting = asyncio.Lock()
        """Whoever destroys keys holds it: that reads all that was turned away, for which no fire has to wait."""
        self._begin()

    def _begin(self) -> None:
        self._following = Following(self._log, AUDIT.name, [0], latest=self._latest)
        self._entries: dict[str, AuditEntry] = {}
        self._reading = asyncio.Lock()

    async def append(self, entry: AuditEntry) -> None:
        """Write an entry; it is safe when this returns."""
        await self._send(AUDIT.name, 0, entry.what.encode(), codec.encode(entry))

    async def entries(self) -> list[AuditEntry]:
        """Give the latest entries, oldest first, to the end that the topic has now."""
        async with self._reading:
            try:
                await self._fold()
            except LogCutShort:
                self._begin()
                await self._fold()
            return list(self._entries.values())

    async def _fold(self) -> None:
        async for records in self._following.new():
            for record in records:
                try:
                    entry = codec.decode(record.value or b"", AuditEntry)
                except UNREADABLE:
                    continue  # a newer engine's, or nobody's: it stands in the chain all the same
                self._entries.setdefault(entry.id, entry)

    async def done_on(self, day: str, zone: ZoneInfo, who: str) -> Counter[Deed]:
        """Count what somebody did on a day in whichever role, what was urgent left out."""
        return Counter(entry.what for entry in _of(await self.entries(), day, zone, who))

    async def place_of(self, entry: AuditEntry, zone: ZoneInfo) -> int | None:
        """Say as which of its person's deeds of its kind and day an entry was written, from 1, in the order of the log,
        which all gateways read alike; ``None``: it is not there."""
        alike = _of(await self.entries(), day_of(entry.at, zone), zone, entry.who)
        same = [one.id for one in alike if one.what is entry.what]
        return same.index(entry.id) + 1 if entry.id in same else None

    async def pending(self) -> dict[str, AuditEntry]:
        """Give what was asked to be forgotten and is not yet."""
        entries = await self.entries()
        done = {entry.of for entry in entries if entry.what is Deed.ERASE_DONE}
        return {one.id: one for one in entries if one.what is Deed.ERASE_ASKED and one.id not in done}
