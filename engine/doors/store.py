"""The doors' schema of a stack, and connections to it."""

from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.schema import Schema, schema_of
from engine.doors import migrations
from engine.doors.tables import SCHEMA
from engine.errors import InvalidSettings
from engine.security.connections import new_database
from engine.settings import Settings

HEAD = "0006"
"""The last step of the migrations."""


def has_come(moment: str, now: str, longest_seconds: int) -> str:
    """Say in SQL that a moment of the server's wall clock has come. Nothing is ever put off by more than
    ``longest_seconds``: what stands further ahead was put there by a clock that has gone back since, and has come too.
    """
    return f"({moment} <= {now} OR {moment} > {now} + interval '{longest_seconds} seconds')"


def doors_schema(settings: Settings) -> Schema:
    """Name it, with what makes its tables."""
    return Schema("the schema of doors", schema_of(settings, SCHEMA), migrations=migrations, head=HEAD)


class Doors:
    """One stack's doors. What is committed here stands on the disk: nothing makes it anew."""

    def __init__(self, settings: Settings, **options: str) -> None:
        """Prepare; nothing is sent yet. Without a database in the settings that is refused."""
        if not settings.database_url:
            raise InvalidSettings(
                "webhooks and pull need PostgreSQL: set GRIDWHISTLE_DATABASE_URL, or bring the stack up without"
                " --no-archive"
            )
        self.schema = doors_schema(settings)
        given = {"synchronous_commit": "on", **options}
        plain = new_database(settings, self.schema.name, **given)
        self.engine: AsyncEngine = plain.execution_options(schema_translate_map={SCHEMA: self.schema.name})
        self.asking = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        """For a single question that is put each second: a transaction around it is two messages more."""

    async def fit(self) -> None:
        """Bring the tables to what this engine writes."""
        await self.schema.fit(self.engine)

    async def close(self) -> None:
        """Let the connections go."""
        await self.engine.dispose()
