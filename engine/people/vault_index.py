"""Where each entry of the vault stands, and which entries are one person's; made from the topic, and nowhere kept.

SQLite holds it in a file without a name that ends with the process: positions and keyed hashes alone, and a million
entries take none of the gateway's memory. Each question reads on to the topic's end first, so that what was forgotten
a moment ago is so here.
"""

import asyncio
import sqlite3
from collections.abc import Iterable

from aiokafka import ConsumerRecord

from engine.kafka.fetched_batches import Loose
from engine.kafka.following import Following, LogCutShort
from engine.kafka.newer_records import read_own
from engine.kafka.port import Log
from topics.registry import VAULT
from topics.rejected import Sealed

TABLES = """
    PRAGMA secure_delete = ON;
    CREATE TABLE entries (token TEXT PRIMARY KEY, partition INTEGER, place INTEGER) WITHOUT ROWID;
    CREATE TABLE people (hash TEXT, token TEXT, PRIMARY KEY (hash, token)) WITHOUT ROWID;
    CREATE INDEX tokens ON people (token);
"""
AT_ONCE = 500
"""Records folded before others are let in between: some 5 ms."""


class VaultIndex:
    """The entries of one stack's vault."""

    def __init__(self, log: Log, partitions: int) -> None:
        """Nothing is read yet."""
        self._log, self._partitions = log, partitions
        self._turn = asyncio.Lock()
        self._begin()

    def _begin(self) -> None:
        self._following = Following(self._log, VAULT.name, range(self._partitions))
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.executescript(TABLES)

    def close(self) -> None:
        """Let it go."""
        self._rows.close()

    async def read_on(self) -> None:
        """Fold what has come, to the end that the topic has now."""
        async with self._turn:
            try:
                await self._fold()
            except LogCutShort:
                self._rows.close()
                self._begin()
                await self._fold()

    async def _fold(self) -> None:
        async for records in self._following.new():
            for first in range(0, len(records), AT_ONCE):
                self._rows.execute("BEGIN")
                for record in records[first : first + AT_ONCE]:
                    self._take(record)
                self._rows.execute("COMMIT")
                await asyncio.sleep(0)

    def _take(self, record: ConsumerRecord) -> None:
        """Fold one: a tombstone is whoever's may write here, an entry is intake's alone."""
        token = (record.key or b"").decode(errors="replace")
        if record.value is not None and type(record) is Loose:
            return
        self._rows.execute("DELETE FROM people WHERE token = ?", (token,))
        if record.value is None:
            self._rows.execute("DELETE FROM entries WHERE token = ?", (token,))
            return
        entry = read_own(f"{VAULT.name}/{record.partition} offset {record.offset}", record.value, Sealed)
        self._rows.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", (token, record.partition, record.offset))
        self._rows.executemany("INSERT OR IGNORE INTO people VALUES (?, ?)", [(one, token) for one in entry.people])

    async def entry(self, token: str) -> Sealed | None:
        """Give an entry as it stands on the topic; ``None``: it was forgotten, or never there."""
        await self.read_on()
        place = self._rows.execute("SELECT partition, place FROM entries WHERE token = ?", (token,)).fetchone()
        record = None if place is None else await self._following.at(*place)
        if record is None or record.key != token.encode() or record.value is None:
            return None
        return read_own(f"{VAULT.name}/{record.partition} offset {record.offset}", record.value, Sealed)

    async def same_people(self, tokens: Iterable[str]) -> set[str]:
        """Give these entries that are there, and all that share a number with one of them."""
        await self.read_on()
        found = set[str]()
        for token in tokens:
            found |= self._one("SELECT token FROM entries WHERE token = ?", token)
            found |= self._one("SELECT b.token FROM people a JOIN people b ON a.hash = b.hash WHERE a.token = ?", token)
        return found

    async def of_hashes(self, hashes: Iterable[str]) -> set[str]:
        """Give the entries of who is known by one of these."""
        await self.read_on()
        return {token for one in hashes for token in self._one("SELECT token FROM people WHERE hash = ?", one)}

    def _one(self, statement: str, value: str) -> set[str]:
        return {token for (token,) in self._rows.execute(statement, (value,))}
