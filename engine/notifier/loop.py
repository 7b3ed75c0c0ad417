"""The sending loop: makes deliveries of what is new, and sends to each target by itself, so that nobody waits for
another."""

import asyncio
import logging
from collections.abc import Sequence

from engine.calling_off import called_off
from engine.doors.deliveries import Deliveries
from engine.doors.retention import tidy
from engine.doors.store import Doors
from engine.errors import DependencyDown
from engine.notifier.line import Line
from engine.notifier.pauses import Pauses
from engine.notifier.port import Kind
from engine.notifier.turns import Turns
from engine.observability.metrics import StageMetrics

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often something new is looked for; one question of PostgreSQL, 1 ms."""
FIGURES_SECONDS = 15.0
TIDY_SECONDS = 86_400.0
MOST_LINES = 500
"""Targets that are sent to at the same time, each with up to four connections."""
DRAIN_SECONDS = 2.0
"""What is under way has so long to end once TERM has come; the supervisor waits five."""
LONG_SECONDS = 3600.0
"""A target that has failed for so long is counted as failing."""


class SendingLoop:
    """One process' loop over all kinds of targets."""

    def __init__(
        self, doors: Doors, kinds: Sequence[Kind], pauses: Pauses, *, metrics: StageMetrics, keep_days: int
    ) -> None:
        """Put it together."""
        self._doors, self._kinds, self._pauses = doors, kinds, pauses
        self._metrics, self._keep_days = metrics, keep_days
        self._deliveries, self._turns = Deliveries(doors), Turns(doors)
        self._lines: dict[str, asyncio.Task[None]] = {}
        self._sending: dict[str, Line] = {}
        self._is_ending = False
        self._told_at = self._tidied_at = float("-inf")
        self.answered_at = float("-inf")
        """Loop time when PostgreSQL last answered."""

    async def run(self) -> None:
        """Go on until cancelled; a database that is away is waited for."""
        try:
            while True:
                has_more = False
                try:
                    has_more = await self._round()
                    self.answered_at = self._now()
                except DependencyDown as exc:
                    log.warning("%s; what is due waits", exc)
                    await self._let_go()
                await asyncio.sleep(0 if has_more else LOOK_SECONDS)
        finally:
            await self._let_go()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _round(self) -> bool:
        """Look once; whether there is more to look at."""
        await self._turns.open()
        await self._reap()
        looked = 0
        for kind in self._kinds:
            looked += await kind.spread()
        room = MOST_LINES - len(self._lines)
        for target in await self._deliveries.due(MOST_LINES) if room > 0 else ():
            if target not in self._lines and len(self._lines) < MOST_LINES:
                await self._begin(target)
        await self._now_and_then()
        return looked > 0

    async def _begin(self, target: str) -> None:
        kind = next((one for one in self._kinds if target.startswith(one.prefix)), None)
        if kind is not None and not self._is_ending and await self._turns.take(target):
            line = Line(target, kind, deliveries=self._deliveries, pauses=self._pauses, metrics=self._metrics)
            self._sending[target] = line
            self._lines[target] = asyncio.create_task(self._run(target, line))

    async def _run(self, target: str, line: Line) -> None:
        try:
            await line.run()
        finally:
            await self._turns.leave(target)

    async def _reap(self) -> None:
        """Take out the lines that have ended.

        Raises:
            DependencyDown: One ended by that.
        """
        ended = {name: task for name, task in self._lines.items() if task.done()}
        for name in ended:
            del self._lines[name], self._sending[name]
        for task in ended.values():
            task.result()

    async def _now_and_then(self) -> None:
        if self._now() - self._told_at >= FIGURES_SECONDS:
            self._told_at = self._now()
            figures = await self._deliveries.figures(LONG_SECONDS)
            self._metrics.gauge("deliveries_waiting", figures["waiting"])
            self._metrics.gauge("targets_failing", figures["failing"])
        if self._now() - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = self._now()
            if gone := await tidy(self._doors, self._keep_days):
                log.info("%d events of departments were dropped by their age", gone)

    async def drain(self) -> None:
        """Let what is under way come to its end for a moment, so that a restart sends little twice."""
        self._is_ending = True
        for line in self._sending.values():
            line.is_ending = True
        if self._lines:
            await asyncio.wait(self._lines.values(), timeout=DRAIN_SECONDS)

    async def _let_go(self) -> None:
        """End all lines and leave all targets: another may have them, and what was under way is sent again."""
        await called_off(*self._lines.values())
        self._lines.clear()
        self._sending.clear()
        await self._turns.close()
