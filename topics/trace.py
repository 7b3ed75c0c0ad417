"""The W3C trace context on a record's headers: who sends one finds it on what follows from the record."""

import re
from collections.abc import Iterable

TRACEPARENT = "traceparent"

_FORM = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00. ``tracestate`` is anybody's text and does not go on."""


def traceparent(headers: Iterable[tuple[str, bytes | None]]) -> bytes | None:
    """Give a record's trace context; what has not its form is none, so no text comes in by it."""
    for name, value in headers:
        if name == TRACEPARENT:
            return value if value is not None and _FORM.fullmatch(value) else None
    return None
