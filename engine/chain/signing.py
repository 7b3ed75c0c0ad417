"""Checkpoints and their signatures: Ed25519, by a key of the stack's own (0600); the public half may be anybody's."""

import hashlib
import os
import stat
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.errors import InvalidSettings
from engine.security.private_files import amiss_of_key, make_missing, read_whole, write_once
from topics import codec
from topics.chain import Checkpoint

KEY_BYTES = 32


def make_signing_key(path: Path) -> None:
    """Make a key, readable by its owner alone; an existing one is left."""
    make_missing(path.parent)
    if not path.exists() or not path.stat().st_size:
        write_once(path, os.urandom(KEY_BYTES))


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the key.

    Raises:
        InvalidSettings: It is missing, of another length, or others may read it.
    """
    try:
        key, mode = read_whole(path), stat.S_IMODE(path.lstat().st_mode)
    except OSError as exc:
        raise InvalidSettings(
            f"the key that signs checkpoints, {path.name}, cannot be read: {exc.strerror}; 'gridwhistle up' and"
            " 'gridwhistle topics apply' make one"
        ) from exc
    if mode & 0o077:
        raise InvalidSettings(f"{path.name} may be read by others (mode {mode:o}); run: chmod 600 {path.name}")
    if (amiss := amiss_of_key(key, KEY_BYTES)) is not None:
        raise InvalidSettings(f"{path.name} {amiss}; restore it from your backup")
    return Ed25519PrivateKey.from_private_bytes(key)


def public_of(key: Ed25519PrivateKey) -> str:
    """Write the public half: 64 hex."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def read_public(text: str) -> Ed25519PublicKey:
    """Read a public key.

    Raises:
        InvalidSettings: It is none.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError as exc:
        raise InvalidSettings(
            "a public key has 64 hex digits; 'gridwhistle verify-chain --public-key' prints it"
        ) from exc


def id_of(public: str) -> str:
    """Name a public key: 16 hex."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def signed(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign a checkpoint."""
    return msgspec.structs.replace(checkpoint, signature=key.sign(codec.encode(checkpoint)))


def is_signed_by(checkpoint: Checkpoint, public: Ed25519PublicKey) -> bool:
    """Whether a key signed just this."""
    try:
        public.verify(checkpoint.signature, codec.encode(msgspec.structs.replace(checkpoint, signature=b"")))
    except InvalidSignature:
        return False
    return True


def sum_of(value: bytes) -> str:
    """Sum a checkpoint's bytes up, for the one after it."""
    return hashlib.sha256(value).hexdigest()
