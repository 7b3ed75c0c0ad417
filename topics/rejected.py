"""What intake could not turn into a ticket, and what the vault keeps."""

import msgspec

from topics.ids import Instant

FAULT_HEADER = "gw-fault"
"""Header by which a feed says, of a row it could not map, which column is wrong and the mend; read only where the record does not fit anyway."""


class SaidFault(msgspec.Struct, frozen=True):
    """What stands in that header: the column for ``field``, and the message."""

    column: str
    message: str


class Rejected(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="version", tag=1, forbid_unknown_fields=True):
    """A record of ``incidents.raw`` that became no ticket, with the reason and the field to mend.

    ``sealed`` is the original value, AES-GCM under a key of its own that lies wrapped in the vault under ``token``;
    duplicates are not kept again.
    """

    id: str
    """``incidents.raw:<partition>:<offset>``."""
    at: Instant
    reason: str
    field: str
    message: str
    identity: str | None = None
    """``<source>:<id>`` where it could be read."""
    original: str | None = None
    """Of a duplicate: the id of the record that came first."""
    token: str | None = None
    sealed: bytes | None = None


class Sealed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="version", tag=1, forbid_unknown_fields=True):
    """A vault entry: personal data under its own key, the key wrapped by the master key. A tombstone forgets."""

    wrapped_key: bytes
    """Nonce (12 bytes) and AES-256-GCM of the data key under the master key."""
    sealed: bytes | None = None
    """Nonce (12 bytes) and AES-256-GCM of the JSON; ``None`` when the cipher text lies elsewhere."""


class Seen(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=1, forbid_unknown_fields=True):
    """A record of ``intake.state``: this identity was taken, by that record, at that time."""

    record: str
    at: Instant
