"""What Redis' driver raises, by what it means to us: nobody else knows the driver's own names."""

from collections.abc import Iterator
from contextlib import contextmanager

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
