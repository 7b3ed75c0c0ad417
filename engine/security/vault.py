"""Sealing what is personal: AES-256-GCM under a key of its own, which lies wrapped by the master key (DESIGN 12).

Whoever destroys the wrapped key has forgotten the person: the cipher text is then noise.
"""

import hashlib
import hmac
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import InvalidSettings
from engine.security.private_files import amiss_of_key, make_missing, read_whole, write_once
from topics.rejected import Sealed

KEY_BYTES, NONCE_BYTES = 32, 12
PERSON_BYTES = 16
"""Of a keyed hash: two people of a billion share one with a chance of 10⁻²¹."""

KEY_ID = re.compile(r"[0-9a-f]{16}")


def make_master_key(path: Path) -> None:
    """Make a master key, readable by its owner alone; an existing one is left."""
    make_missing(path.parent)
    if not path.exists() or not path.stat().st_size:
        write_once(path, os.urandom(KEY_BYTES))


def load_master_key(path: Path) -> bytes:
    """Read the master key.

    Raises:
        InvalidSettings: It is missing, can be no key, or others may read it.
    """
    try:
        key = read_whole(path)
        mode = stat.S_IMODE(path.lstat().st_mode)
    except OSError as exc:
        raise InvalidSettings(
            f"the vault's master key {path.name} cannot be read: {exc.strerror}; 'gridwhistle up' and 'gridwhistle"
            " topics apply' make one for a new stack"
        ) from exc
    if mode & 0o077:
        raise InvalidSettings(
            f"the vault's master key {path.name} may be read by others (mode {mode:o}); run: chmod 600 {path.name}"
        )
    if (amiss := amiss_of_key(key, KEY_BYTES)) is not None:
        raise InvalidSettings(f"the vault's master key {path.name} {amiss}; restore it from your backup")
    return key


def key_id(master: bytes) -> str:
    """Name a master key without telling it: 16 hex, pinned to the prefix it seals for."""
    return hashlib.blake2b(b"gridwhistle master key", key=master, digest_size=8).hexdigest()


def load_vault(path: Path) -> "Vault":
    """Read the master key and the former ones beside it; see ``load_keys``."""
    return Vault(*load_keys(path))


def load_keys(path: Path) -> tuple[bytes, list[bytes]]:
    """Read the master key and the former ones beside it, ``<file>.<id>``, which open what they sealed.

    Raises:
        InvalidSettings: One is missing, unsound, or is not the key that its name says.
    """
    former = []
    for beside in sorted(path.parent.glob(f"{path.name}.*")):
        named = beside.name.removeprefix(f"{path.name}.")
        if not KEY_ID.fullmatch(named):
            continue
        former.append(load_master_key(beside))
        if key_id(former[-1]) != named:
            raise InvalidSettings(
                f"{beside.name} holds the key {key_id(former[-1])}; call the file so, or bring the key {named} back"
            )
    return load_master_key(path), former


def _people_key(master: bytes) -> bytes:
    """Derive the key of hashes: who has the one file has both, and there is no second one to lose."""
    return hmac.digest(master, b"gridwhistle people", "sha256")


def _hashed(key: bytes, known_by: str) -> str:
    return hmac.digest(key, known_by.encode(), "sha256")[:PERSON_BYTES].hex()


class Vault:
    """Seals and opens. Tokens are derived from the record that brought the data, so a redelivered record seals under
    the same one."""

    def __init__(self, master: bytes, former: Iterable[bytes] = ()) -> None:
        """Take the master key, 32 bytes, and those before it: they seal nothing any more, and open."""
        self._master, self._wrap = master, AESGCM(master)
        self.id = key_id(master)
        former = tuple(former)
        self._former = {key_id(key): AESGCM(key) for key in former}
        self._people, self._people_before = _people_key(master), tuple(map(_people_key, former))
        self.former = frozenset(self._former)

    def token(self, record_id: str) -> str:
        """Name the vault entry of a record: ``v-`` and 24 hex."""
        return "v-" + hashlib.blake2b(record_id.encode(), key=self._master, digest_size=12).hexdigest()

    def hashed(self, known_by: str) -> str:
        """Hash what somebody is known again by, as it stands in entries that this master key sealed."""
        return _hashed(self._people, known_by)

    def hashed_by_all(self, known_by: str) -> list[str]:
        """Hash it by this master key and by the former ones: what was sealed before a change of keys is found too."""
        return [_hashed(key, known_by) for key in (self._people, *self._people_before)]

    def seal(self, token: str, data: bytes, known_by: Iterable[str] = ()) -> Sealed:
        """Seal data into an entry that holds it, with what its person is known again by, hashed."""
        entry, text = self.seal_aside(token, data)
        return Sealed(entry.wrapped_key, text, tuple([_hashed(self._people, one) for one in known_by]))

    def seal_aside(self, token: str, data: bytes) -> tuple[Sealed, bytes]:
        """Seal data; the entry holds the key alone, the cipher text is to be kept elsewhere."""
        entry, (text,) = self.seal_parts(token, data)
        return entry, text

    def seal_parts(self, token: str, *parts: bytes) -> tuple[Sealed, list[bytes]]:
        """Seal several things under one key, which the entry holds; destroying it forgets them all."""
        drawn, name = os.urandom(KEY_BYTES + NONCE_BYTES * (1 + len(parts))), token.encode()  # one call of the kernel
        key, wrap_nonce = drawn[:KEY_BYTES], drawn[-NONCE_BYTES:]
        cipher, texts, start = AESGCM(key), list[bytes](), KEY_BYTES
        for part in parts:
            nonce = drawn[start : start + NONCE_BYTES]
            texts.append(nonce + cipher.encrypt(nonce, part, name))
            start += NONCE_BYTES
        return Sealed(wrap_nonce + self._wrap.encrypt(wrap_nonce, key, name)), texts

    def open(self, token: str, entry: Sealed, aside: bytes | None = None) -> bytes:
        """Open an entry, or a cipher text kept elsewhere by its entry.

        Raises:
            cryptography.exceptions.InvalidTag: Key, token or bytes do not belong together.
        """
        name, key = token.encode(), self.unwrap(token, entry)
        text = aside if aside is not None else entry.sealed or b""
        return AESGCM(key).decrypt(text[:NONCE_BYTES], text[NONCE_BYTES:], name)

    def unwrap(self, token: str, entry: Sealed) -> bytes:
        """Give the key of an entry, by the master key or a former one.

        Raises:
            cryptography.exceptions.InvalidTag: None of them wrapped it.
        """
        wrapped = entry.wrapped_key
        for one in (self._wrap, *self._former.values()):
            with suppress(InvalidTag):
                return one.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], token.encode())
        raise InvalidTag
