"""The projector: folds the log into the live queues, and starts over where the view was emptied."""

import logging
from collections.abc import Sequence

from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import own_fault
from engine.kafka.port import Log
from engine.observability.json_logging import told
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.pack_cache import Laws
from engine.stream.contracts import Record
from engine.stream.passed_by import passed_by
from engine.views import foldable
from engine.views.folded_last import folded_last, written
from engine.views.from_state import rebuild
from engine.views.redis_view import AT_ONCE, RedisView
from engine.views.rows import read_foldable
from engine.views.same_log import demand_same_log
from topics.decision import Decision
from topics.registry import STATE
from topics.unreadable import UNREADABLE

log = logging.getLogger(__name__)


class Projector:
    """The edge that reads ``tickets.decisions`` and keeps the view in Redis."""

    takes_unreadable = False

    def __init__(
        self, settings: Settings, metrics: StageMetrics, log: Log | None = None, laws: Laws | None = None
    ) -> None:
        """Connect lazily; rows are labelled by ``laws``."""
        self._log = log or KafkaLog(settings)
        self.view = RedisView(settings) if laws is None else RedisView(settings, laws=laws.laws, learn=laws.refresh)
        self._settings, self._metrics = settings, metrics
        self._at: dict[int, int] = {}

    async def positions(self, slot: str) -> dict[str, int]:
        """Read where the view stands; the view itself remembers.

        Raises:
            PositionOutOfRange: It was made from another log than is there.
        """
        await self.view.fit()
        partition = int(slot.rsplit(":", 1)[1])
        self._at[partition] = (await self.view.positions()).get(partition, 0)
        if self._at[partition] and (last := await folded_last(self.view, partition)) is not None:
            await demand_same_log(self._log, partition, *last)
        return {slot: self._at[partition]}

    async def behind(self, slot: str, ours: int, begin: int) -> int:
        """What the log no longer tells is in the state: make this partition of the view anew from there."""
        partition = int(slot.rsplit(":", 1)[1])
        log.error(
            "%s: the view stands at %d, the log begins at %d; it is made anew from %s", slot, ours, begin, STATE.name
        )
        self._metrics.count("alarms", "view_rebuilt")
        self._at[partition] = await rebuild(self.view, self._settings, partition, ours, begin)
        log.error("%s: the view is made anew and goes on from %d", slot, self._at[partition])
        return self._at[partition]

    async def apply(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        """Fold the decisions and store the position with them, some of them in each call of the script."""
        partition = int(slot.rsplit(":", 1)[1])
        for first in range(0, len(records) or 1, AT_ONCE):
            some = records[first : first + AT_ONCE]
            is_last = first + AT_ONCE >= len(records)
            await self._fold(partition, some, positions[slot] if is_last else some[-1].offset + 1)

    async def _fold(self, partition: int, records: Sequence[Record], after: int) -> None:
        decisions = [decision for record in records if (decision := self._decision(record)) is not None]
        last = written(records[-1].offset, records[-1].appended_ms) if records else ""
        await self.view.fold(partition, decisions, self._at[partition], after, last=last)
        self._at[partition] = after

    def _decision(self, record: Record) -> Decision | None:
        """Read one decision; what a stranger wrote is passed by, one of ours that cannot be read stops the
        partition."""
        try:
            return read_foldable(record.value or b"") if record.loose else foldable.read(record.value or b"")
        except (*UNREADABLE, ValueError, KeyError) as exc:
            if not record.loose:
                raise own_fault(
                    record.id, record.topic, record.value, Decision, exc, record.partition, record.offset
                ) from exc
            passed_by(self._metrics, record, told(exc))
            return None

    async def close(self) -> None:
        """Let the connection go."""
        await self.view.close()
