"""What was turned away: its original opened, and what of a mended one is sent again (DESIGN 3, 12)."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from engine.security.vault import Vault
from topics import codec
from topics.rejected import Original, Rejected, Sealed
from topics.vocabulary import Role

MAY_REVEAL = (Role.DESK, Role.CHIEF, Role.CENTRE)
"""Who may see an original: those who deal with reports that have no ticket."""
NAMELESS = "it has no identity: write it as a CloudEvent with specversion, source, id, type and data"


class Turned(NamedTuple):
    """One rejection and, once it was opened, its value as it came and what stood beside it."""

    rejected: Rejected
    value: bytes = b""
    beside: Original = Original(key=None)

    @property
    def at(self) -> datetime:
        """Engine time at which it was turned away."""
        return datetime.fromtimestamp(self.rejected.at / 1000, UTC)

    def name(self) -> tuple[str, str]:
        """Source and id, as the CloudEvent's headers had them, else out of the identity; empty where nothing told."""
        said = {header.lower(): (text or b"").decode(errors="replace") for header, text in self.beside.headers}
        source, _, external_id = (self.beside.identity or "").partition(":")
        return said.get("ce_source", source), said.get("ce_id", external_id)


def unsealed(vault: Vault, entry: Sealed, rejected: Rejected) -> Turned:
    """Open an original with its entry of the vault.

    Raises:
        cryptography.exceptions.InvalidTag: It was sealed under another master key.
    """
    token = rejected.token or ""
    value = vault.open(token, entry, rejected.sealed)
    beside = Original(key=None)
    if rejected.envelope:
        beside = codec.decode(vault.open(token, entry, rejected.envelope), Original)
    return Turned(rejected, value, beside)


def named(one: Turned, found: dict[str, Any]) -> tuple[str, str, Any, str]:
    """Give source, id and data of a mended original, and what keeps it from having the identity it had."""
    source, name = before = one.name()
    data: Any = found
    if "specversion" in found:  # a CloudEvent says who it is
        source, name, data = str(found.get("source", source)), str(found.get("id", name)), found.get("data")
    if isinstance(data, dict) and set(data) == {"columns"}:
        return source, name, data, ""
    if all(before) and (source, name) != before:
        return source, name, data, "source and id must stay as they were; otherwise it is another report"
    if not source or not name:
        return source, name, data, NAMELESS
    return source, name, data, "" if isinstance(data, dict) else "data is no JSON object"
