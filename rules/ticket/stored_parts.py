"""What is read of a stored ticket where the rest does not matter (DESIGN 10).

Not compiled: a decoder needs the annotations, which compiling takes away (``setup.py``).
"""

import msgspec

from topics.ids import Instant
from topics.vocabulary import Status


class Head(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """What a partition must know of each ticket before anybody asks for it: of its form, as ``Ticket`` is."""

    pack: str
    status: Status
    next_due_at: Instant | None = None
    folded_into: str | None = None


class Filed(msgspec.Struct, frozen=True):
    """By what a ticket is looked for among its like."""

    id: str
    home: str
    category: str | None = None
    filed_at: Instant | None = None
    leaf: str | None = None
    lat_e7: int | None = None
    lon_e7: int | None = None
    text: str = ""
    folded_into: str | None = None
    exercise: bool = False


class Kind(msgspec.Struct, frozen=True):
    """What it is about."""

    category: str | None = None
