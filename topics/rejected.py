"""What intake could not turn into a ticket, and what the vault keeps."""

from enum import StrEnum

import msgspec

from topics.ids import Instant

FAULT_HEADER = "gw-fault"
"""Header by which a feed says, of a row it could not map, which column is wrong and the mend; read only where the
record does not fit anyway."""


class SaidFault(msgspec.Struct, frozen=True):
    """What stands in that header: the column for ``field``, and the message."""

    column: str
    message: str


class RejectReason(StrEnum):
    """Why an intake record became no ticket; the labels of ``gridwhistle_rejected_total``."""

    UNREADABLE = "unreadable"
    NULL_VALUE = "null_value"
    NULL_KEY = "null_key"
    KEY_MISMATCH = "key_mismatch"
    WRONG_PARTITION = "wrong_partition"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_VERSION = "unknown_version"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    BAD_TEXT = "bad_text"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    OUT_OF_RANGE = "out_of_range"
    DUPLICATE = "duplicate"
    HELD = "held"
    UNREADABLE_BATCH = "unreadable_batch"


class Rejected(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    tag_field="version",
    tag=1,
    forbid_unknown_fields=True,
    kw_only=True,
):
    """A record of ``incidents.raw`` that became no ticket, with the reason and the field to mend.

    ``sealed`` is the original value and ``envelope`` its key and headers, AES-GCM under one key of their own that lies
    wrapped in the vault under ``token``; duplicates are not kept again. Nothing here, the record's key neither, is as
    the sender wrote it: a key, an identity or a member's name may be somebody's telephone number.
    """

    id: str
    """``incidents.raw:<partition>:<offset>``; of what a fetch could not read, its input and the last of its offsets."""
    at: Instant
    reason: str
    field: str
    message: str
    identity: str | None = None
    """``<source>:<id>`` of a duplicate, as the incident that was taken has it; of others it lies sealed in
    ``envelope``."""
    original: str | None = None
    """Of a duplicate: the id of the record that came first."""
    token: str | None = None
    sealed: bytes | None = None
    envelope: bytes | None = None
    """Sealed: an ``Original`` as JSON."""


class Original(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    tag_field="version",
    tag=1,
    forbid_unknown_fields=True,
    kw_only=True,
):
    """What a rejected record had beside its value, so that it can be sent again; headers beyond 16 KiB are left out."""

    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    identity: str | None = None
    """``<source>:<id>`` where it could be read."""
    field: str = ""
    """The field with the name that the sender gave it."""


class Sealed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="version", tag=1, forbid_unknown_fields=True):
    """A vault entry: personal data under its own key, the key wrapped by the master key. A tombstone forgets."""

    wrapped_key: bytes
    """Nonce (12 bytes) and AES-256-GCM of the data key under the master key."""
    sealed: bytes | None = None
    """Nonce (12 bytes) and AES-256-GCM of the JSON; ``None`` when the cipher text lies elsewhere."""
    people: tuple[str, ...] = ()
    """Keyed hashes of the reporter's numbers: who reports again is found by them, and here alone do they stand."""


class Seen(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=1, forbid_unknown_fields=True):
    """A record of ``intake.state``: this identity was taken, by that record, at that time."""

    record: str
    at: Instant
