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
    """Offset at which its chain began."""
    end: int
    """Position behind the last record that is in it."""
    count: int
    """Records from ``begin`` to ``end``."""
    digest: str
    """Hex: the sum over all of them."""
    hash: str
    """``sha256`` or ``sm3``."""
    at: Instant
    """By the wall clock of who signed it."""
    previous: str | None = None
    """Sum over the bytes of the checkpoint before; ``None``: there was none."""
    key: str
    """Id of the public key."""
    signature: bytes = b""
    """Ed25519 over this record with an empty signature."""
