"""Sending to one target: a few messages at a time, of each ticket one, until nothing is due."""

import asyncio
import logging

from engine.calling_off import called_off
from engine.doors.deliveries import Deliveries, Message, Target
from engine.notifier.pauses import FAILING, Pauses
from engine.notifier.port import Answer, Kind, Sender
from engine.observability.metrics import StageMetrics

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Messages under way to one target."""
KNOWN_SECONDS = 2.0
"""Address and secrets are read again after so long."""


class Line:
    """One target's messages, while some are due."""

    def __init__(
        self, target: str, kind: Kind, *, deliveries: Deliveries, pauses: Pauses, metrics: StageMetrics
    ) -> None:
        """Read nothing yet."""
        self._target, self._kind, self._deliveries = target, kind, deliveries
        self._pauses, self._metrics = pauses, metrics
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._sender: Sender | None = None
        self.is_ending = False
        """Nothing new is sent off; what is under way comes to its end."""
        self._known_at = float("-inf")

    async def run(self) -> None:
        """Send until nothing is due any more.

        Raises:
            DependencyDown: PostgreSQL is away; what was under way is sent again.
        """
        try:
            while await self._take() or self._flying:
                done, _ = await asyncio.wait(self._flying.values(), return_when=asyncio.FIRST_COMPLETED)
                self._flying = {name: task for name, task in self._flying.items() if task not in done}
                for task in done:
                    task.result()
        finally:
            await called_off(*self._flying.values())

    async def _take(self) -> bool:
        """Send off what may go now."""
        if self.is_ending:
            return False
        target = await self._deliveries.target(self._target)
        if target is None or target.state != "active" or target.rests:
            return False
        room = (1 if target.failures >= FAILING else AT_ONCE) - len(self._flying)
        if room <= 0:
            return False
        heads = await self._deliveries.heads(self._target, self._flying, room)
        sender = await self._way() if heads else None
        if sender is None:
            return False
        for message in heads:
            self._flying[message.id] = asyncio.create_task(self._try(target, sender, message))
        return bool(heads)

    async def _way(self) -> Sender | None:
        now = asyncio.get_running_loop().time()
        if now - self._known_at > KNOWN_SECONDS:
            self._sender, self._known_at = await self._kind.open(self._target), now
        return self._sender

    async def _try(self, target: Target, sender: Sender, message: Message) -> None:
        """Send one, and note what came of it."""
        try:
            answer = await sender.send(message)
        except Exception:
            self._metrics.count("alarms", "sending_failed")
            log.exception("sending to %s failed", self._target)
            answer = Answer(is_taken=False, said="a fault of ours; it is in our log")
        name = self._kind.prefix.rstrip(":")
        if answer.is_taken:
            await self._deliveries.sent(self._target, message.id, answer.status, answer.said)
            self._metrics.count("deliveries", name, "sent")
            return
        # how it stands by now: of four that were under way three have failed meanwhile
        now = await self._deliveries.target(self._target) or target
        then = self._pauses.after(now, message, answer)
        await self._deliveries.failed(self._target, message.id, (answer.status, answer.said), then)
        self._metrics.count("deliveries", name, "given_up" if then.gives_up else "failed")
        if then.state != "active":
            log.warning("%s is %s: %s", self._target, then.state, then.why)
