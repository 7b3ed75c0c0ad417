"""Lets a TLS connection to a broker go at once: the library waits for the broker's farewell, which on uvloop takes its
whole 30 s.

Three clients one after the other made ``up`` wait a minute and a half. Whatever mattered was acknowledged before a
client is stopped.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection

_library_close = AIOKafkaConnection.close


def _close(self: Any, reason: Any = None, exc: Any = None) -> Any:
    writer = self._writer
    closed = _library_close(self, reason, exc)
    if writer is not None and writer.get_extra_info("ssl_object") is not None:
        writer.transport.abort()
    return closed


def let_go_at_once() -> None:
    """Put it in the library's place."""
    AIOKafkaConnection.close = _close
