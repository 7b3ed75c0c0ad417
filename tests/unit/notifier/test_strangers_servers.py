"""Servers of strangers that lie: about who they are, about where they are, and by an answer that never begins."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.notifier.http import Poster
from tests.support.secure import certificates

TAKEN = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
Talk = Callable[[asyncio.StreamWriter], Any]


@asynccontextmanager
async def listening(talk: Talk, chain: Path | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that says what ``talk`` writes, behind TLS where it has a chain; its port, and what it was told."""
    came, context = list[bytes](), None
    if chain is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            await talk(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], came


async def takes(writer: asyncio.StreamWriter) -> None:
    """Answer as it should be."""
    writer.write(TAKEN)
    await writer.drain()


async def test_tls_of_another_name_or_issuer_is_told_nothing(tmp_path: Path) -> None:
    """Not a byte of the event goes to whoever cannot prove to be the host of the address, by an issuer that is trusted,
    today: not by a certificate of another's name, of nobody's CA, or of last month."""
    for name in ("right", "other", "stranger", "old"):
        (tmp_path / name).mkdir()
    ca, chain = certificates(tmp_path / "right")
    other_ca, other = certificates(tmp_path / "other", "elsewhere.example")
    _, stranger = certificates(tmp_path / "stranger")
    old_ca, old = certificates(tmp_path / "old", days=-1)
    for trusted, presented, is_taken in (
        (ca, chain, True), (other_ca, other, False), (ca, stranger, False), (None, stranger, False),
        (old_ca, old, False),
    ):  # fmt: skip
        poster = Poster("loopback", trusted)
        async with listening(takes, presented) as (port, came):
            answer = await poster.post(f"https://localhost:{port}/x", b"{}", {})
        await poster.close()
        assert answer.is_taken is is_taken and bool(came) is is_taken, (presented, answer)
        assert is_taken or answer.said == "its certificate does not hold"


async def test_a_name_that_means_another_machine_at_each_question_reaches_none_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name service is asked once for each attempt, and the connection goes to the very number that was looked at:
    a second answer, of the loopback, is never asked for."""
    asked = list[str]()
    async with listening(takes) as (port, came):

        async def turning(host: str, *_: Any, **__: Any) -> list[Any]:
            asked.append(host)
            number = "192.0.2.1" if len(asked) % 2 else "127.0.0.1"  # of documentation: nobody has it
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", turning)
        monkeypatch.setattr("engine.notifier.http.CONNECT_SECONDS", 0.3)
        monkeypatch.setattr("engine.notifier.http.reachable", lambda literal, _: str(literal) == "192.0.2.1")
        said = list[str]()
        for _ in range(2):  # of another process: within one what was looked at is kept for ten seconds
            poster = Poster("public")
            answer = await poster.post(f"https://receiver.example:{port}/x", b"{}", {})
            said.append(answer.said)
            await poster.close()
            assert not answer.is_taken and len(asked) == len(said)
    assert said == ["nobody takes the connection", "this name leads into a network that webhooks may not reach"]
    assert came == []


async def test_some_words_before_the_answer_are_heard() -> None:
    """103 and 102 may come first, and are none."""

    async def hints(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" + EARLY * 3 + TAKEN)
        await writer.drain()

    poster = Poster("loopback")
    async with listening(hints) as (port, came):
        answer = await poster.post(f"http://127.0.0.1:{port}/x", b"{}", {})
    await poster.close()
    assert (answer.is_taken, answer.status, answer.said) == (True, 200, "ok") and len(came) == 1


async def test_an_answer_that_never_begins_is_let_go_of_at_once() -> None:
    """One that says 1xx for ever, as fast as it can, costs a moment and not a core for a quarter of a minute: others
    are sent to meanwhile."""

    async def for_ever(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(EARLY * 500)
            await writer.drain()

    poster, began = Poster("loopback"), time.process_time()
    async with listening(for_ever) as (port, _):
        async with asyncio.timeout(10):
            answer = await poster.post(f"http://127.0.0.1:{port}/x", b"{}", {})
    spent = time.process_time() - began
    await poster.close()
    assert not answer.is_taken and answer.status is None and "1xx" in answer.said
    assert spent < 2.0, "of this process' CPU, in which the server is too"
