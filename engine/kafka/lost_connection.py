"""Tells of a connection that is gone in the library's words (aiokafka 0.14.0, uvloop 0.23.0).

Asyncio's transport takes what is written to it then, and warns; uvloop's raises what the library calls unexpected. The
task that joins the group ended by it when a broker was killed, and with it the process.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_library_send = AIOKafkaConnection.send


def _send(self: Any, request: Any, expect_response: bool = True) -> Any:
    try:
        return _library_send(self, request, expect_response)
    except RuntimeError as exc:
        self.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"the connection to {self._host}:{self._port} is gone") from exc


def told_as_lost() -> None:
    """Put it in the library's place."""
    AIOKafkaConnection.send = _send
