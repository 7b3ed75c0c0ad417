"""Folds records of a state beside the loop, while the next are fetched and unpacked."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType

from topics.errors import GridwhistleError

ASIDE = 1000
"""Records from which on they are folded beside the loop: heartbeats and fetches go on, and what is packed meanwhile,
half of the work, takes the other core."""

Pairs = Sequence[tuple[bytes, bytes | None]]
"""Keys and values."""


class AmongMany(GridwhistleError):
    """Among many records is one that cannot be read."""


class Aside:
    """One piece after the other, in order; left, it has ended the one it had begun."""

    def __init__(self, many: Callable[[Pairs], None] | None) -> None:
        """``many`` folds a piece; ``None``: there will be none."""
        self._many = many
        self._folding: asyncio.Future[None] | None = None

    async def fold(self, some: Pairs) -> None:
        """Fold a piece; a large one after this call has returned.

        Raises:
            AmongMany: A record of it, or of the piece before, cannot be read.
        """
        await self.done()
        if not some or self._many is None:
            return
        if len(some) < ASIDE:
            self._in_turn(some)
        else:
            self._folding = asyncio.ensure_future(asyncio.to_thread(self._in_turn, some))

    async def done(self) -> None:
        """Wait until all is folded.

        Raises:
            AmongMany: A record cannot be read.
        """
        folding, self._folding = self._folding, None
        if folding is not None:
            await folding

    def _in_turn(self, some: Pairs) -> None:
        try:
            assert self._many is not None
            self._many(some)
        except Exception as exc:
            raise AmongMany("one of many records of ours cannot be read") from exc

    async def __aenter__(self) -> "Aside":
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the piece end that was begun, so that whoever folds anew is not disturbed by it."""
        with suppress(AmongMany):
            await self.done()
