"""A client over TLS is stopped at once, whatever the broker says to that."""

import asyncio
import socket
import ssl
import threading
import time
from pathlib import Path

import uvloop
from aiokafka.conn import AIOKafkaConnection

from engine.security.connections import kafka_arguments
from engine.settings import Settings
from tests.support.secure import certificates


class Greeted(AIOKafkaConnection):  # type: ignore[misc]
    """One whose broker need not say what it speaks."""

    async def _do_version_lookup(self) -> None:
        return None


def test_a_broker_that_says_no_farewell_is_not_waited_for(tmp_path: Path) -> None:
    """It reads nothing after the handshake; on uvloop, as the stages run, the library would wait 30 s."""
    ca, server = certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    door, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def silent() -> None:
        with context.wrap_socket(door.accept()[0], server_side=True):
            over.wait(40)

    threading.Thread(target=silent, daemon=True).start()

    async def connect_and_close() -> float:
        secure = kafka_arguments(Settings(kafka_tls=True, kafka_ca_file=ca))["ssl_context"]
        connection = Greeted("127.0.0.1", door.getsockname()[1], security_protocol="SSL", ssl_context=secure)
        await connection.connect()
        began = time.monotonic()
        await connection.close()
        return time.monotonic() - began

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(connect_and_close()) < 5
    finally:
        over.set()
        door.close()
