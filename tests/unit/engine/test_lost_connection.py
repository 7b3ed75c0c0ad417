"""A connection that is gone is told of as such, on uvloop as on asyncio."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from engine.kafka import clients
from engine.security.connections import new_async_redis
from engine.security.redis_faults import REDIS_AWAY
from engine.settings import Settings
from tests.unit.engine.test_tls_close import Greeted

assert clients  # with which every client of Kafka's comes

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])


@LOOPS
def test_what_is_asked_over_a_connection_that_is_gone_fails_as_the_library_expects(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """It asks again elsewhere, or later. Whatever else is raised ends the task that joins the group."""

    async def ask() -> None:
        door = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        connection = Greeted(*door.sockets[0].getsockname())
        await connection.connect()
        connection._versions = {3: (0, 1)}
        connection._writer.transport.abort()
        await asyncio.sleep(0.05)
        with pytest.raises(KafkaConnectionError):
            await connection.send(MetadataRequest([]))
        assert not connection.connected()
        door.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(ask())


@LOOPS
def test_a_connection_to_redis_that_is_gone_is_redis_away(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """What every door knows how to say; and the next question takes another."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(1000):
            writer.write(b"%1\r\n+proto\r\n:3\r\n" if b"HELLO" in said else b"+OK\r\n" * said.count(b"*"))

    async def ask() -> None:
        door = await asyncio.start_server(answer, "127.0.0.1", 0)
        host, port = door.sockets[0].getsockname()
        redis = new_async_redis(Settings(redis_url=f"redis://{host}:{port}"))
        assert await redis.get("a") == b"OK"
        gone = redis.connection_pool._available_connections[-1]
        gone._writer.transport.abort()
        await asyncio.sleep(0)
        with pytest.raises(REDIS_AWAY):
            await redis.get("a")
        assert await redis.get("a") == b"OK"
        await redis.aclose()
        door.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(ask())
