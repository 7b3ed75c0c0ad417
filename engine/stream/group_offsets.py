"""Where the group stands, for whoever looks at lag (decision 0023). Nothing is decided by it: where a partition goes on
is a record of its own."""

import asyncio
import logging
from collections.abc import Mapping

from aiokafka import TopicPartition

from engine.kafka.driver_errors import KafkaFault
from engine.kafka.port import Reader
from engine.observability.json_logging import told
from engine.stream.crash_points import CrashPoint

log = logging.getLogger(__name__)

TELL_SECONDS = 1.0
"""The group is told so often, of all partitions at once: inside each transaction it would cost as much as all the
rest."""

FAREWELL_SECONDS = 2.0
"""Longest that letting partitions go waits for it."""


class GroupOffsets:
    """Those of one process."""

    def __init__(self, consumer: Reader, crash: CrashPoint) -> None:
        """Nothing is to be told."""
        self._consumer, self._crash = consumer, crash
        self._latest: dict[TopicPartition, int] = {}

    def stand(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Take the next offset of each, once what was read before it is committed and not earlier."""
        self._latest.update(offsets)

    async def run(self) -> None:
        """Tell the group, over and over, until cancelled."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            await self.tell()

    async def farewell(self) -> None:
        """Tell it what is left, before partitions are let go; a group that does not answer keeps nobody."""
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self.tell()
        except TimeoutError:
            log.debug("the group was not told where it stands: no answer in %.0f s", FAREWELL_SECONDS)
        self._latest = {}

    async def tell(self) -> None:
        """Tell it what is new; what it does not take is told the next time, as long as the partition is ours."""
        owned = set(self._consumer.assignment())
        offsets, self._latest = {tp: at for tp, at in self._latest.items() if tp in owned}, {}
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (KafkaFault, OSError) as exc:
            log.debug("the group was not told where it stands: %s", told(exc))
            self._latest = {**offsets, **self._latest}
        else:
            self._crash.at("offsets")
