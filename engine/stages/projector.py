"""The projector: folds the log into the live queues, and starts over where the view was emptied."""

from collections.abc import Sequence

from engine.settings import Settings
from engine.stage import Record
from engine.views.redis_view import RedisView
from topics import codec
from topics.decision import Decision


class Projector:
    """The edge that reads ``tickets.decisions`` and keeps the view in Redis."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily."""
        self.view = RedisView(settings)
        self._at: dict[int, int] = {}

    async def positions(self, slot: str) -> dict[str, int]:
        """Read where the view stands; the view itself remembers."""
        await self.view.fit()
        partition = int(slot.rsplit(":", 1)[1])
        self._at[partition] = (await self.view.positions()).get(partition, 0)
        return {slot: self._at[partition]}

    async def apply(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        """Fold the decisions and store the position, in one script."""
        partition = records[0].partition
        decisions = [codec.decode(record.value or b"", Decision) for record in records]
        await self.view.fold(partition, decisions, self._at[partition], positions[slot])
        self._at[partition] = positions[slot]

    async def close(self) -> None:
        """Let the connection go."""
        await self.view.close()
