"""The driver's four busiest requests, written and read whole.

The library writes and reads a request field by field, at three calls each: 360 of the 930 calls of a transaction, and
each of a stage's steps is one. What the bytes are is the protocol's; tests hold them to the library's own, which also
writes and reads every version that is not named here, and every answer that is not that all is well.
"""

import asyncio
import struct
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import aiokafka.conn as library

_SHORT, _INT = struct.Struct(">h"), struct.Struct(">i")
_HEAD = struct.Struct(">hhi")
"""What is asked, in which version, and the number of the question."""

Answer = Callable[[memoryview], Any]
"""Reads what was answered, behind the number: up to 16 MiB, which are not copied for it."""


class _Numbered(NamedTuple):
    correlation_id: int


class _Written(bytes):
    def encode(self) -> bytes:
        return self


class _Body:
    """Pieces that stand behind whatever is put before them; the library puts the head there, then the size, and would
    copy two megabytes each time."""

    __slots__ = ("_pieces",)

    def __init__(self, *pieces: bytes | bytearray) -> None:
        self._pieces = pieces

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def __radd__(self, before: bytes) -> "_Body | bytes":
        return _Headed(before, *self._pieces)


class _Headed(_Body):
    __slots__ = ()

    def __radd__(self, before: bytes) -> bytes:
        return b"".join((before, *self._pieces))


class Asked:
    """What goes over the wire; the library's connection asks nothing else of a request."""

    __slots__ = ("_body", "_what", "answer")

    def __init__(self, asked: Any, body: bytes | _Body | None = None, answer: Answer | None = None) -> None:
        """Ask what the library would, in its version, which has no tagged fields; written and read by it unless ours
        are named."""
        self._what = asked.API_KEY, asked.API_VERSION
        self._body: bytes | _Body = asked.encode() if body is None else body
        self.answer: Answer = answer or (lambda data: asked.RESPONSE_TYPE.decode(bytes(data)))
        """Reads what was answered."""

    @property
    def RESPONSE_TYPE(self) -> "Asked":
        """Who reads the answer."""
        return self

    def build_request_header(self, correlation_id: int, client_id: str) -> _Written:
        """Head it."""
        return _Written(_HEAD.pack(*self._what, correlation_id) + text(client_id))

    def encode(self) -> bytes | _Body:
        """Give the rest."""
        return self._body

    def parse_response_header(self, data: BytesIO) -> _Numbered:
        """Read which question is answered; asked by the library where it is another, and what then follows is its."""
        return _Numbered(*_INT.unpack(data.read(4)))


async def _within(answer: "asyncio.Future[Any]", seconds: float) -> Any:
    """Await an answer for so long: each request has such a bound, and the library's takes 20 calls."""

    def late() -> None:
        if not answer.done():
            answer.set_exception(TimeoutError())

    ending = answer.get_loop().call_later(seconds, late)
    try:
        return await answer
    finally:
        ending.cancel()


library.wait_for = _within

WELL = object()
"""The answer that a question had before, when all was well."""


class Repeated:
    """A question that is the same each time, as is the answer that all is well."""

    def __init__(self, request: Any) -> None:
        """Ask it as the library does, once."""
        self._request, self._asked = request, dict[Any, Asked]()
        self._well, self._last = b"", b""

    def prepare(self, versions: dict[int, tuple[int, int]]) -> Asked:
        """Give what is sent to a broker of these versions."""
        known = versions.get(self._request.API_KEY)
        found = self._asked.get(known)
        if found is None:
            asked = self._request.prepare(versions)
            kind = asked.RESPONSE_TYPE

            def read(data: memoryview) -> Any:
                self._last = bytes(data)
                return WELL if self._last == self._well else kind.decode(self._last)

            found = self._asked[known] = Asked(asked, answer=read)
        return found

    def went_well(self) -> None:
        """What was answered last says that all is well."""
        self._well = self._last


class Found(NamedTuple):
    """An answer as the library's own readers want it: topics, and of each what is said of its partitions."""

    topics: list[tuple[str, list[tuple[Any, ...]]]]
    API_VERSION: int
    error_code: int = 0
    session_id: int = 0


