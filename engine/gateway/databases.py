"""The database as a handler asks it: where there is none, or it is away, whoever asked is told so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from engine.errors import DependencyDown
from engine.gateway.problems import away
from engine.gateway.world import World

if TYPE_CHECKING:  # it brings SQLAlchemy, and a gateway without a database does without
    from engine.doors.store import Doors


@asynccontextmanager
async def doors_of(world: World, what: str) -> AsyncIterator["Doors"]:
    """Give what lies with the departments' events, of which ``what`` is asked.

    Raises:
        Problem: There is no database, or it is away.
    """
    try:
        yield await world.doors()
    except DependencyDown as exc:
        raise away(f"the database of {what}") from exc
