"""A view stands still while it is compared: for as long as that takes, and no longer than whoever compares it lives."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from engine.calling_off import called_off
from engine.errors import DependencyDown
from engine.security.redis_faults import REDIS_AWAY, redis_answering
from engine.views.redis_view import RedisView

HOLD_SECONDS = 60
"""After so long without a sign of life of whoever holds it, folding goes on."""
RENEW_SECONDS = 10


class Hold:
    """One hold of a view; ``demand`` sees that it is still ours."""

    def __init__(self, view: RedisView) -> None:
        """Nothing is held before ``take``."""
        self._redis, self._key, self._token = view.redis, f"{view.prefix}hold", secrets.token_hex(8)

    async def take(self) -> None:
        """Let nothing be folded in from now on.

        Raises:
            DependencyDown: Somebody else holds the view.
        """
        with redis_answering():
            taken = await self._redis.set(self._key, self._token, ex=HOLD_SECONDS, nx=True)
        if not taken:
            raise DependencyDown("the view is being compared by somebody else; try again when they are done")

    async def demand(self) -> None:
        """See that the hold is ours.

        Raises:
            DependencyDown: It has ended: Redis was away for longer than it lasts, and the view went on.
        """
        with redis_answering():
            found = await self._redis.get(self._key)
        if found != self._token:
            raise DependencyDown("the view went on while it was compared: Redis was away; try again")

    async def keep(self) -> None:
        """Hold it on, until cancelled; what fails here is seen by ``demand``."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(*REDIS_AWAY, DependencyDown):
                await self.demand()
                await self._redis.expire(self._key, HOLD_SECONDS)

    async def release(self) -> None:
        """Let folding go on."""
        with suppress(*REDIS_AWAY, DependencyDown):  # else it ends by itself
            await self.demand()
            await self._redis.delete(self._key)


@asynccontextmanager
async def holding(view: RedisView) -> AsyncIterator[Hold]:
    """Hold a view while the block runs."""
    hold = Hold(view)
    await hold.take()
    task = asyncio.create_task(hold.keep())
    try:
        yield hold
    finally:
        await called_off(task)
        await hold.release()
