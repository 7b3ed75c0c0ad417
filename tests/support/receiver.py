"""A department's own little server on the loopback, that takes webhooks as well or as badly as it is told to."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from standardwebhooks import Webhook

Behaviour = Callable[[int, str], Awaitable[int]]
"""Given the number of the request at its path, from 0, and the event's id: which status to answer."""


async def good(number: int, name: str) -> int:
    """Take everything."""
    return 204


def failing(times: int, status: int = 500) -> Behaviour:
    """Take nothing for so many requests."""

    async def behave(number: int, name: str) -> int:
        return status if number < times else 200

    return behave


def slow(seconds: float) -> Behaviour:
    """Take everything, late."""

    async def behave(number: int, name: str) -> int:
        await asyncio.sleep(seconds)
        return 200

    return behave


async def never(number: int, name: str) -> int:
    """Take the connection and say nothing."""
    await asyncio.sleep(3600)
    return 500


async def twice(number: int, name: str) -> int:
    """Take each third and say that it did not: it comes again."""
    return 500 if number % 3 == 0 else 200


@dataclass
class Receiver:
    """What came at each path: ``(id, body)`` in order, however it was answered."""

    behaviours: dict[str, Behaviour]
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """Path -> secrets of which one must have signed; where there are none, nothing is verified."""
    came: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    forged: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen, on the same port as before."""
        app = web.Application()
        app.router.add_post("/{path}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def stop(self) -> None:
        """Be away."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def url(self, path: str) -> str:
        """Where a path is."""
        return f"http://127.0.0.1:{self.port}/{path}"

    async def _take(self, request: web.Request) -> web.Response:
        path, body = request.match_info["path"], (await request.read()).decode()
        name = request.headers["webhook-id"]
        self.headers = dict(request.headers)
        if not self._is_ours(path, body, request):
            self.forged.append(name)
        number = len(self.came[path])
        self.came[path].append((name, body))
        status = await self.behaviours[path](number, name)
        if status < 300:
            self.taken[path].append(name)
        return web.Response(status=status, text="" if status == 204 else "heard")

    def _is_ours(self, path: str, body: str, request: web.Request) -> bool:
        for secret in self.secrets.get(path, ()):
            try:
                Webhook(secret).verify(body, dict(request.headers), json_parse=False)
                return True
            except Exception:
                continue
        return not self.secrets.get(path)
