"""What the records of tickets say while a book is loaded: no more of each than its indexes need, so that a million are
open in seconds (DESIGN 5, 10). Whole a ticket is read when something first happens to it."""

from collections.abc import Callable, Iterator, Sequence

from rules.state.ticket_store import Shelf
from rules.ticket.stored_parts import Head
from topics import codec
from topics.ids import Instant
from topics.vocabulary import FINAL

_head = codec.decoder(Head)


class Heads:
    """Filled record by record, later ones in the place of earlier ones; let go of once the book is open."""

    def __init__(self, is_open: set[str], due_at: dict[str, Instant]) -> None:
        """Fill these: which are open, and when the next rung of each is due."""
        self._open, self._due_at = is_open, due_at
        self._folded: dict[str, str] = {}
        self._usual: str | None = None
        """The pack by which the first was filed, and most are."""
        self._packs: dict[str, str] = {}
        """Of those that were filed by another."""
        self._refs: dict[str, str] = {}
        """Each pack's name once: a million of the same would be 75 MB."""

    def put(self, name: str, value: bytes | None) -> None:
        """Take what a stored ticket says; ``None``: it is forgotten.

        Raises:
            msgspec.DecodeError: It is no ticket, or of another form.
        """
        if value is None:
            self._drop(name)
            return
        head = _head(value)
        if self._usual is None:
            self._usual = head.pack
        if head.pack != self._usual:
            self._packs[name] = self._refs.setdefault(head.pack, head.pack)
        elif self._packs:
            self._packs.pop(name, None)
        if head.next_due_at is None:
            self._due_at.pop(name, None)
        else:
            self._due_at[name] = head.next_due_at
        if head.status in FINAL:
            self._open.discard(name)
        else:
            self._open.add(name)
        if head.folded_into is not None:
            self._folded[name] = head.folded_into
        elif self._folded:
            self._folded.pop(name, None)

    def put_many(
        self,
        records: Sequence[tuple[bytes, bytes | None]],
        tickets: Shelf,
        load: Callable[[bytes, bytes | None], None],
    ) -> None:
        """Take many records of a state in order, and hand tickets on many at a time; ``load`` takes the others."""
        names, values = list[str](), list[bytes]()
        for key, value in records:
            if value is not None and key.startswith(b"t:"):
                name = key[2:].decode()
                self.put(name, value)
                names.append(name)
                values.append(value)
            else:
                if key.startswith(b"t:"):
                    tickets.put_many(names, values)
                    names, values = [], []
                load(key, value)
        tickets.put_many(names, values)

    def _drop(self, name: str) -> None:
        self._due_at.pop(name, None)
        self._open.discard(name)
        self._folded.pop(name, None)
        self._packs.pop(name, None)

    def packs(self, tickets: int) -> set[str]:
        """Name the packs by which so many tickets were filed."""
        found = set(self._packs.values())
        if self._usual is not None and len(self._packs) < tickets:
            found.add(self._usual)
        return found

    def folded(self) -> Iterator[tuple[str, str]]:
        """Name each open ticket that is folded, and the one of its flood that is worked."""
        return ((name, programme) for name, programme in self._folded.items() if name in self._open)
