"""Forgetting a person: the keys of all that lies sealed of them are destroyed, in the vault and of what was turned
away (PIPL 47)."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag

from engine.kafka.newer_records import read_sieved
from engine.kafka.port import Log
from engine.kafka.read_to_end import to_end
from engine.people.audit_log import Send
from engine.people.vault_index import VaultIndex
from engine.security.same_person import all_known_by, known_by
from engine.security.vault import Vault
from rules.masking.own_values import own_values
from topics import codec
from topics.ids import murmur2
from topics.registry import REJECTED, VAULT
from topics.rejected import Rejected, Sealed
from topics.unreadable import UNREADABLE

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


class Forgotten(NamedTuple):
    """What was destroyed."""

    reports: int
    """Keys of reporters' entries."""
    rejected: int
    """Keys of originals that were turned away."""
    photos: int
    """Pictures of their tickets."""


async def opened(index: VaultIndex, vault: Vault, token: str) -> dict[str, object] | None:
    """Open what lies sealed of a reporter; ``None``: it was forgotten.

    Raises:
        cryptography.exceptions.InvalidTag: It was sealed under another master key.
    """
    entry = await index.entry(token)
    if entry is None or entry.sealed is None:
        return None
    found: dict[str, object] = msgspec.json.decode(vault.open(token, entry))
    return found


async def forget(
    log: Log,
    index: VaultIndex,
    vault: Vault,
    *,
    tokens: Iterable[str],
    partitions: int,
    send: Send,
    drop_photos: Callable[[Sequence[str]], Awaitable[int]],
) -> Forgotten:
    """Destroy the keys of these entries, of all that share a number with one of them, and of what was turned away and
    names one of those numbers; drop the pictures of all of their tickets, where nothing can be masked."""
    all_of_them = sorted(await index.same_people(tokens))
    numbers = set[str]()
    for token in all_of_them:
        numbers |= await _numbers(index, vault, token)
    turned_away = [token async for token in _turned_away(log, vault, numbers, partitions)] if numbers else []
    photos = await drop_photos(all_of_them)
    for token in [*turned_away, *all_of_them]:  # the numbers go last: broken off, it can be done again
        key = token.encode()
        await send(VAULT.name, (murmur2(key) & 0x7FFFFFFF) % partitions, key, None)
    await index.read_on()
    return Forgotten(len(all_of_them), len(turned_away), photos)


async def _numbers(index: VaultIndex, vault: Vault, token: str) -> set[str]:
    """What an entry's person is known by; of one that no key opens, nothing: it is forgotten all the same."""
    try:
        found = await opened(index, vault, token)
    except InvalidTag:
        return set()
    reporter = (found or {}).get("reporter")
    return set(all_known_by(own_values(reporter))) if isinstance(reporter, dict) else set()


async def _turned_away(log: Log, vault: Vault, numbers: set[str], partitions: int) -> AsyncIterator[str]:
    """Name the entries of originals that hold one of these numbers: each is opened and looked through."""
    keys: dict[str, Sealed] = {}
    async for records in to_end(log, VAULT.name, range(partitions)):
        for record in records:
            token = (record.key or b"").decode(errors="replace")
            keys.pop(token, None)
            entry = None if record.value is None else read_sieved(VAULT.name, record, Sealed)
            if entry is not None and entry.sealed is None:
                keys[token] = entry
    async for records in to_end(log, REJECTED.name, range(partitions)):
        for record in records:
            try:
                rejected = codec.decode(record.value or b"", Rejected)
            except UNREADABLE:
                continue
            entry = keys.pop(rejected.token or "", None)
            if entry is not None and _holds(vault, rejected, entry, numbers):
                yield rejected.token or ""
            await asyncio.sleep(0)


def _holds(vault: Vault, rejected: Rejected, entry: Sealed, numbers: set[str]) -> bool:
    for part in (rejected.sealed, rejected.envelope):
        if part is None:
            continue
        try:
            text = vault.open(rejected.token or "", entry, part).decode(errors="replace")
        except InvalidTag:
            continue
        if numbers & set(known_by(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))):
            return True
    return False
