"""What a slot drives: one opening of one partition, whether its stage writes in transactions or not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from aiokafka import TopicPartition

from engine.kafka.broker_time import BrokerTime
from engine.stream.contracts import Record
from topics.ids import Instant


class Opening(Protocol):
    """What a slot drives: one opening of one partition, with transactions (``Partition``) or without
    (``EdgePartition``)."""

    time: BrokerTime
    budget: int
    """Most causes that a step may take."""
    hurried: Callable[[], bool]
    """Whether a step is to be short, as clocks are due in this process, here or elsewhere."""
    stand: Callable[[Mapping[TopicPartition, int]], None]
    """Takes where the group stands, once that is committed."""
    took: Callable[[float, int], None]
    """Takes how many seconds a transaction took, and how many causes it carried."""
    positions: dict[str, int]
    """Logical topic -> next offset to be decided, as far as is committed."""

    @property
    def pending(self) -> Iterable[Record]: ...
    @property
    def tps(self) -> list[TopicPartition]: ...
    def give(self, records: Sequence[Record]) -> None:
        """Queue records that were fetched."""

    def waiting(self) -> int:
        """How many records wait."""

    async def open(self) -> None:
        """Make ready; the consumer is sought to the stored positions."""

    async def has_work(self) -> bool:
        """Whether a step would do something."""

    async def step(self) -> None:
        """Do one step."""

    async def settle(self) -> None:
        """Nothing is left to do: move positions behind what is no record."""

    def wants_barrier(self) -> bool:
        """Whether a due clock waits for the end of ``commands``."""

    def barrier(self, observed_at: Instant, end: int) -> None:
        """Take the end of ``commands``."""

    def seconds_to_next_due(self) -> float:
        """Wall seconds to the next clock."""

    def overdue_seconds(self) -> float:
        """Engine seconds since the oldest clock was due."""

    async def close(self) -> None:
        """Let go of everything."""
