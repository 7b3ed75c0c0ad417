"""Open tickets as the bytes in which they are stored: a third of the memory of objects, and nothing for the collector
to walk (DESIGN 5)."""

from collections.abc import Iterator, Mapping

from rules.ticket.draft import Draft
from topics import codec


class Shelf(Mapping[str, Draft]):
    """Tickets by id. Each look-up gives a reading of its own, open to change; only ``put`` changes what stands here."""

    def __init__(self) -> None:
        """Start empty."""
        self._bytes: dict[str, bytes] = {}
        self._looked: Draft | None = None
        """What ``look`` has read, until it is handed out or something changes."""

    def __getitem__(self, name: str) -> Draft:
        """Read a ticket."""
        looked = self._looked
        if looked is not None and looked.id == name:
            self._looked = None
            return looked
        return codec.decode(self._bytes[name], Draft)

    def look(self, name: str) -> Draft:
        """Read a ticket to look at it only: the next look-up is handed the same reading, as most that is due is
        fired."""
        looked = self._looked
        if looked is None or looked.id != name:
            looked = self._looked = codec.decode(self._bytes[name], Draft)
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
        else:
            self._bytes[name] = value

    def stored(self, name: str) -> bytes | None:
        """Give a ticket's bytes."""
        return self._bytes.get(name)
