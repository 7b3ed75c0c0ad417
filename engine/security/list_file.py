"""A list of records in one file (0600), read anew whenever it has changed: what was taken out is out at the next
look."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from engine.errors import InvalidSettings
from engine.security.private_files import alone_at, make_missing, read_whole, write_whole
from topics.unreadable import UNREADABLE

T = TypeVar("T")


class ListFile(Generic[T]):
    """The records of one file."""

    def __init__(self, path: Path, kind: type[T], what: str) -> None:
        """Look at nothing yet; ``what`` names the records in messages."""
        self.path, self._kind, self._what = path, kind, what
        self._seen: tuple[int, int] | None = None
        self._records: list[T] = []

    def all(self) -> list[T]:
        """List the records.

        Raises:
            InvalidSettings: The file cannot be read as such.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen, self._records = None, []
            return []
        if (found.st_mtime_ns, found.st_ino) != self._seen:
            try:
                self._records = msgspec.json.decode(read_whole(self.path), type=list[self._kind])  # type: ignore[name-defined]
            except UNREADABLE as exc:
                raise InvalidSettings(f"{self.path} holds no {self._what} ({exc}); restore it, or remove it") from exc
            self._seen = (found.st_mtime_ns, found.st_ino)
        return list(self._records)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody change the records between a look and a write: of two who add, or of one who adds and one who
        takes out, neither undoes what the other did."""
        make_missing(self.path.parent)
        with alone_at(self.path.parent):
            yield

    def write(self, records: list[T]) -> None:
        """Put these in place of all; by whoever is ``alone``."""
        write_whole(self.path, msgspec.json.format(msgspec.json.encode(records)))
