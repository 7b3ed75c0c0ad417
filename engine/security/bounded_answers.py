"""Reading what somebody else's server answers: all of it, up to a bound."""

from typing import Protocol


class Content(Protocol):
    """A body that comes piece by piece, as aiohttp gives it."""

    async def read(self, n: int = -1) -> bytes:
        """Give what has come by now, of it so many bytes at most; nothing at its end."""


async def read_into(found: bytearray, content: Content, most: int) -> None:
    """Read a body to its end or to so many bytes: one ``read`` gives what has come by now, be it half a member."""
    while len(found) < most and (piece := await content.read(most - len(found))):
        found += piece
