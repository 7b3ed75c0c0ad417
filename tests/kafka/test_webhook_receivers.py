"""The receivers of ``docs/clients`` work as they stand against the notifier that sends: each event is kept once, in its
ticket's order, killed or not; what is forged, altered or old is neither kept nor taken."""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from engine.doors.deliveries import Message
from engine.doors.webhooks import KIND, Subscription
from engine.notifier.signed import headers_of
from tests.kafka.test_department_clients import CLIENTS, needed
from tests.support.servers import free_ports
from tests.support.webhook_stand import AT, Stand, standing, until

FORGED = "whsec_" + "A" * 32


def python() -> list[str]:
    """Its standard library is enough."""
    return [sys.executable, str(CLIENTS / "receive.py")]


def node() -> list[str]:
    """So is Node's own."""
    return [needed("node"), str(CLIENTS / "receive.mjs")]


def java() -> list[str]:
    """And Java's, from the source."""
    needed("javac")
    return [needed("java"), "-Xmx128m", str(CLIENTS / "Receive.java")]


@pytest.fixture
async def stand(database_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """Doors of their own."""
    async with standing(database_url, tmp_path, {}) as found:
        yield found


@asynccontextmanager
async def listening(words: list[str], port: int, file: Path, secret: str) -> AsyncIterator[None]:
    """A receiver that answers; at the end it is killed."""
    process = await asyncio.create_subprocess_exec(
        *words, str(port), str(file), env=os.environ | {"GRIDWHISTLE_WEBHOOK_SECRET": secret},
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def answers() -> bool:
        assert process.returncode is None
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await until(answers)
        yield
    finally:
        process.kill()
        await process.wait()


def ids(file: Path) -> list[str]:
    """Whose lines stand whole."""
    whole = file.read_text().split("\n")[:-1] if file.exists() else []
    return [line.split(" ")[0] for line in whole]


async def posted(port: int, message: Message, secret: str, at: datetime, body: str | None = None) -> int:
    """One message as somebody sends it; what was answered."""
    headers = headers_of(message, [secret], at)
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        async with session.post(url, data=(body or message.body).encode(), headers=headers) as answer:
            return answer.status


@pytest.mark.parametrize("receiver", [python, node, java], ids=lambda receiver: receiver.__name__)
async def test_a_receiver_keeps_each_event_once_and_nothing_else(
    receiver: Callable[[], list[str]], stand: Stand, tmp_path: Path
) -> None:
    """Killed while it takes and begun again with a torn line; sent again; forged, altered, old, from the future; signed
    by a former secret beside its own."""
    port, file = free_ports(1), tmp_path / "events"
    wanted = Subscription(
        department="cg", url=f"http://127.0.0.1:{port}/events", filter="", since=AT, has_past=False
    )  # fmt: skip
    name, secret = await stand.webhooks.add(wanted, "person:desk:a")
    told = await stand.tell(30)
    async with stand.sending():
        async with listening(receiver(), port, file, secret):
            await until(lambda: len(ids(file)) >= 3)
        with file.open("ab") as torn:
            torn.write(f"{told[-1][0]} {{".encode())
        await stand.webhooks.rotate(name, "person:desk:a", 3600)  # it has the former one still
        async with listening(receiver(), port, file, secret):
            await until(lambda: {one for one, _ in told} <= set(ids(file)))
            await until(stand.is_quiet)
            assert await stand.deliveries.again(KIND + name, told[0][0]) == 1
            await until(stand.is_quiet)
            await refuses(port, secret)
    kept = ids(file)
    assert sorted(kept) == sorted(one for one, _ in told)
    of_ticket = defaultdict(list)
    for one, ticket in told:
        of_ticket[ticket].append(one)
    for names in of_ticket.values():
        assert [one for one in kept if one in names] == names


async def refuses(port: int, secret: str) -> None:
    """What nobody of ours sent, or sent long ago, is refused; what is good and came already is taken."""
    now = datetime.now(UTC)
    message = Message(id="forged-1", line="t", kind="dispatched", body='{"id":"forged-1"}', attempts=0, tries=0)
    for given in (
        (message, FORGED, now),
        (message, secret, now - timedelta(minutes=6)),
        (message, secret, now + timedelta(minutes=6)),
        (message, secret, now, '{"id":"forged-2"}'),
    ):
        assert await posted(port, *given) in (400, 401), given
    async with aiohttp.ClientSession() as session, session.post(f"http://127.0.0.1:{port}/", data=b"{}") as answer:
        assert answer.status in (400, 401)
