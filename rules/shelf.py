"""Open tickets as the bytes in which they are stored: a third of the memory of objects, and nothing for the collector to walk."""

from collections.abc import Iterator, Mapping

from rules.case import Draft
from topics import codec


class Shelf(Mapping[str, Draft]):
    """Tickets by id. Each look-up reads one anew, open to change; only ``put`` changes what stands here."""

    def __init__(self) -> None:
        """Start empty."""
        self._bytes: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> Draft:
        """Read a ticket."""
        return codec.decode(self._bytes[name], Draft)

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
        if value is None:
            self._bytes.pop(name, None)
        else:
            self._bytes[name] = value

    def stored(self, name: str) -> bytes | None:
        """Give a ticket's bytes."""
        return self._bytes.get(name)
