"""What a broker sends is cut into answers wherever the network has cut it."""

import asyncio
import itertools
import struct
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import aiokafka.conn as library
import pytest
from aiokafka.errors import CorrelationIdError
from aiokafka.protocol.admin import ApiVersionResponse_v0
from hypothesis import given
from hypothesis import strategies as st

from engine.kafka.frames import PLACE_BYTES, SCRATCH_BYTES, Frames
from engine.kafka.quick_requests import Asked
from tests.support.rig import eventually


def framed(answer: bytes) -> bytes:
    """An answer with its size."""
    return struct.pack(">i", len(answer)) + answer


def receive(frames: Frames, data: bytes, most: int = 1 << 30) -> None:
    """Hand over bytes as a loop does: where and as far as they fit, so many at once."""
    while data:
        place = frames.get_buffer(-1)
        assert len(place), "a loop takes an empty place for the end of the connection"
        count = min(len(place), len(data), most)
        place[:count] = data[:count]
        frames.buffer_updated(count)
        data = data[count:]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One that does not run."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def cutting(loop: asyncio.AbstractEventLoop, take: Callable[[bytes], None]) -> tuple[Frames, asyncio.StreamReader]:
    """Who cuts, and what hears of the end."""
    reader = asyncio.StreamReader(loop=loop)
    frames = Frames(loop.create_future(), reader, loop=loop)
    frames.take = lambda answer: take(bytes(answer))
    return frames, reader


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """The same bytes in pieces."""
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[begin:end] for begin, end in itertools.pairwise(places)]


sizes = st.one_of(
    st.integers(0, 40),
    st.integers(SCRATCH_BYTES - 12, SCRATCH_BYTES + 12),
    st.integers(0, 3 * SCRATCH_BYTES),
)


@given(
    st.lists(sizes, max_size=6), st.lists(st.integers(0, 1 << 20), max_size=12), st.sampled_from([7, 70_000, 1 << 30])
)
def test_answers_come_whole_wherever_they_were_cut(lengths: list[int], at: list[int], most: int) -> None:
    """In their order, empty ones included, of every size around that from which they get a place of their own."""
    if most == 7:
        lengths = [length % 200 for length in lengths]
    loop, found = asyncio.new_event_loop(), list[bytes]()
    try:
        frames, _ = cutting(loop, found.append)
        answers = [bytes([n + 1]) * length for n, length in enumerate(lengths)]
        for piece in cut(b"".join(map(framed, answers)), at):
            receive(frames, piece, most)
        assert found == answers
    finally:
        loop.close()


def test_an_answer_that_was_handed_over_is_not_written_into_again(loop: asyncio.AbstractEventLoop) -> None:
    """Whoever has it may look at it later; a large one is where it was received, not a copy."""
    found = list[memoryview]()
    frames, _ = cutting(loop, lambda answer: None)
    frames.take = found.append
    for size in (10, SCRATCH_BYTES, 10, SCRATCH_BYTES):
        receive(frames, framed(bytes([len(found) + 1]) * size))
    assert [set(answer) for answer in found] == [{1}, {2}, {3}, {4}]
    assert isinstance(found[1].obj, bytearray) and len(found[1].obj) == SCRATCH_BYTES


def test_whoever_names_a_size_that_never_comes_takes_no_memory_for_it(loop: asyncio.AbstractEventLoop) -> None:
    """A web server in a broker's place: ``HTTP`` is a size of 1.2 GB. One that does come is whole."""
    found = list[bytes]()
    frames, _ = cutting(loop, found.append)
    tracemalloc.start()
    receive(frames, b"HTTP/1.1 400 Bad Request\r\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * PLACE_BYTES and not found
    frames, _ = cutting(loop, found.append)
    large = bytes(range(250)) * (PLACE_BYTES // 100)
    receive(frames, framed(large) + framed(b"behind"))
    assert found == [large, b"behind"]


@pytest.mark.parametrize("bad", [framed(b"nobody asked"), struct.pack(">i", -7)], ids=["of nobody", "a size below 0"])
async def test_what_cannot_be_understood_ends_the_connection(bad: bytes) -> None:
    """The library's task hears of it, which closes; what comes behind it is not looked at."""
    found = list[bytes]()

    def take(answer: bytes) -> None:
        if answer == b"nobody asked":
            raise IndexError("pop from an empty deque")
        found.append(answer)

    frames, reader = cutting(asyncio.get_running_loop(), take)
    reading = asyncio.create_task(reader.readexactly(4))
    await asyncio.sleep(0)
    receive(frames, framed(b"well") + bad + framed(b"behind"))
    receive(frames, framed(b"later"))
    with pytest.raises((IndexError, ValueError)):
        await reading
    assert found == [b"well"]


async def answering(*answers: Sequence[bytes]) -> asyncio.Server:
    """A broker that says so to one question after the other, piece by piece, and closes then."""

    async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for pieces in answers:
            await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    return await asyncio.start_server(said, "127.0.0.1", 0)


async def connected(server: asyncio.Server) -> Any:
    """A connection of the library's."""
    host, port = server.sockets[0].getsockname()
    return await library.create_conn(host, port)


VERSIONS = framed(b"\0\0\0\1" + ApiVersionResponse_v0(error_code=0, api_versions=[(1, 0, 11)]).encode())


async def test_the_librarys_connections_are_cut_so_and_hear_of_their_end() -> None:
    """Whoever waits for an answer is told at once when the broker closes."""
    async with await answering((VERSIONS[:3], VERSIONS[3:9], VERSIONS[9:])) as server:
        connection = await connected(server)
        assert connection._versions == {1: (0, 11)}
        await eventually(lambda: not connection.connected(), 5, "it hears of the end")


class Question:
    """One that is written and read by us."""

    API_KEY, API_VERSION = 24, 1

    def prepare(self, versions: object) -> Asked:
        """Of whatever version."""
        return Asked(self, b"what?", bytes)


@pytest.mark.parametrize(("number", "is_ours"), [(2, True), (7, False)], ids=["ours", "another's"])
async def test_what_answers_our_question_is_read_by_us_and_nothing_else(number: int, is_ours: bool) -> None:
    """An answer to another question ends the connection: all behind it would be taken for what it is not."""
    async with await answering((VERSIONS,), (framed(struct.pack(">i", number) + b"that"),)) as server:
        connection = await connected(server)
        asked = connection.send(Question())
        if is_ours:
            assert await asked == b"that"
        else:
            with pytest.raises(CorrelationIdError):
                await asked
        await eventually(lambda: not connection.connected(), 5, "it hears of the end")
