"""Little servers of the ways to people: a mail server, and the robots of WeCom and DingTalk."""

import asyncio
import time
from collections import defaultdict
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web


class MailServer:
    """A mail server that says no more than it must; refuses as often as it is told to."""

    def __init__(self, refuse: int = 0) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = refuse

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line.split(b":")[0].strip().upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                lines = []
                while (one := await reader.readline()) != b".\r\n":
                    lines.append(one)
                self.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]
            elif word == b"MAIL FROM" and self.refuse:
                self.refuse -= 1
                writer.write(b"451 later\r\n")
                continue
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
            if word == b"QUIT":
                break
        await writer.drain()
        writer.close()


class Robots:
    """What answers as WeCom's and DingTalk's robots do: 200, and in ``errcode`` whether it was taken."""

    def __init__(self) -> None:
        self.taken: dict[str, list[dict[str, Any]]] = {}
        self.asked: dict[str, int] = defaultdict(int)

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_post("/{name}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        self._port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    def url(self, path: str) -> str:
        """Where one is."""
        return f"http://127.0.0.1:{self._port}/{path}"

    async def stop(self) -> None:
        """Be away."""
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        name, query = request.match_info["name"], request.query
        self.asked[name] += 1
        is_signed = "key" in query or (
            abs(int(query["timestamp"]) / 1000 - time.time()) < 60 and len(query["sign"]) == 44
        )
        if self.asked[name] == 1 or not is_signed:
            return web.json_response({"errcode": 45009, "errmsg": "too often"})
        self.taken.setdefault(name, []).append(await request.json())
        return web.json_response({"errcode": 0, "errmsg": "ok"})
