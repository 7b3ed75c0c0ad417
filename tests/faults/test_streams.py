"""Two hundred people watch while two hundred tickets a second change: how long a change takes to them, that a gateway
killed meanwhile leaves no gap, and what one who does not read costs (``docs/results/streams.md``)."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from os import getloadavg
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from engine.kafka.kafka_log import KafkaLog
from engine.settings import Settings
from engine.stream.contracts import Out
from engine.stream.sending import send
from tests.faults.results import machine
from tests.kafka.test_hostile_fetch import send_good
from tests.kafka.test_poison import read_all
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from tests.support.stacks import both, run
from topics import codec
from topics.decision import Change, Decision
from topics.ids import home_of, partition_of, record_id
from topics.registry import COMMANDS, DECISIONS
from topics.ticket import Ticket

CLIENTS, EACH_SECOND, SECONDS, TICKETS, PEOPLE = 200, 200, 60, 300, 10
STEP = 0.05
"""Seconds between two commits, of as many changes as fall due."""
PAGE = Path(__file__).parents[2] / "docs" / "results" / "streams.md"
_CURSOR = re.compile(rb"id: ([\d.]+)\nevent: cursor")


class Row(msgspec.Struct):
    """What of a row is looked at."""

    id: str
    version: int
    text: str = ""


class Snapshot(msgspec.Struct):
    """The queue as it was when somebody came."""

    rows: list[Row]


_ROW, _SNAPSHOT = msgspec.json.Decoder(Row), msgspec.json.Decoder(Snapshot)


def asked(port: int, key: str, cursor: bytes = b"") -> bytes:
    """A request for the stream of all that is open."""
    lines = ["GET /v1/stream?queue=open HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {key}"]
    lines += [f"Last-Event-ID: {cursor.decode()}"] if cursor else []
    return "\r\n".join([*lines, "", ""]).encode()


@lru_cache(maxsize=2000)
def row_in(data: bytes) -> Row:
    """Read a row; two hundred in one process are sent the same bytes, and share the machine with the gateway."""
    return _ROW.decode(data)


class Watcher:
    """One who watches all that is open, comes back when the gateway was away, and keeps what they were told."""

    def __init__(self, port: int, key: str, began: float) -> None:
        self._port, self._key, self._began = port, key, began
        self.versions: dict[str, int] = {}
        self.took: list[float] = []
        """Seconds from before the commit until it was read."""
        self.cursor = b""
        self.snapshots = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._read()
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.5)

    async def _read(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**22)
        writer.write(asked(self._port, self._key, self.cursor))
        try:
            waiting = b""
            while piece := await reader.read(2**20):
                waiting = self._take(waiting + piece)
            raise ConnectionResetError
        finally:
            writer.close()

    def _take(self, text: bytes) -> bytes:
        """Look through what has come; what is not whole yet waits."""
        now, end = time.monotonic() - self._began, text.rfind(b"\n\n") + 2
        if end < 2:
            return text
        for event in text[:end].split(b"\n\n"):
            for row in self._rows(event):
                if row.text.startswith("sent ") and row.version > self.versions.get(row.id, 0):
                    self.versions[row.id] = row.version
                    self.took.append(now - int(row.text[5:-1]) / 1000)
        for cursor in _CURSOR.findall(text, 0, end):
            self.cursor = cursor
        return text[end:]

    def _rows(self, event: bytes) -> list[Row]:
        """The rows of one event, if it has any."""
        head, _, data = event.partition(b"data: ")
        if head.endswith(b"event: upsert\n"):
            return [row_in(data)]
        if head.endswith(b"event: snapshot\n"):
            self.snapshots += 1
            return _SNAPSHOT.decode(data).rows
        return []


class Changes:
    """Decides in the place of dispatch, which has ended: each change another version, with the moment in its text."""

    def __init__(self, settings: Settings, tickets: list[Ticket], began: float) -> None:
        self._settings, self._tickets, self._began = settings, tickets, began
        self.versions = {one.id: one.version for one in tickets}
        self.made = 0

    async def run(self, seconds: float) -> None:
        """So many a second, committed every twentieth of one."""
        writer = KafkaLog(self._settings).writer("streams")
        await writer.start()
        begun = time.monotonic()
        first = self.made
        while (spent := time.monotonic() - begun) < seconds:
            due = int(spent * EACH_SECOND) - (self.made - first)
            if due:
                outs = [self._next() for _ in range(due)]
                await writer.begin_transaction()
                for ack in await send(writer, self._settings.prefix, outs):
                    await ack
                await writer.commit_transaction()
            await asyncio.sleep(STEP)
        await writer.let_go()

    def _next(self) -> Out:
        one = self._tickets[self.made % len(self._tickets)]
        self.made += 1
        self.versions[one.id] += 1
        said = f"sent {int((time.monotonic() - self._began) * 1000)}."
        image = msgspec.structs.replace(one, version=self.versions[one.id], text=said)
        number = partition_of(one.home, self._settings.partitions)
        change = Change(ticket=one.id, version=image.version, after=msgspec.Raw(codec.encode(image)))
        decided = Decision(
            id=record_id(COMMANDS.name, number, 1_000_000 + self.made),
            at=one.received_at + self.made,
            cause="command",
            reason="done_as_asked",
            home=one.home,
            changes=(change,),
        )
        return Out(DECISIONS.name, number, one.home.encode(), codec.encode(decided))


async def open_tickets(settings: Settings) -> list[Ticket]:
    """As dispatch left them."""
    found: dict[str, Ticket] = {}
    for _, value, _ in await read_all(settings, DECISIONS.name, settings.partitions):
        for change in codec.decode(value or b"", Decision).changes:
            if change.after is not None:
                found[change.ticket] = codec.decode(bytes(change.after), Ticket)
    return [one for one in found.values() if home_of(one.id) == one.home]


@asynccontextmanager
async def filled(rig: Rig) -> AsyncIterator[list[Ticket]]:
    """Some hundred tickets, a gateway and a projector that have them, and nobody who decides."""
    try:
        await rig.prepare("guancheng")
        for stage in ("intake", "dispatch", "projector", "gateway"):
            rig.start(stage)
        await rig.ready()
        await send_good(rig.settings, 1, TICKETS, None)

        async def all_there() -> bool:
            return len(await open_tickets(rig.settings)) == TICKETS

        await eventually(all_there, 120, "all tickets are filed", every=1)
        rig.terminate("intake-1", "dispatch-1")
        yield await open_tickets(rig.settings)
    finally:
        rig.close()


def keys_of(rig: Rig) -> list[str]:
    """Keys of the chief: a browser has one stream, and so many screens hang in a hall."""
    environ: dict[str, Any] = {n: text for n, text in rig.environment().items() if n.startswith("GRIDWHISTLE_")}
    found = []
    for _ in range(PEOPLE):
        done = run("keys", "add", "--as", "chief:chief-1", **environ)
        assert done.returncode == 0, both(done)
        found.append(done.stdout.split()[-1])
    return found


@pytest.mark.long
async def test_two_hundred_watch_two_hundred_changes_a_second(stack_settings: Settings) -> None:
    """Times are written down; that nobody misses anything, and that a slow reader costs little, is held."""
    port, began = free_ports(1), time.monotonic()
    more = {"GRIDWHISTLE_GATEWAY_BIND": f"127.0.0.1:{port}", "GRIDWHISTLE_GATEWAY_REQUESTS_PER_SECOND": "10000"}
    rig = Rig(stack_settings, more={"gateway-1": more})
    async with filled(rig) as tickets, asyncio.TaskGroup() as group:
        keys = keys_of(rig)
        watchers = [Watcher(port, keys[n % PEOPLE], began) for n in range(CLIENTS)]
        watching = [group.create_task(one.run()) for one in watchers]
        await eventually(lambda: all(one.snapshots for one in watchers), 120, "everybody has the queue")
        changes = Changes(rig.settings, tickets, began)
        await changes.run(3)  # warm
        for one in watchers:
            one.took.clear()
        slow, before, spent = await lazy(port, keys[0]), memory(rig), cpu(rig)
        await changes.run(SECONDS)
        spent = cpu(rig) - spent
        took = sorted(seconds for one in watchers for seconds in one.took)
        costs = memory(rig) - before
        await gone_and_back(rig, changes)
        await eventually(lambda: all(one.versions == changes.versions for one in watchers), 60, "nobody missed any")
        slow.close()
        for task in watching:
            task.cancel()
    assert costs < 64, f"one who does not read costs {costs:.0f} MiB"
    write(took, changes.made, costs, sum(one.snapshots for one in watchers), spent=spent)


async def lazy(port: int, key: str) -> asyncio.StreamWriter:
    """One who opens a stream and reads nothing."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(asked(port, key))
    return writer


