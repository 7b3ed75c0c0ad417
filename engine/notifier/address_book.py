"""How people are told: one YAML file of ways and of who has which, read anew when it changes."""

from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.doors.notice_tables import SOURCE
from engine.errors import InvalidSettings

MAILBOX, NONE = "mailbox", "none"
"""Ways that need no entry: a folder, and what the gateway shows alone."""
EVERYBODY = "*"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Robot(_Part):
    """A robot of a group, of WeCom or DingTalk; the address holds its key."""

    kind: Literal["wecom", "dingtalk"]
    url: str
    secret_file: Path | None = None
    """DingTalk: what its messages are signed with (``SEC…``)."""


class Hook(_Part):
    """A webhook signed by Standard Webhooks, such as an SMS gateway's."""

    kind: Literal["webhook"]
    url: str
    secret_file: Path
    """``whsec_…``."""


class Mail(_Part):
    """A mail server."""

    kind: Literal["smtp"]
    server: str = Field(pattern=r"^[A-Za-z0-9_.-]+:\d{1,5}$")
    sender: str
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_file: Path | None = None


Way = Annotated[Robot | Hook | Mail, Field(discriminator="kind")]


class Person(_Part):
    """How one is told."""

    way: str = MAILBOX
    to: str = ""
    """What the way calls them: an address, a telephone number."""
    quiet: str = Field(default="", pattern=r"^(|\d\d:\d\d-\d\d:\d\d)$")
    """``22:00-07:00`` in the city's zone: nothing then that is not urgent."""
    language: Literal["zh", "en"] = "zh"
    every_seconds: int = Field(default=60, ge=1, le=86_400)
    """No more than one message in so long; what comes meanwhile goes into the next."""

    def is_quiet(self, at: datetime) -> bool:
        """Whether one wants to be left alone at a moment, given in the city's zone."""
        if not self.quiet:
            return False
        begin, end = map(time.fromisoformat, self.quiet.split("-"))
        now = at.time()
        return begin <= now < end if begin <= end else now >= begin or now < end


class Book(_Part):
    """The whole file."""

    ways: dict[str, Way] = {}
    people: dict[str, Person] = {}
    """By the roster's id; ``*``: everybody else."""
    sources: dict[str, Person] = {}
    """Systems that reported, by name: they tell their reporters."""

    def of(self, recipient: str) -> Person:
        """Say how a recipient is told."""
        is_source = recipient.startswith(SOURCE)
        named = self.sources if is_source else self.people
        return named.get(recipient.removeprefix(SOURCE) if is_source else recipient) or named.get(EVERYBODY) or Person()


def read(path: Path) -> Book:
    """Read the file; where there is none, everybody has a mailbox.

    Raises:
        InvalidSettings: It does not fit; all that is wrong is said.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        book = Book.model_validate(given or {})
    except FileNotFoundError:
        return Book()
    except ValidationError as exc:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors()]
        raise InvalidSettings(f"{path} cannot be used:\n  " + "\n  ".join(faults)) from exc
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise InvalidSettings(f"{path} cannot be read: {exc}") from exc
    named = {*book.people.values(), *book.sources.values()}
    if unknown := sorted({one.way for one in named} - {MAILBOX, NONE, *book.ways}):
        raise InvalidSettings(f"{path} cannot be used:\n  no such way: {', '.join(unknown)}")
    return book


class Books:
    """The file as it stands; one that has become wrong is said, and the one before holds."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            InvalidSettings: It does not fit.
        """
        self._path, self._seen = path, _stamp(path)
        self.now = read(path)
        self.fault, self.version = "", 1

    def look(self) -> Book:
        """Give it, read anew if it has changed."""
        if (stamp := _stamp(self._path)) != self._seen:
            self._seen = stamp
            try:
                self.now, self.fault = read(self._path), ""
                self.version += 1
            except InvalidSettings as exc:
                self.fault = str(exc)
        return self.now


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
