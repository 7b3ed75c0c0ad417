"""Bounds below the application: how large a request's head may be and how long it may take, on every connection."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 32 * 1024
"""Address and headers together; neither the parser nor the server has a bound of its own (16 KiB are usual)."""
HEAD_SECONDS = 10.0
"""Whoever has not sent a whole head by then is let go: a connection costs a place, and there are 5,000."""


class BoundedProtocol(HttpToolsProtocol):
    """The server's own protocol, with an end to what a head may take."""

    _is_reading, _seen = True, 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for a head from now on."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing."""
        self._let_be()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, no further than a head may go."""
        if self._is_reading:
            self._seen += len(data)
            if self._seen > HEAD_BYTES + _AT_ONCE:
                self.send_400_response(f"A head has at most {HEAD_BYTES} bytes.")
                return
        super().data_received(data)

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
        """Count a header."""
        self._count(len(name) + len(value) + 4)
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


_AT_ONCE = 256 * 1024
"""So much comes from a socket at the most in one piece; of it a body may be the larger part."""
