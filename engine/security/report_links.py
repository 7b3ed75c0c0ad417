"""Names for reports that nobody can guess: sealed, so that nothing has to be kept, and none leads to another.

AES-SIV (RFC 5297) under a key derived from the vault's master key. The same report has the same name each time, as
nothing is drawn; whoever changes or guesses one hits nothing but by 2⁻¹²⁸.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

FOR = [b"gridwhistle report link 1"]
LONGEST = 1800
"""Characters of a name: an identity of 1,300 characters (``topics.command.Identity``) and its seal."""


def _cipher(master: bytes) -> AESSIV:
    return AESSIV(hmac.digest(master, b"gridwhistle report links", "sha512"))


class ReportLinks:
    """Seals identities into names, and opens them, by the master key and those before it."""

    def __init__(self, master: bytes, former: Iterable[bytes] = ()) -> None:
        """Take the keys: former ones name nothing any more, and open."""
        self._ciphers = [_cipher(key) for key in (master, *former)]

    def name(self, identity: str) -> str:
        """Name a report."""
        return base64.urlsafe_b64encode(self._ciphers[0].encrypt(identity.encode(), FOR)).rstrip(b"=").decode()

    def identity(self, name: str) -> str | None:
        """Say which report a name is of; ``None``: of none."""
        if not 0 < len(name) <= LONGEST or not name.isascii():
            return None
        try:
            sealed = base64.b64decode(name + "=" * (-len(name) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        if len(sealed) <= 16 or base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != name:
            return None  # one report has one name
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed, FOR).decode()
            except InvalidTag:
                continue
        return None
