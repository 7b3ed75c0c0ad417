"""What is wrong below HTTP's words: heads without end, lengths that lie, bodies that do not come; on a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.gateway import http, wire
from engine.gateway.process import Server, bound, config_of
from tests.support.house import House, eventually, house
from tests.support.servers import free_ports

HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /v1/session HTTP/1.1\r\n" + HOST
BODY = b'{"role":"desk","person":"desk-1"}'
AMISS = {
    "two lengths": POST + b"Content-Length: 33\r\nContent-Length: 5\r\n\r\n" + BODY,
    "a length and pieces": POST + b"Content-Length: 33\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + BODY,
    "pieces and something else": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +33\r\n\r\n" + BODY,
    "a length in sixteens": POST + b"Content-Length: 0x21\r\n\r\n" + BODY,
    "a length of 40 figures": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n",
    "a piece without end": POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n" + BODY,
    "a piece of no number": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a header of two lines": POST + b"X-A: b\r\n c: d\r\n\x00: e\r\n\r\n",
    "a header without a colon": POST + b"nothing at all\r\n\r\n",
    "a header with a NUL": POST + b"X-A: b\x00c\r\n\r\n",
    "a blank before the colon": POST + b"Content-Length : 33\r\n\r\n" + BODY,
    "a version of tomorrow": b"GET /livez HTTP/9.9\r\n" + HOST + b"\r\n",
    "a blank in the address": b"GET /livez /x HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes of no address": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "2,000 headers": b"GET /livez HTTP/1.1\r\n"
    + HOST
    + b"".join(b"X-%d: 12345678901234567890\r\n" % n for n in range(2000)),
    "one header of a megabyte": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 1_000_000,
    "an address of a megabyte": b"GET /" + b"x" * 1_000_000,
}


@asynccontextmanager
async def served(redis_url: str, folder: Path) -> AsyncIterator[int]:
    """The gateway's own server on a port of this machine."""
    async with house(redis_url, folder) as (here, _), serving(here) as port:
        yield port


@asynccontextmanager
async def serving(here: House) -> AsyncIterator[int]:
    """The same of a house whose callers are known."""
    port = free_ports(1)
    server = Server(config_of(here.world))
    task = asyncio.create_task(server.serve(sockets=[bound(("127.0.0.1", port))]))
    try:
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.01)
        yield port
    finally:
        server.should_exit = True
        await task


async def said(port: int, data: bytes) -> bytes:
    """All that is answered until the server lets go, or what it answers first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(20):
        try:
            writer.write(data)
            await writer.drain()
            return await reader.read(1000)
        except ConnectionError:
            return b""
        finally:
            writer.close()


async def test_what_is_no_request_is_refused_and_others_are_answered(redis_url: str, tmp_path: Path) -> None:
    """400 and the line is cut, or cut at once; never a session begun, nor a fault of ours."""
    async with served(redis_url, tmp_path) as port:
        for name, data in AMISS.items():
            found = await said(port, data)
            assert found[:12] in (b"HTTP/1.1 400", b""), (name, found)
            assert b"set-cookie" not in found, name
        assert (await said(port, b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"))[:12] == b"HTTP/1.1 200"
        begun = POST + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
        assert (await said(port, begun))[:12] == b"HTTP/1.1 201"  # so a session could have been begun


async def test_a_head_that_does_not_end_and_a_body_that_does_not_come_are_let_go(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever of it is sent, and on a connection that was used before."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(http, "BODY_SECONDS", 0.3)
    async with served(redis_url, tmp_path) as port:
        assert await said(port, b"") == b""
        assert await said(port, b"GET /livez HTTP/1.1\r\nHost: ") == b""
        assert (await said(port, POST + b"Content-Length: 33\r\n\r\n{"))[:12] == b"HTTP/1.1 415"
        slow = POST + b"Content-Type: application/json\r\nContent-Length: 33\r\n\r\n{"
        assert (await said(port, slow))[:12] == b"HTTP/1.1 400"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (await reader.readuntil(b"alive\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /liv")
        async with asyncio.timeout(20):
            assert await reader.read() == b""
        writer.close()


async def answers(port: int, pieces: list[bytes], count: int) -> list[bytes]:
    """The first lines of so many answers on one connection, to what is sent in these pieces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = []
    async with asyncio.timeout(20):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        for _ in range(count):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            found.append(head[:12])
    writer.close()
    return found


