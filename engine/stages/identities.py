"""The identities a partition of intake has taken: 28 bytes and an index entry each, since a nation has 154 million
within the window."""

from array import array
from struct import Struct

from topics.ids import Instant

KEPT_SECONDS = 35 * 86_400
"""How long an identity is remembered, in engine time; the contract asks for 30 days at least."""

SEGMENTS = 256
"""Indexes, by the first byte of the hash: each is rebuilt alone, within milliseconds, when it has filled."""

_ENTRY = Struct("<16sQI")
_SIZE = _ENTRY.size
_GONE = 0
"""Seconds of an entry that was taken back."""
_TAKEN_BACK = bytes(4)
"""The same, as it lies there."""


class _Segment:
    """Entries in order of time, and an open index of their places: what a dictionary is, without an object for each
    part."""

    __slots__ = ("_index", "_mask", "_used", "base", "entries", "head")

    def __init__(self) -> None:
        self.entries = bytearray()
        self.base = self.head = 0
        """Number of the first entry kept, and of the first that is not forgotten yet."""
        self._index, self._mask, self._used = array("I", bytes(64)), 15, 0

    def __len__(self) -> int:
        return self.base + len(self.entries) // _SIZE - self.head

    def entry(self, number: int) -> tuple[bytes, int, int]:
        """Give hash, offset and seconds of an entry."""
        return _ENTRY.unpack_from(self.entries, (number - self.base) * _SIZE)

    def find(self, key: bytes) -> int | None:
        """Name the number of the entry of a hash."""
        index, mask, entries, head = self._index, self._mask, self.entries, self.head
        at = int.from_bytes(key[8:], "little") & mask
        while (slot := index[at]) != 0:
            number = slot - 1
            if number >= head:
                place = (number - self.base) * _SIZE
                if entries[place : place + 16] == key and entries[place + 24 : place + 28] != _TAKEN_BACK:
                    return number  # one that was taken back stands before the one that came in its place
            at = at + 1 & mask
        return None

    def add(self, key: bytes, offset: int, seconds: int) -> None:
        """Append an entry, which is the newest."""
        if self._used * 3 >= self._mask * 2:
            self._rebuild()
        number = self.base + len(self.entries) // _SIZE
        self.entries += _ENTRY.pack(key, offset, seconds)
        self._point(key, number)

    def take_back(self, number: int) -> None:
        """Let an entry count as none."""
        key, offset, _ = self.entry(number)
        _ENTRY.pack_into(self.entries, (number - self.base) * _SIZE, key, offset, _GONE)

    def forget(self) -> None:
        """Let the oldest entry go; its bytes follow when there are enough of them."""
        self.head += 1
        if (self.head - self.base) * 8 * _SIZE > len(self.entries):
            del self.entries[: (self.head - self.base) * _SIZE]
            self.base = self.head

    def _point(self, key: bytes, number: int) -> None:
        at = int.from_bytes(key[8:], "little") & self._mask
        while self._index[at] != 0:
            at = at + 1 & self._mask
        self._index[at] = number + 1
        self._used += 1

    def _rebuild(self) -> None:
        """Number what is left from nought, and make an index of twice its size, at most four times."""
        del self.entries[: (self.head - self.base) * _SIZE]
        self.base = self.head = 0
        count = len(self.entries) // _SIZE
        self._mask = max(16, 1 << (2 * count).bit_length()) - 1
        self._index, self._used = array("I", bytes(4 * (self._mask + 1))), 0
        for number in range(count):
            self._point(bytes(self.entries[number * _SIZE : number * _SIZE + 16]), number)


class Identities:
    """Which raw record was the first of an identity, by the identity's 128-bit hash, for 35 days of engine time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._segments = [_Segment() for _ in range(SEGMENTS)]
        self._turn = 0
        self._unknown = b""
        """The hash asked for last, if it was not found: it need not be looked for once more."""

    def __len__(self) -> int:
        """How many are kept, those that nobody has asked to forget yet included."""
        return sum(len(segment) for segment in self._segments)

    def first(self, key: bytes, at: Instant) -> int | None:
        """Give the offset of the record that came first, or ``None`` when there was none within the window."""
        segment = self._segments[key[0]]
        number = segment.find(key)
        if number is None:
            self._unknown = key
            return None
        _, offset, seconds = segment.entry(number)
        return offset if at // 1000 - seconds <= KEPT_SECONDS else None

    def add(self, key: bytes, offset: int, at: Instant) -> None:
        """Remember a record as the first of its identity; ``at`` never decreases."""
        segment = self._segments[key[0]]
        number = None if key == self._unknown else segment.find(key)
        self._unknown = b""
        if number is not None:
            segment.take_back(number)
        segment.add(key, offset, max(_GONE + 1, min(at // 1000, 2**32 - 1)))

    def remove(self, key: bytes) -> None:
        """Forget an identity, as the state topic says."""
        segment = self._segments[key[0]]
        number = segment.find(key)
        if number is not None:
            segment.take_back(number)

    def forget(self, at: Instant, most: int = 3) -> list[bytes]:
        """Name a few identities that are older than the window, and let them go: one segment a call, each in its
        turn."""
        segment = self._segments[self._turn]
        self._turn = (self._turn + 1) % SEGMENTS
        gone: list[bytes] = []
        for _ in range(min(most, len(segment))):
            key, _, seconds = segment.entry(segment.head)
            if at // 1000 - seconds <= KEPT_SECONDS:
                break
            segment.forget()
            if seconds != _GONE:
                gone.append(key)
        return gone
