"""Whether a partition that has no marker has begun before: to begin anew would do all of its work a second time
(DESIGN 5.3)."""

from collections.abc import Awaitable, Callable, Iterable

from aiokafka import TopicPartition

from engine.kafka.fetched_batches import Loose
from engine.kafka.port import Log, Reader
from engine.kafka.reference import last_records
from topics.registry import DECISIONS, STATE, TopicSpec


async def has_begun(
    log: Log,
    reader: Reader,
    state: TopicSpec,
    number: int,
    partitions: int,
    outputs: Callable[[], Awaitable[Iterable[TopicSpec]]],
) -> bool:
    """Look at what it may have left behind, whatever the group still knows.

    Decisions lie in the partition's own number; what intake and fan-out write lies anywhere: it is theirs where the
    whole of their state is gone, for the first opening of any partition writes a marker before anything else.

    Args:
        log: Of the stack.
        reader: To ask where partitions begin and end.
        state: The topic that has no marker of the partition.
        number: The partition.
        partitions: How many the stage has.
        outputs: Tells what the stage writes beside its state and decisions.
    """
    own = [TopicPartition(log.prefix + state.name, n) for n in range(partitions)]
    if (await reader.beginning_offsets(own))[own[number]] > 0:
        return True  # a compacted topic begins at 0, unless somebody has deleted its records
    if state is STATE:
        decisions = TopicPartition(log.prefix + DECISIONS.name, number)
        return (await reader.end_offsets([decisions]))[decisions] > 0
    if any((await reader.end_offsets(own)).values()):
        return False
    return await _written(log, reader, await outputs(), partitions)


async def _written(log: Log, reader: Reader, topics: Iterable[TopicSpec], partitions: int) -> bool:
    """Whether a stage of ours has written to any of these; what a stranger wrote there is no work of ours."""
    found = {spec.name: range(spec.partitions or partitions) for spec in topics}
    tps = [TopicPartition(log.prefix + name, n) for name, numbers in found.items() for n in numbers]
    ends = await reader.end_offsets(tps) if tps else {}
    for name in sorted({tp.topic.removeprefix(log.prefix) for tp, end in ends.items() if end}):
        if await last_records(log, name, found[name], lambda record: type(record) is not Loose):
            return True
    return False
