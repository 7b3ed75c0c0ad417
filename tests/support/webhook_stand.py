"""Doors of a stack, a receiver and webhooks that lead to it: what the tests of webhooks stand on."""

import asyncio
import json
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.calling_off import called_off
from engine.doors.deliveries import Deliveries
from engine.doors.outbox import put_events
from engine.doors.store import Doors
from engine.doors.webhooks import Subscription, Webhooks
from engine.notifier.http import Poster
from engine.notifier.loop import SendingLoop
from engine.notifier.pauses import Pauses
from engine.notifier.signed import WebhookKind
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from tests.support.receiver import Behaviour, Receiver

AT = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


REACH = {"GRIDWHISTLE_WEBHOOK_REACH": "loopback", "GRIDWHISTLE_WEBHOOK_FIRST_PAUSE_SECONDS": "0.05"}


class Stand:
    """Doors of a stack, a receiver, and webhooks that lead to it."""

    def __init__(self, settings: Settings, receiver: Receiver) -> None:
        self.settings, self.receiver = settings, receiver
        self.doors = Doors(settings)
        self.webhooks, self.deliveries = Webhooks(self.doors), Deliveries(self.doors)
        self.ids: dict[str, str] = {}
        self.metrics = StageMetrics("notifier")
        self._made = 0

    async def subscribe(self, path: str, condition: str = "", department: str = "cg", past: bool = False) -> str:
        """A webhook to one of the receiver's paths."""
        wanted = Subscription(
            department=department, url=self.receiver.url(path), filter=condition, since=AT, has_past=past
        )
        self.ids[path], secret = await self.webhooks.add(wanted, "person:desk:a")
        self.receiver.secrets.setdefault(path, []).append(secret)
        return self.ids[path]

    async def tell(self, count: int, tickets: int = 5, department: str = "cg") -> list[tuple[str, str]]:
        """Events of some tickets in turn; answers ids with their tickets."""
        rows = []
        for number in range(self._made, self._made + count):
            ticket = f"east-20260302-{number % tickets}"
            body = {"id": f"commands:0:{number}#{department}#0", "event": "dispatched", "department": department}
            body |= {"ticket": ticket, "role": "owner", "at": AT.isoformat(), "urgency": "U1" if number % 2 else "U3"}
            rows.append(
                {"id": body["id"], "department": department, "ticket": ticket, "kind": "dispatched", "at": AT}
                | {"body": json.dumps(body)}
            )
        self._made += count
        async with self.doors.engine.begin() as connection:
            await put_events(connection, self.doors.schema.name, rows)
        return [(str(row["id"]), str(row["ticket"])) for row in rows]

    @asynccontextmanager
    async def sending(self, patience: float = 3600.0) -> AsyncIterator[SendingLoop]:
        """A notifier in this process."""
        poster = Poster("loopback")
        kind = WebhookKind(self.doors, poster)
        loop = SendingLoop(self.doors, [kind], Pauses(0.02, patience), metrics=self.metrics, keep_days=400)
        running = asyncio.create_task(loop.run())
        try:
            yield loop
        finally:
            await called_off(running)
            await kind.close()

    async def state(self, path: str) -> dict[str, Any]:
        """A webhook as its department sees it."""
        return (await self.webhooks.one("cg", self.ids[path])) or {}

    async def is_quiet(self) -> bool:
        """Whether nothing waits any more."""
        return (await self.deliveries.figures(3600))["waiting"] == 0

    def holds(self, path: str, told: list[tuple[str, str]]) -> bool:
        """Whether everything has been taken at a path."""
        return {name for name, _ in told} <= set(self.receiver.taken[path])

    def judge(self, path: str, told: list[tuple[str, str]]) -> None:
        """At least once, with one body for each id, and each ticket's in order."""
        came = self.receiver.came[path]
        assert self.holds(path, told) and {name for name, _ in came} == {name for name, _ in told}
        assert len(set(came)) == len(told) and self.receiver.forged == []
        first = list(dict.fromkeys(self.receiver.taken[path]))
        of_ticket = defaultdict(list)
        for name, ticket in told:
            of_ticket[ticket].append(name)
        for names in of_ticket.values():
            assert [name for name in first if name in set(names)] == names


@asynccontextmanager
async def standing(database_url: str, folder: Path, behaviours: Mapping[str, Behaviour]) -> AsyncIterator[Stand]:
    """A stack of its own in the database, and a receiver of its own that behaves so at these paths."""
    settings = Settings(database_url=database_url, prefix=f"t{uuid.uuid4().hex[:8]}.", data_dir=folder)
    found = Stand(settings, Receiver(dict(behaviours)))
    await found.doors.fit()
    await found.receiver.start()
    try:
        yield found
    finally:
        await found.receiver.stop()
        await found.doors.schema.drop(found.doors.engine)
        await found.doors.close()


async def until(holds: Any, within: float = 60.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(within):
        while True:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)
