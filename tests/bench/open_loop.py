"""Reports at moments planned beforehand: a pause of whoever is measured delays none of them, so it shows in all of them
(no coordinated omission)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.kafka import clients
from engine.settings import Settings


async def sent_at(moments: Sequence[float], send: Callable[[int], Awaitable[Any]]) -> float:
    """Do the nth at its moment of the wall clock; answers by how many seconds the sender itself was late at most."""
    late = 0.0
    for number, moment in enumerate(moments):
        ahead = moment - time.time()
        if ahead > 0.0005:
            await asyncio.sleep(ahead)
        late = max(late, time.time() - moment)
        await send(number)
    return late


def planned(begin: float, rate: int, seconds: float) -> list[float]:
    """Moments at a rate."""
    return [begin + number / rate for number in range(int(rate * seconds))]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so much of them lies below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def curve(values: Sequence[float], points: int = 100) -> list[tuple[float, float]]:
    """Percent of them and how long they took, to be drawn."""
    return [(at, quantile(values, at / points)) for at in range(points + 1)]


class Watch:
    """Reads some partitions from now on, as they are committed, and hands on each record and when it was seen."""

    def __init__(self, settings: Settings, tps: Sequence[TopicPartition], see: Callable[[Any, float], None]) -> None:
        self._settings, self._tps, self._see = settings, list(tps), see
        self._reader: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Watch":
        """Begin; whatever comes from here on is seen."""
        self._reader = reader = clients.watcher(self._settings, fetch_max_wait_ms=20)
        await reader.start()
        reader.assign(self._tps)
        await reader.seek_to_end()
        for tp in self._tps:
            await reader.position(tp)
        self._task = asyncio.create_task(self._read(reader))
        return self

    async def _read(self, reader: AIOKafkaConsumer) -> None:
        while True:
            for records in (await reader.getmany(timeout_ms=200)).values():
                now = time.time()
                for one in records:
                    self._see(one, now)

    async def __aexit__(self, *_: object) -> None:
        """End."""
        assert self._task is not None and self._reader is not None
        self._task.cancel()
        [fault] = await asyncio.gather(self._task, return_exceptions=True)
        await self._reader.stop()
        if not isinstance(fault, asyncio.CancelledError):
            raise AssertionError("whoever watched has stopped watching") from fault
