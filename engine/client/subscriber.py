"""Following a department's events by the gateway's door of pulling: each is handled, then acknowledged; an outage is
waited out, and ending loses and doubles nothing that is done."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import msgspec

from engine.errors import GridwhistleError
from topics.unreadable import UNREADABLE

WAIT_SECONDS = 20
ANSWER_SECONDS = 30.0
LONGEST_PAUSE = 60.0
AWAY = (429, 500, 502, 503, 504)
"""Answers after which the same is asked again."""

Event = dict[str, Any]
Say = Callable[[str], None]


class Refused(GridwhistleError):
    """The gateway does not do what was asked, and asking again would not help."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is followed."""

    gateway: str
    department: str
    reader: str = "main"
    filter: str | None = None
    since: str | None = None
    again: bool = False
    """Whether a reader that there is goes back to ``since`` too."""
    seconds: int = 60
    """How long an event may take."""
    at_once: int = 1
    once: bool = False
    """Whether to end when nothing is left."""


class Handler(Protocol):
    """Takes events."""

    batch: int
    """How many at a time."""

    async def take(self, events: list[Event]) -> list[bool]:
        """Handle them; whether each is done."""


class Door:
    """The gateway's door for one department."""

    def __init__(self, session: aiohttp.ClientSession, wanted: Wanted, *, key: str, say: Say) -> None:
        """Nothing is asked yet."""
        self._session, self._say = session, say
        self._base = f"{wanted.gateway.rstrip('/')}/v1/departments/{wanted.department}"
        self._headers = {"authorization": f"Bearer {key}"}
        self._is_away = False

    async def ask(self, method: str, path: str, body: dict[str, Any], tries: int = 0) -> dict[str, Any]:
        """Ask until there is an answer, in growing pauses; ``tries`` bounds how often.

        Raises:
            Refused: The answer is that it will not be done, or there was none in so many tries.
        """
        count = 0
        while True:
            status, told, pause = await self._once(method, path, body)
            if 200 <= status < 300:
                self._heard()
                return told
            if status not in AWAY and status:
                raise Refused(_why(status, told))
            count += 1
            if count == tries:
                raise Refused(_why(status, told))
            self._silent(_why(status, told))
            await asyncio.sleep(max(pause, min(2**count, LONGEST_PAUSE) * random.uniform(0.5, 1)))

    async def _once(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any], float]:
        """Ask once: status (0: nobody answers), what was said, and how long to wait before it is asked again."""
        try:
            async with self._session.request(
                method, f"{self._base}/{path}", json=body, headers=self._headers, allow_redirects=False
            ) as answer:
                given = await answer.read()
                after = answer.headers.get("retry-after", "")
                return answer.status, _read(given), min(float(after), LONGEST_PAUSE) if after.isdecimal() else 0.0
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            return 0, {"detail": str(exc) or type(exc).__name__}, 0.0

    def _silent(self, why: str) -> None:
        """Say an outage once."""
        if not self._is_away:
            self._is_away = True
            self._say(f"{why}; asking again until it answers")

    def _heard(self) -> None:
        if self._is_away:
            self._is_away = False
            self._say("it answers again")


def _read(given: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(given) if given else {}
    except UNREADABLE:
        found = None
    return found if isinstance(found, dict) else {"detail": "what answers is no gateway of gridwhistle"}


def _why(status: int, told: dict[str, Any]) -> str:
    if not status:
        return f"the gateway does not answer ({told['detail']})"
    field = f" ({told['field']})" if "field" in told else ""
    return f"{status} {told.get('title', '')}{field}: {told.get('detail', '')}"


class Subscriber:
    """Leases, handles and acknowledges until it is told to end."""

    def __init__(self, door: Door, wanted: Wanted, *, handler: Handler, say: Say) -> None:
        """Begin with ``run``."""
        self._door, self._wanted, self._handler, self._say = door, wanted, handler, say
        self.ending = asyncio.Event()
        """Set, no further event is asked for; what is at work comes to its end."""

    async def run(self) -> None:
        """Follow until ``ending`` is set, or with ``once`` until nothing is left.

        Raises:
            Refused: The gateway will not have it so.
        """
        await self._set_up()
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._wanted.at_once):
                workers.create_task(self._work())

    async def _set_up(self) -> None:
        wanted = self._wanted
        body: dict[str, Any] = {} if wanted.filter is None else {"filter": wanted.filter}
        if wanted.since is not None:
            body |= {"from" if wanted.again else "begin": wanted.since}
        if not body:
            return
        told = await self._or_ended(self._door.ask("PUT", f"readers/{wanted.reader}", body))
        if told is not None and wanted.filter is not None:
            self._say(f"the filter would have taken {told['matched']} of the last {told['of']}")

    async def _work(self) -> None:
        while not self.ending.is_set():
            events = await self._lease()
            if not events and self._wanted.once:
                return
            if events:
                await self._handle(events)

    async def _lease(self) -> list[Event]:
        """Ask for events; none when it is time to end. What is handed out to one who has gone comes again."""
        wanted = self._wanted
        wait = 0 if wanted.once else WAIT_SECONDS
        body = {"reader": wanted.reader, "n": self._handler.batch, "seconds": wanted.seconds, "wait": wait}
        told = await self._or_ended(self._door.ask("POST", "events/lease", body))
        return [] if told is None else list(told["events"])

    async def _or_ended(self, question: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any] | None:
        """Wait for an answer, or until it is time to end."""
        asking, ending = asyncio.create_task(question), asyncio.create_task(self.ending.wait())
        try:
            await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            asking.cancel()
            ending.cancel()

    async def _handle(self, events: list[Event]) -> None:
        done = await self._handler.take(events)
        receipts = {
            way: [e["receipt"] for e, ok in zip(events, done, strict=True) if ok is way] for way in (True, False)
        }
        for way, path in ((True, "events/ack"), (False, "events/nack")):
            if receipts[way]:
                await self._settle(path, receipts[way])

    async def _settle(self, path: str, receipts: list[str]) -> None:
        """Acknowledge or give back; when that cannot be said before the lease is over, they come again."""
        body = {"reader": self._wanted.reader, "receipts": receipts}
        try:
            async with asyncio.timeout(max(self._wanted.seconds, 10)):
                told = await self._door.ask("POST", path, body, tries=3 if self.ending.is_set() else 0)
        except (TimeoutError, Refused) as exc:
            self._say(f"{len(receipts)} not acknowledged ({exc or 'the lease is over'}): they come again")
            return
        if told["gone"]:
            self._say(f"{len(told['gone'])} took longer than their lease: they are with somebody else, or come again")


async def subscribe(wanted: Wanted, key: str, handler: Handler, say: Say, began: Callable[[Subscriber], None]) -> None:
    """Follow a department's events; ``began`` is given what to tell when it is to end."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS, connect=10)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        subscriber = Subscriber(Door(session, wanted, key=key, say=say), wanted, handler=handler, say=say)
        began(subscriber)
        await subscriber.run()