def memory(rig: Rig) -> float:
    """MiB that are the gateway's alone."""
    return float(psutil.Process(rig.workers["gateway-1"].process.pid).memory_full_info().uss) / 2**20


def cpu(rig: Rig) -> float:
    """CPU seconds that the gateway has used: what a busy machine does not change."""
    return sum(psutil.Process(rig.workers["gateway-1"].process.pid).cpu_times()[:2])


async def gone_and_back(rig: Rig, changes: Changes) -> None:
    """The gateway is killed while tickets change, and comes again."""
    changing = asyncio.create_task(changes.run(10))
    await asyncio.sleep(2)
    rig.kill("gateway-1")
    rig.start("gateway")
    await rig.ready("gateway-1")
    await changing


def write(took: list[float], made: int, costs: float, snapshots: int, *, spent: float) -> None:
    """Put the measurement down."""
    p50, p99 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
    head = [
        "watching",
        "changes a second",
        "seconds",
        "change to screen p50",
        "p99",
        "longest",
        "told",
        "slow reader",
        "gateway's CPU",
    ]
    values = (CLIENTS, EACH_SECOND, SECONDS, f"{p50:.0f} ms", f"{p99:.0f} ms", f"{took[-1] * 1000:.0f} ms")
    cells = (*values, len(took), f"{costs:.1f} MiB", f"{spent / SECONDS:.0%} of a core")
    rows = [head, ["---"] * len(head), cells]
    table = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
    PAGE.write_text(
        f"""# Live streams

Written by `pytest --long tests/faults/test_streams.py`, {datetime.now(UTC):%Y-%m-%d}, {machine()}; load
{getloadavg()[0]:.1f} at the end; gateway, projector, broker, Redis and all who watch share these cores. Each watches
everything that is open, so every change is sent to each; a moment is taken before the commit, and again when the change
has been read. Changes are gathered for 100 ms.

{table}

Then the gateway was killed under the same load and came again: of {made} changes nobody missed the last state of any
ticket ({snapshots} snapshots were read by {CLIENTS}; the others went on from where they were).
""",
        encoding="utf-8",
    )
