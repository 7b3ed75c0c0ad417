"""Keys of sources, departments and people's programs: drawn here, shown once, kept as hashes in one file (0600)."""

import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path

import msgspec

from engine.errors import InvalidSettings
from engine.gateway.callers import Caller
from engine.security.private_files import read_whole, write_whole
from topics.vocabulary import Role

BEGINS = "gwk"
"""Of every key: ``gwk_<id>_<secret>``; scanners for lost secrets find it by that."""


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key: whose it is, until when, and the hash of its secret; the secret itself is nowhere."""

    id: str
    kind: str
    """``source``, ``department`` or ``person``."""
    name: str
    sha256: str
    made_at: int
    expires_at: int
    """Seconds of the wall clock: a key's life is the world's time, not the engine's."""
    role: str | None = None
    org: str | None = None

    def caller(self) -> Caller:
        """Say who comes with it."""
        return Caller(self.kind, self.name, Role(self.role) if self.role else None, self.org)  # type: ignore[arg-type]


class Keys:
    """The file of keys, read anew whenever it has changed: a key that is revoked is dead at the next request."""

    def __init__(self, path: Path) -> None:
        """Look at nothing yet."""
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._keys: dict[str, Key] = {}

    def all(self) -> list[Key]:
        """List the keys.

        Raises:
            InvalidSettings: The file cannot be read as keys.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen, self._keys = None, {}
            return []
        if (found.st_mtime_ns, found.st_ino) != self._seen:
            try:
                read = msgspec.json.decode(read_whole(self.path), type=list[Key])
            except msgspec.DecodeError as exc:
                raise InvalidSettings(f"{self.path} holds no keys ({exc}); restore it, or remove it") from exc
            self._keys, self._seen = {key.id: key for key in read}, (found.st_mtime_ns, found.st_ino)
        return list(self._keys.values())

    def caller(self, text: str) -> Caller | None:
        """Say whose key this is; ``None``: nobody's, or no longer."""
        parts = text.split("_")
        if len(parts) != 3 or parts[0] != BEGINS:
            return None
        self.all()
        key = self._keys.get(parts[1])
        if key is None or not hmac.compare_digest(key.sha256, _hash(parts[2])) or key.expires_at <= time.time():
            return None
        return key.caller()

    def add(
        self, kind: str, name: str, days: int, role: str | None = None, org: str | None = None, now: float | None = None
    ) -> tuple[Key, str]:
        """Draw a key and keep its hash; answers it and the text to give to whoever uses it."""
        made = int(time.time() if now is None else now)
        secret = secrets.token_hex(24)
        key = Key(secrets.token_hex(6), kind, name, _hash(secret), made, made + days * 86_400, role, org)
        self._write([*self.all(), key])
        return key, f"{BEGINS}_{key.id}_{secret}"

    def revoke(self, name: str) -> bool:
        """Take a key out; whether there was one."""
        kept = [key for key in self.all() if key.id != name]
        if len(kept) == len(self._keys):
            return False
        self._write(kept)
        return True

    def _write(self, keys: list[Key]) -> None:
        os.makedirs(self.path.parent, mode=0o700, exist_ok=True)
        write_whole(self.path, msgspec.json.format(msgspec.json.encode(keys)))


def _hash(secret: str) -> str:
    """192 random bits need no slow hash: nobody tries them through."""
    return hashlib.sha256(secret.encode()).hexdigest()
