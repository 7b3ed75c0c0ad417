"""One POST to where strangers say."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from engine.notifier import http
from engine.notifier.http import Guarded, NotReachable, Poster, _asked


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[str]]]:
    """A server on the loopback that knows some tricks, and what came to it."""
    came: list[str] = []

    async def take(request: web.Request) -> web.StreamResponse:
        came.append(request.path)
        if request.path == "/moved":
            return web.Response(status=307, headers={"location": "/good"}, text="elsewhere")
        if request.path == "/long":
            return web.Response(status=500, body=b"\x1b[31m" + b"x" * 10**6)
        if request.path == "/drip":
            answer = web.StreamResponse()
            await answer.prepare(request)
            await asyncio.sleep(30)
            return answer
        if request.path == "/pieces":  # a robot's answer, whose code comes later than its first bytes
            answer = web.StreamResponse()
            await answer.prepare(request)
            for piece in (b'{"errmsg":"ok",', b'"errcode":0}'):
                await answer.write(piece)
                await asyncio.sleep(0.02)
            return answer
        return web.Response(status=429 if request.path == "/busy" else 200, headers={"retry-after": "7"}, text="thanks")

    app = web.Application()
    app.router.add_post("/{path}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://localhost:{site._server.sockets[0].getsockname()[1]}", came  # type: ignore[union-attr]
    await runner.cleanup()


async def test_what_is_answered_is_told_in_bounded_words(
    server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """2xx is taken; a redirect is not followed; a long answer is cut and has no control characters; one that drips does
    not hold us: its status has come."""
    url, came = server
    poster = Poster("loopback")
    assert (await poster.post(f"{url}/pieces", b"{}", {})).said == '{"errmsg":"ok","errcode":0}'
    monkeypatch.setattr(http, "SAID_SECONDS", 0.05)
    found = {path: await poster.post(f"{url}/{path}", b"{}", {}) for path in ("good", "busy", "moved", "long", "drip")}
    await poster.close()
    assert found["good"].is_taken
    assert (found["busy"].status, found["busy"].wait_seconds) == (429, 7)
    assert not found["moved"].is_taken and found["moved"].said.startswith("it answers with a redirect")
    assert len(found["long"].said) <= http.KEPT and "\x1b" not in found["long"].said
    assert found["drip"].is_taken and came.count("/good") == 1


async def test_a_name_that_leads_into_our_own_network_is_not_followed(
    server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at when the connection is made: a name that said something else when the webhook was made helps nobody."""
    url, came = server
    port = int(url.rpartition(":")[2])

    async def lies(*asked: Any, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lies)
    poster = Poster("private")
    found = await poster.post(f"https://receiver.example:{port}/good", b"{}", {})
    await poster.close()
    assert not found.is_taken and "may not reach" in found.said and came == []
    with pytest.raises(NotReachable):
        await Guarded("public").resolve("receiver.example", port)
    assert [one["host"] for one in await Guarded("loopback").resolve("receiver.example", port)] == ["127.0.0.1"]


async def test_what_goes_wrong_is_an_answer(server: tuple[str, list[str]]) -> None:
    """Nobody there, an address that may not be reached any more, TLS with one who speaks none."""
    url, _ = server
    poster, strict = Poster("loopback"), Poster("public")
    assert (await poster.post("http://127.0.0.1:1/x", b"{}", {})).said == "nobody takes the connection"
    assert "cannot be reached" in (await strict.post("https://127.0.0.1:1/x", b"{}", {})).said
    assert not (await poster.post(url.replace("http:", "https:") + "/good", b"{}", {})).is_taken
    await poster.close()
    await strict.close()


def test_how_long_to_wait_is_read_as_seconds_or_as_a_date() -> None:
    """Whatever else stands there asks for nothing."""
    assert (_asked("120"), _asked(""), _asked("soon"), _asked("9" * 30)) == (120, 0, 0, 0)
    assert _asked("Wed, 21 Oct 2099 07:28:00 GMT") > 1e9 > 0 > _asked("Wed, 21 Oct 2015 07:28:00 GMT")
