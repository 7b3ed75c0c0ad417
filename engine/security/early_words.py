"""What a server may say before it answers (1xx): some, and not for ever."""

import aiohttp
from aiohttp.connector import Connection

from topics.errors import GridwhistleError

MOST = 32
"""Informational answers before the one that counts: HTTP knows no bound, and aiohttp reads on until its time is over,
with all of a core where they come fast enough."""


class NeverAnswers(GridwhistleError, OSError):
    """A server says that it will answer, again and again."""


class Answered(aiohttp.ClientResponse):
    """A response before which only so many others may come; its connection is used once."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read up to the answer's body.

        Raises:
            NeverAnswers: It is still not there.
        """
        protocol, early = connection.protocol, 0
        assert protocol is not None
        read = protocol.read

        async def counted() -> tuple[aiohttp.http.RawResponseMessage, aiohttp.StreamReader]:
            nonlocal early
            message, payload = await read()
            early += message.code < 200
            if early > MOST:
                raise NeverAnswers(f"more than {MOST} words before the answer (1xx)")
            return message, payload

        protocol.read = counted  # type: ignore[method-assign]
        return await super().start(connection)
