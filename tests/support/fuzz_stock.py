"""What a city has that requests can name: webhooks, readers, hand-overs, views and pictures, made anew once a request
has ended them; and sessions that last however often somebody logs out."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx

from engine.gateway.examples import TICKET
from tests.support.door_of_house import key_in
from tests.support.house import House
from tests.support.pictures import jpeg
from tests.support.who_may import Seat
from topics.ids import identity

HOOK = {"url": "https://receiver.example/x"}
VIEW = {"name": "of the night", "address": "/queues/late"}


class Stock:
    """Names of what there is, by the parameter of a path that takes them."""

    def __init__(self, here: House, client: httpx.AsyncClient, seats: dict[Seat, dict[str, str]], ticket: str) -> None:
        """``seats``: everybody with what lets them in, to whose grid ``ticket`` belongs or not."""
        self.here, self.client, self.seats, self.ticket = here, client, seats, ticket
        self._kept: dict[bytes, bytes] = {}
        self.names: dict[str, str] = {"department": "fire", "reader": "main"}
        self._ends: dict[str, Callable[[], Awaitable[None]]] = {"session_end": self._sessions, "view_drop": self._view}
        if here.archive is not None:
            of_doors = {"webhook_drop": self._webhook, "reader_drop": self._reader, "handover_take": self._handover}
            self._ends |= of_doors

    async def fill(self) -> None:
        """Make one of each."""
        for make in self._ends.values():
            await make()
        key_in(self.here.settings.data_dir)
        links = self.here.world.residents.links()
        assert links is not None
        self.names["token"] = links.name(identity("app", "east1"))
        if self.here.archive is not None:
            given = self._of("chief.city") | {"content-type": "image/jpeg"}
            found = await self.client.post(f"/v1/tickets/{self.ticket}/photos", content=jpeg(), headers=given)
            self.names["photo"] = found.json()["proof"].removeprefix("photo:")

    async def after(self, operation: str, status: int) -> None:
        """Make anew what a request has ended."""
        if operation in self._ends and status < 300:
            await self._ends[operation]()

    def filled(self, target: str) -> str:
        """Put the names of now where a drawn address has their spots."""
        for name, value in self.names.items():
            target = target.replace(quote(spot(name), safe=""), quote(value, safe=""))
        return target

    def told(self, body: bytes) -> bytes:
        """Say what is here where an example speaks of the city of the handbook."""
        for theirs, ours in ((TICKET, self.ticket), ("ranqi", "fire"), ("bins_full", "bins")):
            body = body.replace(theirs.encode(), ours.encode())
        return body

    def _of(self, name: str) -> dict[str, str]:
        return next(headers for seat, headers in self.seats.items() if seat.name == name)

    async def _asked(self, who: str, method: str, path: str, body: Any) -> dict[str, Any]:
        """Ask as somebody; empty where there are as many already as may be: then the one before stands."""
        found = await self.client.request(method, path, json=body, headers=self._of(who))
        return found.json() if found.status_code < 300 else {}

    async def _webhook(self) -> None:
        made = await self._asked("fire-system", "POST", "/v1/departments/fire/webhooks", HOOK)
        self.names["webhook"] = made.get("id") or self.names["webhook"]

    async def _reader(self) -> None:
        await self._asked("fire-system", "PUT", "/v1/departments/fire/readers/main", {"from": "1d"})

    async def _view(self) -> None:
        made = await self._asked("chief.city", "POST", "/v1/views", VIEW)
        self.names["view"] = made.get("id") or self.names["view"]

    async def _handover(self) -> None:
        to = {"to": "desk.city", "note": "the caller is rung back at nine"}
        made = await self._asked("chief.city", "POST", "/v1/handovers", to)
        self.names["handover"] = made.get("id") or self.names["handover"]

    async def _sessions(self) -> None:
        """Let those go on whose session was ended."""
        redis = self.here.world.view.redis
        if not self._kept:
            names = [name async for name in redis.scan_iter(f"{self.here.settings.prefix}gateway:session:*")]
            self._kept = {name: await redis.get(name) for name in names}
        for name, value in self._kept.items():
            await redis.set(name, value)


def spot(name: str) -> str:
    """Stand for a name that is known only as the request is sent."""
    return "{" + name + "}"
