"""How records are summed up: each link hashes the one before, the offset, and every byte of the record."""

import hashlib
import struct
from collections.abc import Callable
from typing import Any, Protocol

from engine.errors import InvalidSettings

HASHES = ("sha256", "sm3")

_HEAD = struct.Struct(">qiiH")
"""Offset; bytes of key and value, -1 where there is none; number of headers."""
_LENGTH = struct.Struct(">i")


class Linked(Protocol):
    """What of a record goes into the sum; the engine's and the driver's records are both so."""

    @property
    def offset(self) -> int:
        """Where it stands."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value."""

    @property
    def headers(self) -> Any:
        """Its headers, name and bytes of each."""


def hasher(name: str) -> Callable[[bytes], Any]:
    """Give a hash by its name.

    Raises:
        InvalidSettings: The OpenSSL that this Python was built with has none of that name.
    """
    if name not in HASHES or name not in hashlib.algorithms_available:
        have = ", ".join(one for one in HASHES if one in hashlib.algorithms_available)
        raise InvalidSettings(f"GRIDWHISTLE_CHAIN_HASH={name}: this Python's OpenSSL has no {name}; it has {have}")
    return hashlib.sha256 if name == "sha256" else lambda data: hashlib.new(name, data)


class Sum:
    """The sum over one partition's records from where its chain began."""

    def __init__(self, hash_name: str, digest: bytes, count: int) -> None:
        """Go on from a digest."""
        self._hasher = hasher(hash_name)
        self.hash, self.digest, self.count = hash_name, digest, count

    @classmethod
    def first(cls, hash_name: str, *, topic: str, partition: int, begin: int) -> "Sum":
        """Begin a chain: another topic, partition or beginning is another one from its first link."""
        seed = f"gridwhistle chain {topic} {partition} {begin}".encode()
        return cls(hash_name, hasher(hash_name)(seed).digest(), 0)

    def add(self, record: Linked) -> None:
        """Add one record, as it stands on the log."""
        key, value, headers = record.key, record.value, record.headers
        parts = [
            self.digest,
            _HEAD.pack(
                record.offset, -1 if key is None else len(key), -1 if value is None else len(value), len(headers)
            ),
            key or b"",
            value or b"",
        ]
        for name, text in headers:
            named = name.encode()
            parts += [_LENGTH.pack(len(named)), named, _LENGTH.pack(-1 if text is None else len(text)), text or b""]
        self.digest = self._hasher(b"".join(parts)).digest()
        self.count += 1
