"""One partition of an edge stage: effect first, then the position; effects are idempotent, nothing is transactional."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from aiokafka import TopicPartition

from engine.errors import OwnRecordUnreadable, PositionOutOfRange
from engine.kafka.broker_time import BrokerTime
from engine.kafka.port import Reader
from engine.observability.metrics import StageMetrics
from engine.stream.contracts import Edge, Record
from engine.stream.ends import reach_of
from engine.stream.limits import MAX_CAUSES
from engine.stream.passed_by import passed_by
from engine.stream.positions import nothing_lost
from topics.ids import Instant


class EdgePartition:
    """One opening of one input partition of the projector or of replies."""

    def __init__(
        self,
        edge: Edge,
        slot: str,
        tp: TopicPartition,
        *,
        prefix: str,
        consumer: Reader,
        time: BrokerTime,
        metrics: StageMetrics,
    ) -> None:
        """Prepare; ``slot`` is ``<logical topic>:<partition>``."""
        self._edge, self._slot, self._consumer, self._metrics = edge, slot, consumer, metrics
        self._tp, self._topic = tp, slot.rsplit(":", 1)[0]
        self.time = time
        self.pending: deque[Record] = deque()
        self.budget = MAX_CAUSES
        self.hurried: Callable[[], bool] = lambda: False
        self.stand: Callable[[Mapping[TopicPartition, int]], None] = lambda offsets: None
        self.took: Callable[[float, int], None] = lambda seconds, causes: None
        self.positions: dict[str, int] = {}

    @property
    def tps(self) -> list[TopicPartition]:
        """The one input partition."""
        return [self._tp]

    def give(self, records: Sequence[Record]) -> None:
        """Queue records that were fetched."""
        self.pending.extend(records)

    def waiting(self) -> int:
        """How many records wait."""
        return len(self.pending)

    async def open(self) -> None:
        """Seek to where the effects stand.

        Raises:
            PositionOutOfRange: The log does not hold that position.
        """
        ours = (await self._edge.positions(self._slot)).get(self._slot, 0)
        begin, end = await self._holds()
        if ours < begin:
            if nothing_lost(self._topic, ours, begin, end):
                ours = begin
            else:
                ours = await self._edge.behind(self._slot, ours, begin)
                begin, end = await self._holds()  # that took its time: the log was written, and the state with it
        if not begin <= ours <= end:
            raise PositionOutOfRange(
                f"{self._slot}: stands at {ours}, the log holds {begin} to {end}; rebuild the view, or restore the"
                " topic",
                topic=self._topic,
                partition=self._tp.partition,
                offset=ours,
            )
        self._consumer.seek(self._tp, ours)
        self.positions[self._topic] = ours

    async def _holds(self) -> tuple[int, int]:
        """From where to where the log goes now."""
        begins, ends = await reach_of(self._consumer, [self._tp])
        return begins[self._tp], ends[self._tp]

    async def has_work(self) -> bool:
        """Whether records wait."""
        return bool(self.pending)

    async def step(self) -> None:
        """Bring about the effects of what waits, then remember how far."""
        records = list(islice(self.pending, self.budget))
        position = records[-1].offset + 1
        if len(records) == len(self.pending):  # nothing else waits: the effects stand behind the markers as well
            position = max(position, await self._read())
        readable = [record for record in records if not self._passes(record)]
        await self._edge.apply(self._slot, readable, {self._slot: position})
        for _ in records:
            self.pending.popleft()
        self.positions[self._topic] = position
        self.stand({self._tp: position})
        self._metrics.count("records_taken", self._metrics.stage, by=len(records))
        self._metrics.count("steps", self._metrics.stage)

    def _passes(self, record: Record) -> bool:
        """Whether a record is passed by without an effect; one of our own that cannot be read stops the partition."""
        if not record.unreadable:
            return False
        if not record.loose:
            raise OwnRecordUnreadable(
                f"{record.id} is ours and cannot be read ({record.unreadable}); restore {record.topic}",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
            )
        passed_by(self._metrics, record, record.unreadable)
        return not self._edge.takes_unreadable

    async def settle(self) -> None:
        """Move the position behind markers and aborted records: left behind, it would fall off the log's beginning
        unexplained."""
        read = await self._read()
        if read > self.positions.get(self._topic, 0) and not self.pending:
            await self._edge.apply(self._slot, [], {self._slot: read})
            self.positions[self._topic] = read
            self.stand({self._tp: read})

    async def _read(self) -> int:
        """How far the log was read."""
        found: int = await self._consumer.position(self._tp)
        return found

    def wants_barrier(self) -> bool:
        """Edges have no clocks."""
        return False

    def barrier(self, observed_at: Instant, end: int) -> None:
        """Edges have no clocks."""

    def seconds_to_next_due(self) -> float:
        """Edges have no clocks."""
        return 3600.0

    def overdue_seconds(self) -> float:
        """Edges have no clocks."""
        return 0.0

    async def close(self) -> None:
        """Nothing is held."""
