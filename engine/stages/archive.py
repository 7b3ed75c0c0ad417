"""The archive's stage: folds the log into PostgreSQL, effect and position in one transaction."""

import logging
from collections.abc import Sequence

from engine.archive.fold import Read, packs_of, ticket_row
from engine.archive.store import Archive
from engine.chain.running import Chains
from engine.errors import PositionOutOfRange
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import own_fault, read_own
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.pack_cache import Laws
from engine.stream.contracts import Record
from engine.stream.passed_by import passed_by
from engine.views.from_state import image_of, overdue_since
from engine.views.same_log import of_another
from topics import codec
from topics.decision import Decision
from topics.registry import DECISIONS, STATE
from topics.ticket import Ticket
from topics.unreadable import UNREADABLE

log = logging.getLogger(__name__)


class Archivist:
    """The edge that reads ``tickets.decisions`` and keeps the archive."""

    takes_unreadable = False

    def __init__(self, settings: Settings, metrics: StageMetrics, laws: Laws) -> None:
        """Connect lazily."""
        self.archive, self._log = Archive(settings), KafkaLog(settings)
        self._settings, self._metrics, self._laws = settings, metrics, laws
        self._at: dict[int, int] = {}
        self._chains = Chains(settings, metrics)

    async def positions(self, slot: str) -> dict[str, int]:
        """Read where the archive stands: it remembers itself.

        Raises:
            PositionOutOfRange: It was made from another log than is there.
        """
        await self.archive.fit()
        partition = int(slot.rsplit(":", 1)[1])
        self._at[partition] = (await self.archive.positions()).get(partition, 0)
        if self._at[partition] and (last := await self.archive.last(partition)) is not None:
            await self._demand_same_log(partition, last)
        self._chains.hold(DECISIONS.name, partition)
        return {slot: self._at[partition]}

    async def _demand_same_log(self, partition: int, last: tuple[int, int]) -> None:
        if await of_another(self._log, {partition: last}):
            raise PositionOutOfRange(
                f"{DECISIONS.name}/{partition}: the archive was made from another log: what stands at offset {last[0]}"
                f" now was not written at {last[1]}; the topic was put back to an older copy or made anew."
                " 'gridwhistle archive rebuild', then start this stage again",
                topic=DECISIONS.name,
                partition=partition,
                offset=last[0],
            )

    async def behind(self, slot: str, ours: int, begin: int) -> int:
        """What the log no longer tells is gone, and noted as a gap; the tickets themselves are in the state."""
        partition = int(slot.rsplit(":", 1)[1])
        log.error(
            "%s: the archive stands at %d, the log begins at %d; what lies between is not in the archive, tickets are"
            " taken from %s",
            slot,
            ours,
            begin,
            STATE.name,
        )
        self._metrics.count("alarms", "archive_gap")
        images = (await image_of(self._settings, partition)).tickets
        tickets = {
            name: read_own(f"{STATE.name}/{partition} t:{name}", value, Ticket) for name, value in images.items()
        }
        await self._laws.have({ticket.pack for ticket in tickets.values()})
        rows = [
            ticket_row(partition, images[name], ticket, _changed(ticket), self._laws.laws.get(ticket.pack))
            for name, ticket in tickets.items()
        ]
        await self.archive.seed(partition, rows, (ours, begin))
        self._at[partition] = begin
        return begin

    async def apply(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        """Fold the decisions and store the position, in one transaction."""
        partition = int(slot.rsplit(":", 1)[1])
        reads = [read for record in records if (read := self._read(record)) is not None]
        await self._laws.have(packs_of(reads))
        last = (records[-1].offset, records[-1].appended_ms) if records else None
        await self.archive.write(partition, reads, self._laws.laws, self._at[partition], positions[slot], last)
        self._chains.take(DECISIONS.name, partition, self._at[partition], records, positions[slot])
        self._at[partition] = positions[slot]

    def _read(self, record: Record) -> Read | None:
        """Read one decision; what a stranger wrote is none, one of ours that cannot be read stops the partition."""
        if record.loose:
            passed_by(self._metrics, record, "no stage of ours has written it")
            return None
        value = record.value or b""
        try:
            return Read(
                partition=record.partition, position=record.offset, value=value, decision=codec.decode(value, Decision)
            )
        except (*UNREADABLE, ValueError) as exc:
            raise own_fault(record.id, record.topic, value, Decision, exc, record.partition, record.offset) from exc

    async def close(self) -> None:
        """Let the connections go."""
        await self._chains.close()
        await self.archive.close()


def _changed(ticket: Ticket) -> int:
    """When a ticket changed last, as far as its image knows."""
    return max(
        ticket.received_at,
        ticket.filed_at or 0,
        ticket.finished_at or 0,
        ticket.closed_at or 0,
        overdue_since(ticket) if ticket.is_overdue else 0,
    )
