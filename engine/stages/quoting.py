"""How much of what came from outside is written beside a reason, and in whose words."""

from collections.abc import Sequence

from rules.law.compiled import Law
from topics.hostile_json import KNOWN

HEADER_BYTES = 16 * 1024
"""Headers of a rejected record that are kept; an honest CloudEvent has one."""


def first(headers: Sequence[tuple[str, bytes | None]]) -> tuple[tuple[str, bytes | None], ...]:
    """Keep the headers up to ``HEADER_BYTES``."""
    kept, size = [], 0
    for name, value in headers:
        size += len(name) * 4 + len(value or b"")
        if size > HEADER_BYTES:
            break
        kept.append((name, value))
    return tuple(kept)


def without_names(field: str, law: Law) -> str:
    """Name a field by our own words alone: a member we do not know is told by a question mark."""
    known = KNOWN | set(law.bundle.attributes)
    return (
        ".".join(part if part in known or (part.isdecimal() and len(part) < 6) else "?" for part in field.split("."))
        if field
        else ""
    )


def shown(text: str) -> str:
    """Cut and clean text that came from outside before it is written beside a reason."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:300])