async def test_who_offers_another_protocol_is_answered_in_this_one(redis_url: str, tmp_path: Path) -> None:
    """Java's client does, with a body behind it: that is read, and so is what follows on the connection."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
    head = POST + offer + b"Content-Type: application/json\r\n"
    whole = head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    plain = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
    empty = b"GET /livez HTTP/1.1\r\n" + HOST + offer + b"\r\n"
    async with served(redis_url, tmp_path) as port:
        for ask, status in ((whole, b"201"), (chunked, b"201"), (empty, b"200")):
            each = [ask[n : n + 1] for n in range(len(ask))]
            for pieces in ([ask + plain], [ask[:-9], ask[-9:], plain], [*each, plain]):
                found = await answers(port, pieces, 2)
                assert found == [b"HTTP/1.1 " + status, b"HTTP/1.1 200"], (ask, len(pieces), found)


async def test_three_who_offer_it_in_one_piece_are_all_answered(redis_url: str, tmp_path: Path) -> None:
    """Behind a proxy that keeps one line for many, an answer that is left out is felt by the next."""
    offer = b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    plain, nowhere = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n"
    async with served(redis_url, tmp_path) as port:
        found = await answers(port, [offer * 3 + plain + offer * 2 + nowhere], 7)
        assert found == [b"HTTP/1.1 200"] * 6 + [b"HTTP/1.1 404"]


async def test_what_stands_behind_a_body_is_no_header(redis_url: str, tmp_path: Path) -> None:
    """A proxy that takes headers out, or writes whose address it is, looks at the head alone (RFC 9110, 6.5.1)."""
    async with house(redis_url, tmp_path) as (here, _), serving(here) as port:
        key = here.key("source", "hotline")["authorization"].encode()
        body = b'{"location":{"grid":"east1"}}'
        head = b"POST /v1/incidents HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
        chunks = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n" % (len(body), body)
        behind = b"Authorization: " + key + b"\r\nHost: evil.example\r\n\r\n"
        assert (await said(port, head + chunks + behind))[:12] == b"HTTP/1.1 401"
        known = head + b"Authorization: " + key + b"\r\n" + chunks + behind
        assert (await said(port, known))[:12] == b"HTTP/1.1 202"


CUT = b""


async def held(port: int, count: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]]:
    """So many connections that are kept, each with the first line of its answer."""
    found = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n")
        async with asyncio.timeout(20):
            try:
                found.append((reader, writer, (await reader.readline())[:12]))
            except ConnectionError:  # what was answered went under, as our words came when it had been said
                found.append((reader, writer, CUT))
    return found


@pytest.mark.parametrize("proxies", ["", "127.0.0.1"])
async def test_one_who_keeps_connections_keeps_nobody_out(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    """There are 5,000 places, and one address has its own number of them; a proxy brings everybody's."""
    monkeypatch.setattr(wire, "OF_ADDRESS", 3)
    async with house(redis_url, tmp_path, gateway_proxies=proxies) as (here, _), serving(here) as port:
        first = await held(port, 3)
        (more,) = await held(port, 1)
        assert [one[2] for one in first] == [b"HTTP/1.1 200"] * 3
        assert more[2] in ((b"HTTP/1.1 200",) if proxies else (b"HTTP/1.1 503", CUT))
        first[0][1].close()
        await first[0][1].wait_closed()
        async with asyncio.timeout(20):
            while (late := (await held(port, 1))[0])[2] != b"HTTP/1.1 200":
                late[1].close()
        for _, writer, _ in [*first, more, late]:
            writer.close()


MUCH = b"GET /openapi.json HTTP/1.1\r\n" + HOST


def who_asks_for_much(port: int, ask: bytes) -> socket.socket:
    """With room for little."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.connect(("127.0.0.1", port))
    found.sendall(ask)
    return found


async def test_an_answer_that_nobody_reads_is_let_go(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs a place, and memory; however slowly somebody reads, they are given all of it."""
    monkeypatch.setattr(wire, "UNREAD_SECONDS", 0.5)
    async with house(redis_url, tmp_path) as (here, _), serving(here) as port:
        whole = MUCH + b"\r\n"
        reader, writer = await asyncio.open_connection(
            sock=who_asks_for_much(port, whole * 9 + MUCH + b"Connection: close\r\n\r\n")
        )
        found = b""
        async with asyncio.timeout(60):
            while piece := await reader.read(64 * 1024):
                found += piece
                await asyncio.sleep(0.05)  # so slow that it takes several times as long as nothing may be read
        assert found.count(b"HTTP/1.1 200") == 10 and found.endswith(b"}")
        writer.close()
        await eventually(lambda: not wire._OPEN)
        with who_asks_for_much(port, whole * 40):
            await eventually(lambda: wire._OPEN)
            await eventually(lambda: not wire._OPEN)
