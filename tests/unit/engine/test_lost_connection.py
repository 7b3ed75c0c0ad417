"""A connection that is gone is told of as such, on uvloop as on asyncio."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from engine.kafka import clients
from tests.unit.engine.test_tls_close import Greeted

assert clients  # with which every client comes


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
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
        await asyncio.sleep(0)
        with pytest.raises(KafkaConnectionError):
            await connection.send(MetadataRequest([]))
        assert not connection.connected()
        door.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(ask())
