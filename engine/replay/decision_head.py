"""Reads of a decision what says which cause it had: from its first bytes, where it stands as we write it."""

import re
from typing import Literal, NamedTuple

import msgspec

from topics import codec
from topics.ids import Instant

_SHAPE = re.compile(
    rb'\{"id":"([^"\\]+)","at":(\d{1,18}),"cause":"(incident|command|clock|held)","reason":"([a-z_]+)","home":"[^"\\]*"'
    rb'(?:,"ticket":"([^"\\]*)"|(?!,"ticket"))'
).match
"""How ``topics.decision.Decision`` is encoded. Finding it takes a third of the time of reading the record as JSON."""

_PACK = b'"why":{"pack":"'
"""No text holds these bytes: a quotation mark inside one is escaped."""


class Head(NamedTuple):
    """Of a decision, what says which cause it had."""

    id: str
    at: Instant
    cause: str
    reason: str
    ticket: str | None
    pack: str | None


class _Why(msgspec.Struct, frozen=True):
    pack: str | None = None


class _Read(msgspec.Struct, frozen=True):
    id: str
    at: Instant
    cause: Literal["incident", "command", "clock", "held"]
    reason: str
    ticket: str | None = None
    why: _Why = _Why()


def head_of(value: bytes) -> Head:
    """Read the head of a decision. What comes after it is not looked at if the head stands as we write it.

    Raises:
        msgspec.DecodeError, RecursionError: The bytes are no decision.
    """
    found = _SHAPE(value)
    if found is None:
        return read_whole(value)
    try:
        name, at, cause, reason, ticket = found.groups()
        return Head(
            name.decode(),
            int(at),
            cause.decode(),
            reason=reason.decode(),
            ticket=None if ticket is None else ticket.decode(),
            pack=_pack(value),
        )
    except UnicodeDecodeError:
        return read_whole(value)


def _pack(value: bytes) -> str | None:
    start = value.rfind(_PACK)
    if start < 0:
        return None
    start += len(_PACK)
    return value[start : value.find(b'"', start)].decode()


def read_whole(value: bytes) -> Head:
    """Read the head of a decision from the whole record.

    Raises:
        msgspec.DecodeError, RecursionError: The bytes are no decision.
    """
    try:
        read = codec.decode(value, _Read)
    except UnicodeDecodeError as exc:
        raise msgspec.DecodeError(str(exc)) from exc
    return Head(read.id, read.at, read.cause, reason=read.reason, ticket=read.ticket, pack=read.why.pack)
