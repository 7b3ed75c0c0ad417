"""One schema of a stack in PostgreSQL: its name, its tables brought to what this engine writes, what it raises when the
server is away."""

import asyncio
import hashlib
import logging
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from engine.errors import DependencyDown, StateFromNewer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from engine.settings import Settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL."""


def schema_of(settings: "Settings", part: str) -> str:
    """Name a schema of a stack: one database holds several stacks, as one broker does."""
    name = settings.prefix + part
    return name if len(name) <= LONGEST_NAME else hashlib.blake2b(name.encode(), digest_size=24).hexdigest()


class Deadlock(DependencyDown):
    """Of two transactions that waited for each other the server has undone this one."""


DEADLOCK = "40P01"
"""Its SQLSTATE."""

TRIES = 5
"""So many deadlocks in a row, each after a second of waiting, are no chance."""


def again_at_deadlock(asked: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Run a transaction once more that was undone for another's sake: nothing of it has happened. Two that take many
    rows of a table take them in the order of their plans, which nobody chooses."""

    @wraps(asked)
    async def run(*args: P.args, **named: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            with suppress(Deadlock):
                return await asked(*args, **named)
        return await asked(*args, **named)

    return run


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn what a database that is away raises into a ``DependencyDown``."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as exc:
        if isinstance(exc, DBAPIError) and getattr(exc.orig, "sqlstate", None) == DEADLOCK:
            raise Deadlock("PostgreSQL has undone one of two transactions that waited for each other") from exc
        raise DependencyDown(f"PostgreSQL does not answer: {str(exc).splitlines()[0]}") from exc
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise DependencyDown(f"PostgreSQL does not answer: {str(exc).splitlines()[0]}") from exc
        raise


class Schema:
    """A schema and the migrations that make its tables; ``head`` is their last step."""

    def __init__(self, what: str, name: str, migrations: ModuleType, head: str) -> None:
        """Ask nothing yet; ``what`` it is called in messages."""
        self._what, self.name, self._migrations, self._head = what, name, migrations, head
        self._fitting = asyncio.Lock()
        self._fits = False

    def forget(self) -> None:
        """Know nothing again."""
        self._fits = False

    async def fit(self, engine: "AsyncEngine") -> None:
        """Bring the tables to what this engine writes; once, however many ask.

        Raises:
            StateFromNewer: A newer engine made them.
            DependencyDown: PostgreSQL is away.
        """
        async with self._fitting, answering():
            if self._fits:
                return
            async with engine.begin() as connection:
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(self.name.encode())}
                )
                version = await self.version(connection)
                if version != self._head:
                    await self._migrate(connection, version)
            self._fits = True

    async def is_there(self, engine: "AsyncEngine") -> bool:
        """Whether it stands at the step that this engine writes."""
        async with answering(), engine.connect() as connection:
            return await self.version(connection) == self._head

    async def version(self, connection: "AsyncConnection") -> str | None:
        """Tell at which step it stands; ``None``: there is none."""
        there = await connection.scalar(text("SELECT to_regclass(:name)"), {"name": f'"{self.name}".alembic_version'})
        if there is None:
            return None
        found: str | None = await connection.scalar(text(f'SELECT version_num FROM "{self.name}".alembic_version'))
        return found

    async def drop(self, engine: "AsyncEngine") -> None:
        """Delete all of it."""
        async with answering(), engine.begin() as connection:
            await connection.execute(text(f'DROP SCHEMA IF EXISTS "{self.name}" CASCADE'))
        self.forget()

    async def _migrate(self, connection: "AsyncConnection", version: str | None) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", next(iter(self._migrations.__path__)))
        config.set_main_option("path_separator", "os")
        known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
        if version is not None and version not in known:
            raise StateFromNewer(
                f"{self._what} {self.name!r} stands at step {version}, which this engine does not know: run the engine"
                " that made it, or a later one"
            )
        await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self.name}"'))
        await connection.execute(text(f'SET LOCAL search_path TO "{self.name}"'))

        def upgrade(sync: Any) -> None:
            config.attributes["connection"] = sync
            command.upgrade(config, "head")

        await connection.run_sync(upgrade)
        log.info("%s %s stands at step %s", self._what, self.name, self._head)
