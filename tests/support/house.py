"""The gateway on the log in memory and a real Valkey, with the law deciding what comes: requests go through the whole
application, without a socket."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from engine.archive.fold import Read
from engine.archive.store import Archive
from engine.gateway.problems import away
from engine.gateway.routes import new_app
from engine.gateway.world import World
from engine.kafka.memory.broker import MemoryLog
from engine.kafka.memory.writer import MemoryWriter
from engine.kafka.reference import Reference
from engine.settings import Settings
from engine.stream.contracts import Out
from engine.stream.sending import send
from rules.state.causes import CommandCause, IncidentCause, Outcome
from tests.support.city import HOUR, MINUTE, REF, City, at
from topics import codec
from topics.command import Command
from topics.decision import Decision
from topics.ids import partition_of
from topics.pack import PackBundle
from topics.reference import EngineClock
from topics.registry import COMMANDS, DECISIONS, RAW, STATE, TOPICS
from topics.ticket import Marker

PARTITIONS = 2


class Town(Reference):
    """The packs that were published, without a topic to read them from."""

    async def refresh(self) -> None:
        """Nothing new is ever published."""


class Deciding(City):
    """A city that remembers all that came of each cause."""

    def take(self, cause: Any) -> Outcome:
        """Decide a cause now."""
        self.outcome = super().take(cause)
        return self.outcome


class House:
    """A gateway, its callers' keys, and a dispatch that can be stopped."""

    world: World

    def __init__(self, redis_url: str, folder: Path, bundle: PackBundle | None = None, **more: Any) -> None:
        self.settings = Settings(
            redis_url=redis_url,
            prefix=f"h{uuid.uuid4().hex[:8]}.",
            partitions=PARTITIONS,
            data_dir=folder,
            **({"gateway_seats": "open"} | more),
        )
        self.log = MemoryLog(lambda: int(time.time() * 1000), self.settings.prefix)
        self.log.create_all(TOPICS, PARTITIONS)
        self.city = Deciding(bundle)
        self.is_away, self.decides, self.folds = False, True, True
        self.archive = Archive(self.settings) if self.settings.database_url else None
        self._read = dict.fromkeys(range(PARTITIONS), 0)
        self._writers: dict[int, MemoryWriter] = {}
        self._stands = dict.fromkeys(range(PARTITIONS), 0)
        self._turn = asyncio.Lock()
        """One thing is decided and written at a time, as in a partition."""

    async def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> int:
        """Append, as the broker does; or be away. What was given is decided at once."""
        if self.is_away:
            raise away("Kafka")
        offset = self.log.append(topic, partition, value, key, headers)
        if topic == COMMANDS.name and self.decides:
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self.dispatch(partition)))
        return offset

    async def dispatch(self, partition: int) -> None:
        """Decide the commands that were given."""
        async with self._turn:
            for record in self.log.all(COMMANDS.name, partition)[self._read[partition] :]:
                self._read[partition] += 1
                command = codec.decode(record.value, Command)
                self.city.now = self.world.now
                await self._commit(
                    self.city.take(
                        CommandCause(
                            id=f"commands:{partition}:{record.offset}", command=command, appended_at=self.city.now
                        )
                    ),
                    partition,
                )

    async def _commit(self, outcome: Outcome, asked: int = 0) -> None:
        """Write a decision and its state in one transaction, and fold it into the queues; what is of no home is of the
        partition that was asked."""
        number = partition_of(outcome.decision.home, PARTITIONS) if outcome.decision.home else asked
        state = [Out(STATE.name, number, key, value) for key, value in self.city.book.flush()]
        after = await self.write(number, [Out(DECISIONS.name, number, None, codec.encode(outcome.decision)), *state])
        await self.world.view.fold(number, [outcome.decision], self._stands[number], after)
        self._stands[number] = after
        if self.folds:
            await self.fold(number)

    async def fold(self, number: int) -> None:
        """Bring the archive to the end of a partition, where there is one."""
        if self.archive is None:
            return
        at = (await self.archive.positions()).get(number, 0)
        records = [one for one in self.log.all(DECISIONS.name, number) if one.offset >= at]
        reads = [
            Read(
                partition=number,
                position=one.offset,
                value=one.value or b"",
                decision=codec.decode(one.value, Decision),
            )
            for one in records
        ]
        await self.archive.write(number, reads, self.city.laws, at, records[-1].offset + 1)

    async def commit_state(self, number: int) -> None:
        """Write what one partition would remember of the roster."""
        duties = [(key, value) for key, value in self.city.book.records() if key[:2] == b"d:"]
        await self.write(number, [Out(STATE.name, number, key, value) for key, value in duties])

    async def write(self, number: int, outs: list[Out]) -> int:
        """Commit records; answers where the decisions go on."""
        if number not in self._writers:
            self._writers[number] = self.log.writer(f"dispatch.p{number}")  # type: ignore[assignment]
            await self._writers[number].start()
        writer = self._writers[number]
        await writer.begin_transaction()
        marker = Marker(self.city.now, {DECISIONS.name: 0}, self.city.book.pack)
        for ack in await send(writer, self.log.prefix, [*outs, Out(STATE.name, number, b"m:", codec.encode(marker))]):
            await ack
        await writer.commit_transaction()
        decided = self.log.all(DECISIONS.name, number)
        return decided[-1].offset + 1 if decided else 0

    async def report(self, name: str, **fields: Any) -> str:
        """A ticket is filed; answers its id."""
        async with self._turn:
            self.city.now = self.world.now
            ticket = self.city.report(name, **fields)
            await self._commit(self.city.outcome)
        return ticket.id

    async def take(self, cause: IncidentCause) -> str:
        """What intake let through is filed; answers the ticket."""
        async with self._turn:
            self.city.now = self.world.now
            outcome = self.city.take(cause)
            await self._commit(outcome)
        return outcome.tickets[0][0]

    async def ask(self, kind: str, name: str, who: str, **fields: Any) -> str:
        """Somebody does something past the gateway."""
        async with self._turn:
            self.city.now = self.world.now
            reason = self.city.ask(kind, name, who, **fields)
            await self._commit(self.city.outcome)
        return reason

    async def pass_time(self, until: int) -> None:
        """Clocks fire up to a moment, each at its own."""
        async with self._turn:
            while (due := self.city.book.next_due()) is not None and due <= until:
                cause = self.city.book.first_due(due)
                assert cause is not None
                self.city.now = max(self.city.now, cause.due_at)
                await self._commit(self.city.take(cause))

    def key(self, kind: str, name: str, role: str | None = None, org: str | None = None) -> dict[str, str]:
        """A key for somebody, as a header."""
        return {"authorization": f"Bearer {self.world.keys.add(kind, name, 30, role, org)[1]}"}

    def person(self, who: str) -> dict[str, str]:
        """A key for ``role:person``."""
        role, _, person = who.partition(":")
        return self.key("person", person, role)

    async def login(self, client: httpx.AsyncClient, name: str, kind: str, role: str | None = None) -> dict[str, str]:
        """A session of somebody with an account of their own, as a header."""
        given = {"name": name, "password": self.world.accounts.add(name, kind)} | ({"role": role} if role else {})
        found = await client.post("/v1/session", json=given)
        assert found.status_code == 201, found.text
        client.cookies.clear()
        return {"cookie": found.headers["set-cookie"].partition(";")[0]}

    def raw(self) -> list[Any]:
        """What stands on ``incidents.raw``."""
        return [one for number in range(PARTITIONS) for one in self.log.all(RAW.name, number)]


@asynccontextmanager
async def house(redis_url: str, folder: Path, **more: Any) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    """Open a house and a client of it; engine time is a working Monday's morning."""
    here = House(redis_url, folder, **more)
    reference = Town(here.settings)
    law = here.city.laws[REF]
    reference.bundles[law.ref], reference.current = law.bundle, law.ref
    reference.clock = EngineClock(at("08:00") + HOUR + MINUTE, int(time.time() * 1000), 1)
    here.world = World(here.settings, here.log, here, reference=reference)
    here.world.view.laws = here.world.packs.laws  # it folds as the projector does
    here.world.wait_seconds = 60.0  # a busy machine decides later, and no differently
    here.world.gone_seconds = 600.0  # and its servers answer later
    if here.archive is not None:
        await here.archive.fit()
    await here.world.start()
    app = new_app(here.world)
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield here, client
    finally:
        await here.world.stop()
        if here.archive is not None:
            await here.archive.drop()
            await here.archive.close()


async def eventually(holds: Any, within: float = 20.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.005)
