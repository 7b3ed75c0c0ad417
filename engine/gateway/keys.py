"""Keys of sources, departments and people's programs: drawn here, shown once, kept as hashes in one file (0600)."""

import hashlib
import hmac
import secrets
import time
from pathlib import Path

import msgspec

from engine.gateway.callers import Caller
from engine.security.list_file import ListFile
from topics.vocabulary import Role

BEGINS = "gwk"
"""Of every key: ``gwk_<id>_<secret>``; scanners for lost secrets find it by that."""


class Key(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One key: whose it is, until when, and the hash of its secret; the secret itself is nowhere."""

    id: str
    kind: str
    """``source``, ``department``, ``person``, or ``wall``: a screen that shows what a seat sees."""
    name: str
    sha256: str
    made_at: int
    expires_at: int
    """Seconds of the wall clock: a key's life is the world's time, not the engine's."""
    role: str | None = None
    org: str | None = None

    def caller(self) -> Caller:
        """Say who comes with it."""
        return Caller(kind=self.kind, name=self.name, role=Role(self.role) if self.role else None, org=self.org)  # type: ignore[arg-type]


class Keys(ListFile[Key]):
    """The file of keys: one that is revoked is dead at the next request."""

    def __init__(self, path: Path) -> None:
        """Look at nothing yet."""
        super().__init__(path, Key, "keys")

    def caller(self, text: str) -> Caller | None:
        """Say whose key this is; ``None``: nobody's, or no longer."""
        key = self.find(text)
        return None if key is None else key.caller()

    def find(self, text: str) -> Key | None:
        """Give a key by its text, if it is in force."""
        parts = text.split("_")
        if len(parts) != 3 or parts[0] != BEGINS:
            return None
        key = self.in_force(parts[1])
        return key if key is not None and hmac.compare_digest(key.sha256, _hash(parts[2])) else None

    def in_force(self, name: str) -> Key | None:
        """Give a key by its id, if it is in force."""
        key = next((one for one in self.all() if one.id == name), None)
        return key if key is not None and key.expires_at > time.time() else None

    def add(
        self, kind: str, name: str, days: int, role: str | None = None, org: str | None = None, now: float | None = None
    ) -> tuple[Key, str]:
        """Draw a key and keep its hash; answers it and the text to give to whoever uses it."""
        made = int(time.time() if now is None else now)
        secret = secrets.token_hex(24)
        key = Key(
            id=secrets.token_hex(6),
            kind=kind,
            name=name,
            sha256=_hash(secret),
            made_at=made,
            expires_at=made + days * 86_400,
            role=role,
            org=org,
        )
        with self.alone():
            self.write([*self.all(), key])
        return key, f"{BEGINS}_{key.id}_{secret}"

    def revoke(self, name: str) -> bool:
        """Take a key out; whether there was one."""
        with self.alone():
            before = self.all()
            kept = [key for key in before if key.id != name]
            if len(kept) == len(before):
                return False
            self.write(kept)
            return True


def _hash(secret: str) -> str:
    """192 random bits need no slow hash: nobody tries them through."""
    return hashlib.sha256(secret.encode()).hexdigest()
