"""Whether a pack was published since: one question every two seconds, over a connection that is kept.

A reader made anew for it each time cost the gateway and the broker twelve messages and a connection, for nothing new.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiokafka import TopicPartition

from engine.kafka.port import Log, Reader
from topics.registry import REFERENCE


class Published:
    """Looks where ``reference`` ends, and has it read on where it has grown."""

    def __init__(self, engine_log: Log, read_on: Callable[[], Awaitable[None]]) -> None:
        """Nothing is connected before the first look."""
        self._log, self._read_on = engine_log, read_on
        self._tp = TopicPartition(engine_log.prefix + REFERENCE.name, 0)
        self._kept = AsyncExitStack()
        self._reader: Reader | None = None
        self._end = -1

    async def look(self) -> None:
        """Look once; after any fault by another connection the next time.

        Raises:
            KafkaFault: No broker answers.
        """
        try:
            if self._reader is None:
                self._reader = await self._kept.enter_async_context(self._log.reading([self._tp]))
                self._reader.pause(self._tp)  # nothing is fetched by it
            end = (await self._reader.end_offsets([self._tp]))[self._tp]
            if end != self._end:
                await self._read_on()
                self._end = end
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let the connection go."""
        self._reader = None
        await self._kept.aclose()
