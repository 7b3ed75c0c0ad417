"""An edge's position stands behind the markers as well, and what is gone unread stops it: no group's offset is
asked."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from engine.errors import PositionOutOfRange
from engine.kafka.broker_time import BrokerTime
from engine.observability.metrics import StageMetrics
from engine.stream.contracts import Record
from engine.stream.edge_partition import EdgePartition
from tests.support.fetched import fetched
from topics.reference import EngineClock


class Log:
    """A consumer whose log holds so much, and who has read so far."""

    def __init__(self, begin: int, end: int, read: int = 0) -> None:
        self.begin, self.end, self.read = begin, end, read
        self.sought = self.committed = -1

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, self.begin)

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, self.end)

    async def position(self, tp: TopicPartition) -> int:
        return self.read

    def seek(self, tp: TopicPartition, at: int) -> None:
        self.sought = at

    def stand(self, offsets: Mapping[TopicPartition, int]) -> None:
        (self.committed,) = offsets.values()


class Effects:
    """Remembers what it was given to bring about."""

    takes_unreadable = False

    def __init__(self, stands: int = 0, mends: int | None = None) -> None:
        self.stands, self.mends = stands, mends
        self.applied: list[tuple[int, int]] = []

    async def positions(self, slot: str) -> dict[str, int]:
        return {slot: self.stands}

    async def behind(self, slot: str, ours: int, begin: int) -> int:
        return ours if self.mends is None else self.mends

    async def apply(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        self.applied.append((len(records), positions[slot]))


def edge(effects: Effects, log: Any, topic: str) -> EdgePartition:
    """One opening."""
    opening = EdgePartition(
        effects,
        f"{topic}:0",
        TopicPartition(f"t.{topic}", 0),
        prefix="t.",
        consumer=log,
        time=BrokerTime(EngineClock(0, 0, 1)),
        metrics=StageMetrics("edge"),
    )
    opening.stand = log.stand
    return opening


@pytest.mark.parametrize(
    ("topic", "ours", "begin", "end", "mends", "goes_on"),
    [
        ("tickets.decisions", 5, 6, 6, None, 6),
        ("dept.x.replies", 5, 6, 6, None, None),
        ("dept.x.replies", 5, 5, 5, None, 5),
        ("dept.x.replies", 3, 6, 9, None, None),
        ("tickets.decisions", 3, 6, 9, 7, 7),
        ("tickets.decisions", 9, 0, 4, None, None),
    ],
    ids=[
        "only our marker has gone",
        "a reply may have gone",
        "nothing has gone",
        "replies have gone",
        "the view is made anew",
        "made anew",
    ],
)
async def test_it_opens_only_where_nothing_can_have_been_lost(
    topic: str, ours: int, begin: int, end: int, mends: int | None, goes_on: int | None
) -> None:
    """What departments write has no markers: the one offset that is missing may have been a reply."""
    log = Log(begin, end)
    opening = edge(Effects(ours, mends), log, topic)
    if goes_on is None:
        with pytest.raises(PositionOutOfRange):
            await opening.open()
    else:
        await opening.open()
        assert (log.sought, opening.positions) == (goes_on, {topic: goes_on})


async def test_a_log_that_grows_while_the_view_is_made_anew_is_looked_at_again() -> None:
    """The state may hold more than the log did before: that is no position out of range."""
    topic, log = "tickets.decisions", Log(6, 9)

    class Grows(Effects):
        async def behind(self, slot: str, ours: int, begin: int) -> int:
            log.end = 12
            return 11

    await edge(Grows(3), log, topic).open()
    assert log.sought == 11


async def test_it_stands_behind_what_was_read() -> None:
    """With the step where nothing else waits, else when it is idle; and not before what waits is brought about."""
    topic, log, effects = "dept.x.replies", Log(0, 9, read=4), Effects()
    opening = edge(effects, log, topic)
    await opening.open()
    opening.give([fetched(topic, n, b"", b"{}") for n in range(3)])
    opening.budget = 2
    await opening.settle()
    await opening.step()
    assert (effects.applied, log.committed) == ([(2, 2)], 2)
    await opening.step()
    assert (effects.applied[-1], log.committed, opening.positions) == ((1, 4), 4, {topic: 4})
    log.read = 7  # markers and aborted records alone
    await opening.settle()
    await opening.settle()
    assert (effects.applied[2:], log.committed) == ([(0, 7)], 7)
