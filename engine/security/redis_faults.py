"""What Redis' driver raises, by what it means to us: nobody else knows the driver's own names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import RedisError, ResponseError

from engine.errors import DependencyDown

REDIS_AWAY = (RedisError, OSError)
"""It does not answer, or says that it cannot."""

NotAnswered = ResponseError
"""It will not have this command of this user, or does not know it."""


@contextmanager
def redis_answering(otherwise: str = "Redis does not answer") -> Iterator[None]:
    """Turn what Redis raises that is away into a ``DependencyDown``, which says so."""
    try:
        yield
    except REDIS_AWAY as exc:
        raise DependencyDown(f"{otherwise}: {exc}") from exc


_library_send = AbstractConnection.send_packed_command


async def _send(self: Any, *args: Any, **options: Any) -> None:
    try:
        await _library_send(self, *args, **options)
    except RuntimeError as exc:
        raise Lost("the connection to Redis is gone") from exc


def told_as_lost() -> None:
    """Let what uvloop raises of a connection that is gone be what every door knows as Redis away (redis 8.1.0, uvloop
    0.23.0)."""
    AbstractConnection.send_packed_command = _send  # type: ignore[method-assign]
