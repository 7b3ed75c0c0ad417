"""Departments that are no longer in the law in force: their webhooks rest, and stay at rest should the code come back.

Whoever has the code then may be somebody else, and is not to be told where the former one's events went, nor the former
one what becomes of the new one's.
"""

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import DependencyDown
from engine.gateway.problems import Problem

if TYPE_CHECKING:
    from engine.gateway.world import World

log = logging.getLogger(__name__)


class Departed:
    """Looks whenever another pack is in force, and once at the beginning."""

    def __init__(self, world: "World") -> None:
        """Nothing is looked at yet."""
        self._world, self.looked_at = world, ""
        """And the pack by which it was looked last."""

    async def look(self) -> None:
        """Let the webhooks of who has left rest; with the database away it is done later."""
        world = self._world
        if not world.settings.database_url or world.packs.current() == self.looked_at:
            return
        law = world.packs.laws[world.packs.current()]
        with suppress(DependencyDown, Problem):
            from engine.doors.webhooks import Webhooks

            for department, name in await Webhooks(await world.doors()).leave(sorted(law.departments)):
                world.metrics.count("alarms", "department_left")
                log.warning("webhook %s rests: %s is not in the law in force", name, department)
            self.looked_at = law.ref
