"""Open tickets as the bytes in which they are stored: a third of the memory of objects, and nothing for the collector
to walk (DESIGN 5). In a book of many those that rest are packed."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from rules.errors import UnfitTicket
from rules.state.packed_json import Packing
from rules.ticket.draft import Draft
from topics import codec
from topics.unreadable import UNREADABLE

PACKED_FROM = 4_000
"""Tickets of a partition from which on packing pays: so many fill five megabytes as they come."""

SAMPLES = 160
"""Of these the packing learns, within 20 ms; five times as many pack a fortieth better."""

FRESH = 500
"""Tickets put last that stand as they came, at least: what was just filed is accepted next. Once there are twice as
many, all but these are packed in one call."""

CHECKED_AT_ONCE = 2_000
"""Tickets read whole, some 20 ms of it, before others have their turn."""


class Shelf(Mapping[str, Draft]):
    """Tickets by id. Each look-up gives a reading of its own, open to change; only ``put`` changes what stands here."""

    def __init__(self) -> None:
        """Start empty."""
        self._bytes: dict[str, bytes] = {}
        self._fresh: OrderedDict[str, None] = OrderedDict()
        """Names of those that stand as they came, the one put last at the end."""
        self._packing: Packing | None = None
        self._looked: Draft | None = None
        """What ``look`` has read, until it is handed out or something changes."""

    def __getitem__(self, name: str) -> Draft:
        """Read a ticket.

        Raises:
            KeyError: There is none.
            UnfitTicket: What stands here is none.
        """
        looked = self._looked
        if looked is not None and looked.id == name:
            self._looked = None
            return looked
        return self._read(name)

    def look(self, name: str) -> Draft:
        """Read a ticket to look at it only: the next look-up is handed the same reading, as most that is due is
        fired."""
        looked = self._looked
        if looked is None or looked.id != name:
            looked = self._looked = self._read(name)
        return looked

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a ticket."""
        return name in self._bytes

    def __iter__(self) -> Iterator[str]:
        """Name the tickets, in the order in which they came."""
        return iter(self._bytes)

    def __len__(self) -> int:
        """Count the tickets."""
        return len(self._bytes)

    def put(self, name: str, value: bytes | None) -> None:
        """Take a ticket's bytes, or drop it."""
        self._looked = None
        if value is None:
            self._bytes.pop(name, None)
            self._fresh.pop(name, None)
            return
        self._bytes[name], fresh = value, self._fresh
        fresh[name] = None
        fresh.move_to_end(name)
        if len(fresh) > (PACKED_FROM if self._packing is None else 2 * FRESH):
            self._pack(FRESH)

    def put_many(self, names: list[str], values: list[bytes]) -> None:
        """Take many at once, of which none is wanted soon: they are packed as they come. Of the same name the last
        counts."""
        self._looked = None
        if self._packing is None or len(names) < FRESH:
            for name, value in zip(names, values, strict=True):
                self.put(name, value)
            return
        if self._fresh:  # what stands as it came would be packed twice where it comes again
            self._pack(0)
        self._bytes.update(zip(names, self._packing.pack(values), strict=True))

    def stored(self, name: str) -> bytes | None:
        """Give a ticket's bytes."""
        return self._json(name) if name in self._bytes else None

    def check(self) -> Iterator[None]:
        """Read every ticket whole, some milliseconds at a time.

        Raises:
            UnfitTicket: One is none, or says more than we know.
        """
        for n, name in enumerate(self._bytes):
            self._read(name)
            if n % CHECKED_AT_ONCE == 0:
                yield

    def _read(self, name: str) -> Draft:
        try:
            return codec.decode(self._json(name), Draft)
        except UNREADABLE as exc:
            raise UnfitTicket(f"{name} cannot be read as a ticket") from exc

    def _json(self, name: str) -> bytes:
        value = self._bytes[name]
        return value if self._packing is None else self._packing.unpack(value)

    def _pack(self, keep: int) -> None:
        """Pack what has rested longest, all but so many."""
        if self._packing is None:
            self._packing = Packing(list(self._bytes.values())[:: PACKED_FROM // SAMPLES])
        names = [self._fresh.popitem(last=False)[0] for _ in range(len(self._fresh) - keep)]
        self._bytes.update(zip(names, self._packing.pack([self._bytes[name] for name in names]), strict=True))
