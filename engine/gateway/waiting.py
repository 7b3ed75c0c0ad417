"""Who waits for which decision: one table for all requests of the process, filled by the one tail."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rules.masking.masker import masked_name
from topics.command import Actor
from topics.decision import Decision

Name = tuple[int, str, str]
"""Partition, command id, and who gave it as decisions name them."""


class Waiting:
    """Hands out decisions by the command they answer."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._futures: dict[Name, list[asyncio.Future[Decision]]] = {}

    @contextmanager
    def of(self, partition: int, command_id: str, actor: Actor) -> Iterator[asyncio.Future[Decision]]:
        """Wait from before it is sent, so that no answer is faster."""
        name = (partition, command_id, masked_name(f"{actor.role}:{actor.person}"))
        future = asyncio.get_running_loop().create_future()
        self._futures.setdefault(name, []).append(future)
        try:
            yield future
        finally:
            waiting = self._futures[name]
            waiting.remove(future)
            if not waiting:
                del self._futures[name]

    def decided(self, partition: int, offset: int, decision: Decision) -> None:
        """Tell whoever waits for this one."""
        if decision.command_id is None or not self._futures:
            return
        for future in self._futures.get((partition, decision.command_id, masked_name(decision.actor or "")), ()):
            if not future.done():
                future.set_result(decision)
