"""Reads on in a topic, from where it was left to where it ends now: for who looks now and then, without a group."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from aiokafka import ConsumerRecord, TopicPartition

from engine.errors import GridwhistleError
from engine.kafka.port import Log


class Following:
    """Where each partition of a logical topic was left."""

    def __init__(self, log: Log, topic: str, partitions: Iterable[int], *, latest: int | None = None) -> None:
        """Begin where the topic does; with ``latest`` not further back than so many offsets."""
        self._log, self._latest = log, latest
        self._tps = [TopicPartition(log.prefix + topic, number) for number in partitions]
        self.next: dict[int, int] = {}

    async def new(self) -> AsyncIterator[list[ConsumerRecord]]:
        """Give what has come since, piece by piece.

        Raises:
            LogCutShort: A partition ends before where it was left: it was made anew, or put back.
        """
        async with self._log.reading(self._tps) as reader:
            ends, begins = await reader.end_offsets(self._tps), await reader.beginning_offsets(self._tps)
            for tp in self._tps:
                reader.seek(tp, max(begins[tp], self._from(tp, begins[tp], ends[tp])))
            while left := [tp for tp in self._tps if await reader.position(tp) < ends[tp]]:
                for tp, records in (await reader.getmany(*left, timeout_ms=500)).items():
                    yield records
                    self.next[tp.partition] = records[-1].offset + 1
                await asyncio.sleep(0)
            self.next |= {tp.partition: max(self.next.get(tp.partition, 0), ends[tp]) for tp in self._tps}

    def _from(self, tp: TopicPartition, begin: int, end: int) -> int:
        here = self.next.get(tp.partition)
        if here is None:
            return begin if self._latest is None else end - self._latest
        if here > end:
            raise LogCutShort(f"{tp.topic}/{tp.partition} ends at {end}, and had {here}")
        return here

    async def bounds(self, partition: int) -> tuple[int, int]:
        """From where to where a partition goes now."""
        (tp,) = (tp for tp in self._tps if tp.partition == partition)
        async with self._log.reading([tp]) as reader:
            return (await reader.beginning_offsets([tp]))[tp], (await reader.end_offsets([tp]))[tp]

    async def at(self, partition: int, offset: int) -> ConsumerRecord | None:
        """Give one record; ``None``: it is no longer there."""
        (tp,) = (tp for tp in self._tps if tp.partition == partition)
        async with self._log.reading([tp]) as reader:
            begin, end = (await reader.beginning_offsets([tp]))[tp], (await reader.end_offsets([tp]))[tp]
            if not begin <= offset < end:
                return None
            reader.seek(tp, offset)
            while await reader.position(tp) < end:
                for record in (await reader.getmany(tp, timeout_ms=500)).get(tp, ()):
                    return record if record.offset == offset else None
        return None


class LogCutShort(GridwhistleError):
    """A topic is not the one that was read."""