def produced(asked: Any) -> Asked:
    """Write batches that the library would send."""
    if asked.API_VERSION not in PRODUCES:
        return Asked(asked)
    parts = [text(asked.transactional_id), _ACKS.pack(asked.required_acks, asked.timeout), _INT.pack(len(asked.topics))]
    for topic, ones in asked.topics:
        parts += (text(topic), _INT.pack(len(ones)))
        for partition, batch in ones:
            parts += (_PLACED.pack(partition, len(batch)), batch)
    return Asked(asked, _Body(*parts), _taken)


PRODUCES = range(5, 8)
_ACKS, _PLACED, _TAKEN = struct.Struct(">hi"), struct.Struct(">ii"), struct.Struct(">ihqqq")
"""How many must have it and how long that may take; a partition and the length of its batch; a partition, an error, the
first offset, the time and where the log begins."""


def _taken(data: memoryview) -> Found:
    topics = _topics(data, 0, lambda at: (_TAKEN.unpack_from(data, at), at + _TAKEN.size))
    return Found(topics=topics, API_VERSION=PRODUCES[-1])


def fetched(asked: Any) -> Asked:
    """Write a fetch that the library would send."""
    if asked.API_VERSION != FETCHES:
        return Asked(asked)
    body = [
        _WAITS.pack(
            asked.replica_id,
            asked.max_wait_time,
            asked.min_bytes,
            asked.max_bytes,
            asked.isolation_level,
            asked.session_id,
            asked.session_epoch,
        ),
        _by_topic([(topic, [_WANTED.pack(*one) for one in ones]) for topic, ones in asked.topics]),
        _by_topic([(topic, [_INT.pack(one) for one in ones]) for topic, ones in asked.forgotten_topics_data]),
        text(asked.rack_id),
    ]
    return Asked(asked, b"".join(body), _brought)


FETCHES = 11
_WAITS, _WANTED = struct.Struct(">iiiibii"), struct.Struct(">iiqqi")
_SAID, _BROUGHT, _PAIR = struct.Struct(">ihi"), struct.Struct(">ihqqqi"), struct.Struct(">qq")
"""Throttled for how long, error and session; a partition, an error, high watermark, last stable offset, where the log
begins and how many transactions were aborted; one of those."""


def _brought(data: memoryview) -> Found:
    _, error, session = _SAID.unpack_from(data)

    def one(at: int) -> tuple[tuple[Any, ...], int]:
        *said, aborted = _BROUGHT.unpack_from(data, at)
        at += _BROUGHT.size
        gone = [_PAIR.unpack_from(data, at + _PAIR.size * number) for number in range(aborted)]
        at += _PAIR.size * max(0, aborted)
        replica, size = _PLACED.unpack_from(data, at)
        at += _PLACED.size
        end = at + max(0, size)
        return (*said, gone if aborted >= 0 else None, replica, data[at:end] if size >= 0 else None), end

    topics = _topics(data, _SAID.size, one)
    return Found(topics=topics, API_VERSION=FETCHES, error_code=error, session_id=session)


def _topics(data: memoryview, at: int, one: Callable[[int], tuple[Any, int]]) -> list[tuple[str, list[Any]]]:
    found = []
    count, at = _INT.unpack_from(data, at)[0], at + 4
    for _ in range(count):
        begins = at + 2
        at = begins + _SHORT.unpack_from(data, at)[0]
        topic, ones = str(data[begins:at], "utf-8"), []
        count, at = _INT.unpack_from(data, at)[0], at + 4
        for _ in range(count):
            said, at = one(at)
            ones.append(said)
        found.append((topic, ones))
    return found


def _by_topic(found: Sequence[tuple[str, Sequence[bytes]]]) -> bytes:
    parts = [_INT.pack(len(found))]
    for topic, ones in found:
        parts += (text(topic), _INT.pack(len(ones)), *ones)
    return b"".join(parts)


def text(value: str) -> bytes:
    """Write a string."""
    encoded = value.encode()
    return _SHORT.pack(len(encoded)) + encoded
