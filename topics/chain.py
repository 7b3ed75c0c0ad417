"""Signed sums over logs that must not change: the records of ``log.checkpoints`` (DESIGN 12)."""

import msgspec

from topics.ids import Instant


class Checkpoint(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    tag_field="version",
    tag=1,
    forbid_unknown_fields=True,
    kw_only=True,
):
    """What one partition's records sum up to, from where the one before ended: whoever holds this and the public key
    sees each record that was changed, taken out, put in or cut off since."""

    topic: str
    """Logical name."""
    partition: int
    begin: int
    """Offset of the first record that is in it and was not in the one before."""
    end: int
    """Behind the last one that is."""
    count: int
    """Records from ``begin`` to ``end``."""
    digest: str
    """Hex: the sum over all records since the chain began."""
    hash: str
    """``sha256`` or ``sm3``."""
    at: Instant
    previous: str | None = None
    """Sum over the bytes of the checkpoint before; ``None``: the chain begins here."""
    key: str
    """Id of the public key."""
    signature: bytes = b""
    """Ed25519 over this record with an empty signature."""
