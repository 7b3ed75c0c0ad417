"""Whose target is whose: of several notifiers one sends to a target at a time, and whoever dies leaves it at once."""

import asyncio
import hashlib
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database.schema import answering
from engine.doors.store import Doors
from engine.errors import DependencyDown


class Turns:
    """Advisory locks of one session of PostgreSQL: they end with it, by a kill as well."""

    def __init__(self, doors: Doors) -> None:
        """Hold nothing."""
        self._doors = doors
        self._connection: AsyncConnection | None = None
        self._one = asyncio.Lock()

    async def open(self) -> None:
        """See that the session stands; all that was held is lost with it.

        Raises:
            DependencyDown: It does not, or not any more.
        """
        async with self._one, answering():
            if self._connection is None:
                connection = await self._doors.engine.connect()
                self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await self._held().execute(text("SELECT 1"))

    async def take(self, target: str) -> bool:
        """Try to be the one who sends to a target."""
        async with self._one, answering():
            given = {"key": self._key(target)}
            return bool(await self._held().scalar(text("SELECT pg_try_advisory_lock(:key)"), given))

    async def leave(self, target: str) -> None:
        """Let another send to it; where the session has ended, that was done by it."""
        with suppress(DependencyDown):
            async with self._one, answering():
                await self._held().execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key(target)})

    def _held(self) -> AsyncConnection:
        """Give the session.

        Raises:
            DependencyDown: It has ended, and every turn with it: an ended one answers no more, whatever it is asked.
        """
        if self._connection is None or self._connection.invalidated:
            raise DependencyDown("PostgreSQL has ended the session that holds the turns")
        return self._connection

    async def close(self) -> None:
        """Leave everything; also what a server that is away still holds, once it notices."""
        async with self._one:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(DependencyDown):
                    async with answering():
                        await connection.invalidate()
                        await connection.close()

    def _key(self, target: str) -> int:
        name = f"{self._doors.schema.name} {target}".encode()
        return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big", signed=True)
