"""Bounds below the application: how large a request's head may be and how long it may take, on every connection."""

import asyncio
import contextlib
import fcntl
import struct
import sys
import termios
from collections import Counter
from ipaddress import ip_address, ip_network
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from engine.server_addresses import counted_as

HEAD_BYTES = 32 * 1024
"""Address and headers together; neither the parser nor the server has a bound of its own (16 KiB are usual)."""
OF_ADDRESS = 1_000
"""Connections of one address at the same time, of 5,000 that there are: an office has fewer, and whoever keeps more
keeps others out."""
HEAD_SECONDS = 10.0
"""Whoever has not sent a whole head by then is let go: a connection costs a place, and there are 5,000."""


UNREAD_SECONDS = 30.0
"""Of an answer that waits to be read something is read within this, or nobody reads: it costs a place, and memory."""
_OPEN = Counter[str]()
"""Address -> connections that are open."""
_CROWDED = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """The server's own protocol, with an end to what a head may take."""

    _is_reading, _seen = True, 0
    _patience: asyncio.TimerHandle | None = None
    _passed: int | None = None
    _host: str | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for a head from now on, unless as many are there from the same address as may be."""
        super().connection_made(transport)
        self._wait()
        if self.client is not None and not (self.config.proxy_headers and self._is_proxy(self.client[0])):
            self._host = counted_as(self.client[0])
            _OPEN[self._host] += 1
            if _OPEN[self._host] > OF_ADDRESS:
                transport.write(_CROWDED)
                transport.close()

    def _is_proxy(self, host: str) -> bool:
        """Whether everybody comes from there: a proxy that is named in the settings."""
        address, named = ip_address(host.partition("%")[0]), str(self.config.forwarded_allow_ips or "")
        return any(address in ip_network(one) for one in named.split(",") if one)

    def pause_writing(self) -> None:
        """More waits to be read than the system takes: from now on it is looked whether anybody reads."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """It goes on."""
        self._look_no_more()
        super().resume_writing()

    def _look(self, before: int | None = None) -> None:
        left = self.transport.get_write_buffer_size() + self._in_the_system()
        if before is not None and left >= before:
            self.transport.abort()
        else:
            self._unread = self.loop.call_later(UNREAD_SECONDS, self._look, left)

    def _in_the_system(self) -> int:
        """Count bytes that the system has taken and nobody has acknowledged: it takes more in pieces of a megabyte."""
        taken = struct.pack("i", 0)
        with contextlib.suppress(OSError):
            taken = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, taken)
        return int(struct.unpack("i", taken)[0])

    def _look_no_more(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing."""
        self._let_be()
        self._look_no_more()
        if self._host is not None:
            _OPEN[self._host] -= 1
            if not _OPEN[self._host]:
                del _OPEN[self._host]
            self._host = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, no further than a head may go."""
        if self._is_reading:
            self._seen += len(data)
            if self._seen > HEAD_BYTES + _AT_ONCE:
                self.send_400_response(f"A head has at most {HEAD_BYTES} bytes.")
                return
        super().data_received(data)
        while self._passed is not None:  # the parser has stopped behind a head that asked for another protocol
            data, self._passed = data[self._passed :], None
            super().data_received(data)

    def _unsupported_upgrade_warning(self) -> None:
        """Go on in HTTP/1.1, as RFC 9110 7.8 has it: Java's client offers HTTP/2 with its first request, body and
        all, and the server's own parser takes what follows such a head for the other protocol."""
        error = sys.exc_info()[1]
        self._passed = int(error.args[0]) if error is not None and error.args else 0
        self.parser = httptools.HttpRequestParser(_Again(self))
        lengths = [
            b"%s: %s\r\n" % pair for pair in self.headers if pair[0] in (b"content-length", b"transfer-encoding")
        ]
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(lengths) + b"\r\n")

    def on_message_complete(self) -> None:
        """A head that asks for another protocol is no whole message yet."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_message_begin(self) -> None:
        """A head begins: on a connection that is kept, its time begins with its first byte."""
        self._is_reading, self._size = True, 0
        self._wait()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count a piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header. One that comes behind the body (RFC 9110, 6.5.1) is none: a proxy that takes headers out, or
        writes whose address it is, looks at the head alone."""
        self._count(len(name) + len(value) + 4)
        if self._is_reading:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: the body has a time and a bound of its own."""
        self._is_reading, self._seen = False, 0
        self._let_be()
        super().on_headers_complete()

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > HEAD_BYTES:
            raise ValueError("the head is too large")  # the parser gives up, and 400 is answered

    def _wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _let_be(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Again:
    """Of a parser that is given a known head once more: lets through what follows that head."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        self._to, self._is_known = protocol, True
        self.on_body, self.on_message_complete = protocol.on_body, protocol.on_message_complete

    def on_message_begin(self) -> None:
        if not self._is_known:
            self._to.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_known:
            self._to.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_known:
            self._to.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._is_known:
            self._to.on_headers_complete()
        self._is_known = False


_AT_ONCE = 256 * 1024
"""So much comes from a socket at the most in one piece; of it a body may be the larger part."""
