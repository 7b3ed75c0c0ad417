"""Accounts of people who come by name and password: what each is, and its password as an Argon2 hash, in one file
(0600)."""

import re
import secrets
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidSettings
from engine.gateway.callers import OUTSIDE
from engine.security.list_file import ListFile

if TYPE_CHECKING:
    from pwdlib import PasswordHash

KINDS = ("person", *OUTSIDE)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of drawn passwords: none that looks like another."""
SHORTEST, LONGEST = 12, 200
"""Characters of a password that people choose."""
NAME = re.compile(r"[\w.@-]{1,100}")


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """One login: a person of the roster, or one who stands outside of it; each name once."""

    name: str
    kind: str
    """``person``, ``auditor``, ``system_admin`` or ``security_admin``."""
    argon2: str
    changed_at: int
    """Milliseconds of the wall clock: sessions that were begun by an earlier password have ended."""
    is_disabled: bool = False


class Accounts(ListFile[Account]):
    """The file of accounts: one that is disabled has no session from the next request on."""

    def __init__(self, path: Path) -> None:
        """Look at nothing yet."""
        super().__init__(path, Account, "accounts")

    def find(self, name: str) -> Account | None:
        """Give an account by its name."""
        return next((one for one in self.all() if one.name == name), None)

    def add(self, name: str, kind: str, password: str | None = None) -> str:
        """Make an account and answer its password, drawn unless one is given.

        Raises:
            InvalidSettings: The name is taken, or one of them cannot be used.
        """
        if kind not in KINDS or not NAME.fullmatch(name):
            raise InvalidSettings(
                f"an account has a name of letters, digits and .@-_, and is one of {', '.join(KINDS)}"
            )
        password = _fit(password)
        made = Account(name, kind, hasher().hash(password), changed_at=_now())
        with self.alone():
            if self.find(name) is not None:
                raise InvalidSettings(
                    f"there is an account {name}; nobody is two things: give the other one another name"
                )
            self.write([*self.all(), made])
        return password

    def set_password(self, name: str, password: str | None = None) -> str:
        """Give a new password, drawn unless one is given; the account can be used again, its sessions have ended."""
        self._known(name)
        password = _fit(password)
        self._replace(name, argon2=hasher().hash(password), is_disabled=False)
        return password

    def disable(self, name: str) -> None:
        """Let nobody in by it any more."""
        self._replace(name, is_disabled=True)

    def _known(self, name: str) -> Account:
        found = self.find(name)
        if found is None:
            raise InvalidSettings("there is no such account; 'gridwhistle accounts list' has them")
        return found

    def _replace(self, name: str, **changes: object) -> None:
        with self.alone():
            account = self._known(name)
            new = msgspec.structs.replace(account, changed_at=max(_now(), account.changed_at + 1), **changes)
            self.write([new if one.name == name else one for one in self.all()])


@cache
def hasher() -> "PasswordHash":
    """Argon2id with 19 MiB, two passes (OWASP's lower choice, 2026): a gateway of 90 MiB can afford two at a time."""
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


@cache
def nobodys() -> str:
    """A hash that no password fits: a name that is unknown takes as long as one that is known."""
    return hasher().hash(secrets.token_hex(16))


def drawn() -> str:
    """Draw a password: 16 letters of 31, 79 bits, in groups that are easily read aloud."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _fit(password: str | None) -> str:
    if password is None:
        return drawn()
    if not (SHORTEST <= len(password) <= LONGEST and password.isprintable()):
        raise InvalidSettings(f"a password has {SHORTEST} to {LONGEST} printable characters")
    return password


def _now() -> int:
    return int(time.time() * 1000)
