"""One POST to an address that strangers gave: only where it may lead, no redirect followed, bounded in time and
size."""

import asyncio
import contextlib
import re
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from engine.doors.addresses import Reach, checked, literal_of, reachable
from engine.errors import InvalidSettings
from engine.notifier.port import Answer
from engine.security.bounded_answers import read_into
from engine.security.early_words import Answered, NeverAnswers
from rules import VERSION
from topics.errors import GridwhistleError

SECONDS = 15.0
"""From the first packet to the end of the answer."""
CONNECT_SECONDS = 5.0
SAID_SECONDS = 5.0
"""From an answer's status, which counts, to its first words, which are for the log."""
ANSWER_BYTES = 1024
"""Of an answer so much is read; so many characters of it are kept for the log:"""
KEPT = 200
GONE = 410
_UNSEEN = re.compile(r"[^ -~\u4e00-\u9fff]+")


class NotReachable(GridwhistleError, OSError):
    """Every address of a name is one that webhooks may not reach."""


class Guarded(AbstractResolver):
    """Resolves names, and keeps of their addresses those that may be reached: the connection is made to the very
    address that was looked at, whatever the name says a moment later."""

    def __init__(self, reach: Reach) -> None:
        """Ask nothing yet."""
        self._reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the addresses that may be reached.

        Raises:
            NotReachable: There is none.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        allowed = [
            ResolveResult(
                hostname=host, host=str(at[0]), port=int(at[1]), family=kind, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for kind, _, proto, _, at in found
            if (literal := literal_of(str(at[0]))) is not None and reachable(literal, self._reach)
        ]
        if not allowed:
            raise NotReachable("this name leads into a network that webhooks may not reach")
        return allowed

    async def close(self) -> None:
        """Nothing is held."""


class Poster:
    """Sends bodies; one for the whole process."""

    def __init__(self, reach: Reach, ca_file: Path | None = None) -> None:
        """Read the certificates; connections come with the first body."""
        self._reach = reach
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context = context
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Try once."""
        try:
            checked(url, self._reach)
            return await self._posted(url, body, headers)
        except (InvalidSettings, NotReachable) as exc:
            return Answer(is_taken=False, said=str(exc))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as exc:
            if isinstance(exc.__cause__ or getattr(exc, "os_error", None), NotReachable):
                return Answer(is_taken=False, said="this name leads into a network that webhooks may not reach")
            return Answer(is_taken=False, said=_worded(exc))

    async def _posted(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        async with self._open().post(
            url, data=body, headers=headers, allow_redirects=False, ssl=self._context
        ) as response:
            said = bytearray()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):  # its status has come: that is the answer
                async with asyncio.timeout(SAID_SECONDS):
                    await read_into(said, response.content, ANSWER_BYTES)
            response.close()  # what it still says is not waited for
            status = response.status
            redirect = "it answers with a redirect, which is not followed: " if 300 <= status < 400 else ""
            return Answer(
                is_taken=200 <= status < 300,
                said=(redirect + _seen(said))[:KEPT],
                status=status,
                is_gone=status == GONE,
                wait_seconds=_asked(response.headers.get("retry-after", "")),
            )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=Guarded(self._reach), limit=0, force_close=True),
                timeout=aiohttp.ClientTimeout(total=SECONDS, connect=CONNECT_SECONDS),
                headers={"user-agent": f"gridwhistle/{VERSION}"},
                cookie_jar=aiohttp.DummyCookieJar(),
                response_class=Answered,
                auto_decompress=False,
                trust_env=False,
                max_line_size=8190,
                max_field_size=8190,
            )
        return self._session

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()


def _seen(said: bytes | bytearray) -> str:
    """What a receiver says is shown to people later: letters alone."""
    return _UNSEEN.sub(" ", said.decode(errors="replace")).strip()


def _worded(exc: BaseException) -> str:
    """Say what went wrong, in words that tell nothing of our own network."""
    if isinstance(exc.__cause__, NeverAnswers):
        return "it says that it will answer (1xx), and does not"
    if isinstance(exc, TimeoutError):
        return f"no answer within {SECONDS:.0f} s"
    if isinstance(exc, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "its certificate does not hold"
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return "its name is not known"
    if isinstance(exc, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return "nobody takes the connection"
    return f"the connection broke ({type(exc).__name__})"


def _asked(header: str) -> float:
    """Read ``Retry-After``: seconds, or a date."""
    if header.isdecimal() and len(header) < 9:
        return float(header)
    try:
        moment: Any = parsedate_to_datetime(header)
        return float((moment - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
