"""Cuts what a broker sends into answers, and hands each to its connection at once (aiokafka 0.14.0,
``docs/decisions/0028-the-driver-asked-less.md``).

The library lets a task of its own read a size and then so many bytes: two awakenings for each answer, and one for each
64 KiB of a large one, which lies in a buffer that grows, is copied out of it, moved up behind and copied once more.
Here a large answer is received where it stays, and the library's task waits for the connection's end alone.
"""

import asyncio
import time
import weakref
from collections.abc import Callable
from struct import Struct
from typing import Any

import aiokafka.conn as library

from engine.kafka.quick_requests import Asked

SCRATCH_BYTES = 64 * 1024
"""Where sizes and small answers are received; a larger answer gets a place of its own."""

PLACE_BYTES = 32 * 1024 * 1024
"""Most that is held ready at once, twice what a fetch asks for: a web server in a broker's place says ``HTTP``, a size
of 1.2 GB."""

_SIZE = Struct(">i")


class Frames(asyncio.BufferedProtocol):
    """The bytes of one connection; of its life and its end the library's own protocol is told."""

    def __init__(self, closed: "asyncio.Future[None]", reader: asyncio.StreamReader, **options: Any) -> None:
        """Begin as the library's does, which is called so."""
        self.take: Callable[[memoryview], None] = lambda answer: None
        """Takes each answer."""
        self._library, self._reader = _library_protocol(closed, reader, **options), reader
        self._scratch = memoryview(bytearray(SCRATCH_BYTES))
        self._into, self._filled = self._scratch, 0
        self._size = 0
        """Of the large answer that is received."""
        self._is_broken = False

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where to receive."""
        return self._into[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came; what cannot be understood ends the connection, as it does where the library reads."""
        if self._is_broken:
            return
        self._filled += nbytes
        try:
            if self._into is self._scratch:
                self._cut()
            else:
                self._go_on()
        except Exception as exc:
            self._is_broken, self._into, self._filled = True, self._scratch, 0
            self._reader.set_exception(exc)  # of which the library's task hears, and closes

    def _cut(self) -> None:
        into, at = self._scratch, 0
        while self._filled - at >= _SIZE.size:
            begin = at + _SIZE.size
            end = begin + _SIZE.unpack_from(into, at)[0]
            if end < begin:
                raise ValueError(f"an answer of {end - begin} bytes")
            if end - at > len(into):
                self._size = end - begin
                self._move(into[begin : self._filled])
                return
            if end > self._filled:
                break
            self.take(memoryview(bytes(into[begin:end])))
            at = end
        self._filled -= at
        into[: self._filled] = bytes(into[at : at + self._filled])

    def _go_on(self) -> None:
        """Hand over a large answer once it is whole."""
        into = self._into
        if self._filled == self._size:
            self._into, self._filled = self._scratch, 0
            self.take(into)
        elif self._filled == len(into):
            self._move(into)

    def _move(self, begun: memoryview) -> None:
        """Receive the rest of a large answer where it is to lie."""
        self._into = memoryview(bytearray(min(self._size, len(begun) + PLACE_BYTES)))
        self._filled = len(begun)
        self._into[: len(begun)] = begun

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell the library."""
        self._library.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the library."""
        self._library.connection_lost(exc)

    def eof_received(self) -> bool | None:
        """Tell the library."""
        return bool(self._library.eof_received())

    def pause_writing(self) -> None:
        """Tell the library."""
        self._library.pause_writing()

    def resume_writing(self) -> None:
        """Tell the library."""
        self._library.resume_writing()

    def __getattr__(self, name: str) -> Any:
        """What a writer asks of its protocol, and no loop does."""
        return getattr(self._library, name)


class _Connection(library.AIOKafkaConnection):  # type: ignore[misc]
    def _create_reader_task(self) -> Any:
        ours = weakref.ref(self)

        def take(answer: memoryview) -> None:
            connection = ours()
            if connection is not None and connection._reader is not None:
                connection._handle_frame(answer)

        self._protocol.take = take
        return super()._create_reader_task()

    def _handle_frame(self, answer: memoryview) -> None:
        number, asked, whose = self._requests[0]
        if type(asked) is not Asked or _SIZE.unpack_from(answer)[0] != number:
            super()._handle_frame(bytes(answer))
            return
        if not whose.done():
            whose.set_result(asked.answer(answer[_SIZE.size :]))
        self._last_action = time.monotonic()
        self._requests.popleft()


_library_protocol = library.AIOKafkaProtocol
library.AIOKafkaProtocol = Frames
library.AIOKafkaConnection = _Connection
