"""Names of things: how tickets, decisions, partitions and identities are called, derived and never drawn."""

import hashlib
from typing import NewType

TicketId = NewType("TicketId", str)
HomeCode = NewType("HomeCode", str)
DecisionId = NewType("DecisionId", str)
Instant = int
"""A moment of engine time: milliseconds since 1970-01-01 UTC. An integer, so that no float decides anything."""


def identity(source: str, external_id: str) -> str:
    """Name an incident for ever: ``<source>:<external id>``, the key of its record on ``incidents.raw``."""
    return f"{source}:{external_id}"


def identity_hash(name: str) -> str:
    """Shorten an identity to 128 bits in hex, the key it has in ``intake.state``."""
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


def ticket_id(home: str, day: str, number: int) -> TicketId:
    """Form ``<home>-<yyyymmdd>-<n>``; ``day`` is in the pack's time zone."""
    return TicketId(f"{home}-{day}-{number}")


def home_of(ticket: str) -> HomeCode:
    """Read the home out of a ticket id, or of a child's ``<ticket>/<code>/<n>``.

    Raises:
        ValueError: The text is not a ticket id; the message says what one looks like.
    """
    parts = ticket.split("/", 1)[0].rsplit("-", 2)
    if len(parts) != 3 or not parts[0] or not (is_number(parts[1]) and len(parts[1]) == 8 and is_number(parts[2])):
        raise ValueError(f"{ticket!r} is no ticket id; one looks like <home>-<yyyymmdd>-<n>")
    return HomeCode(parts[0])


def is_number(text: str) -> bool:
    """Whether a text is a number as we write them: 1 to 18 plain digits. ``"²".isdigit()`` is true, and ``int("²")`` raises."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def record_id(topic: str, partition: int, offset: int) -> DecisionId:
    """Name the decision that a consumed record causes: its position, without the prefix of the topic."""
    return DecisionId(f"{topic}:{partition}:{offset}")


def clock_id(ticket: str, generation: int, clock: str, number: str, rung: int) -> DecisionId:
    """Name the decision that a clock causes; ``number`` is the leg's, offer's or child's, else ``0``."""
    return DecisionId(f"clock:{ticket}:{generation}:{clock}:{number}:{rung}")


def murmur2(data: bytes) -> int:
    """Kafka's default key hash (32 bit murmur2, seed 0x9747b28c), as every standard producer uses it."""
    length = len(data)
    mask = 0xFFFFFFFF
    m = 0x5BD1E995
    h = 0x9747B28C ^ length
    for i in range(0, length - length % 4, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k ^= k >> 24
        h = (h * m & mask) ^ (k * m & mask)
    tail = data[length - length % 4 :]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h ^= h >> 13
    h = h * m & mask
    return h ^ h >> 15


_partitions: dict[tuple[str, int], int] = {}


def partition_of(key: str, count: int) -> int:
    """Tell the partition of a low-cardinality key (homes); remembered, since pure Python murmur2 costs 8 µs."""
    found = _partitions.get((key, count))
    if found is None:
        if len(_partitions) > 100_000:
            _partitions.clear()
        found = _partitions[key, count] = (murmur2(key.encode()) & 0x7FFFFFFF) % count
    return found
