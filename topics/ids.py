"""Names of things: how tickets, decisions, partitions and identities are called, derived and never drawn."""

import hashlib
import unicodedata
from typing import NewType

from murmurhash2 import murmurhash2

TicketId = NewType("TicketId", str)
HomeCode = NewType("HomeCode", str)
DecisionId = NewType("DecisionId", str)
Instant = int
"""A moment of engine time: milliseconds since 1970-01-01 UTC. An integer, so that no float decides anything."""


_BLANKS = dict.fromkeys(
    (
        0x034F,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        0x2065,
        0x3164,
        0xFFA0,
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xFFF0, 0xFFF9),
        *range(0xE0000, 0xE1000),
    )
)
"""What shows nothing and is no format character (category Cf): joiners, Hangul and Khmer fillers, variation selectors,
and what Unicode keeps for more of them."""


def folded(name: str) -> str:
    """Bring a name into the form in which names are compared: NFC, without characters that nobody sees."""
    if name.isascii():
        return name
    seen = "".join(char for char in name.translate(_BLANKS) if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFC", seen)


def source_part(source: str) -> str:
    """Write a source as the first part of an identity: ``:`` becomes ``%3A``, and a ``%`` that would read as one of
    ours ``%25``.

    So ``a:b`` + ``c`` and ``a`` + ``b:c`` are two identities, and a source without a colon stands as it is.
    """
    return source.replace("%25", "%2525").replace("%3A", "%253A").replace(":", "%3A")


def identity(source: str, external_id: str) -> str:
    """Name an incident for ever: ``<source>:<external id>``, the key of its record on ``incidents.raw``."""
    return f"{source_part(folded(source))}:{folded(external_id)}"


def is_from(name: str, source: str) -> bool:
    """Whether an identity is one of this source."""
    return name.startswith(f"{source_part(folded(source))}:")


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
    """Whether a text is a number as we write them: 1 to 18 plain digits. ``"²".isdigit()`` is true, and ``int("²")``
    raises."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def record_id(topic: str, partition: int, offset: int) -> DecisionId:
    """Name the decision that a consumed record causes: its position, without the prefix of the topic."""
    return DecisionId(f"{topic}:{partition}:{offset}")


def clock_id(ticket: str, generation: int, clock: str, number: str, rung: int) -> DecisionId:
    """Name the decision that a clock causes; ``number`` is the leg's, offer's or child's, else ``0``."""
    return DecisionId(f"clock:{ticket}:{generation}:{clock}:{number}:{rung}")


_KAFKAS_SEED = 0x9747B28C


def murmur2(data: bytes) -> int:
    """Kafka's default key hash (32 bit murmur2), as every standard producer uses it; in Python it took 4 µs of 26
    bytes, two of which intake hashes for an incident."""
    return murmurhash2(data, _KAFKAS_SEED)


_partitions: dict[tuple[str, int], int] = {}


def partition_of(key: str, count: int) -> int:
    """Tell the partition of a low-cardinality key (homes); remembered."""
    found = _partitions.get((key, count))
    if found is None:
        if len(_partitions) > 100_000:
            _partitions.clear()
        found = _partitions[key, count] = (murmur2(key.encode()) & 0x7FFFFFFF) % count
    return found
