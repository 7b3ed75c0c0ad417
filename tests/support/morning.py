"""A morning on a real stack: reports, people who answer them, clocks that fire, dispatch killed in between."""

import asyncio
import itertools
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from engine.kafka.broker_time import engine_now
from engine.kafka.log_reader import read_log
from engine.kafka.log_snapshot import Log
from engine.kafka.reference import load_clock
from engine.replay.recorded_history import TOPICS
from engine.settings import Settings
from tests.support.poison import good
from tests.support.rig import Rig, eventually
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import home_of, murmur2, partition_of
from topics.registry import COMMANDS, DECISIONS, RAW
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role, Status

INCIDENTS = 300
SPEED, START_MS = 600, 1_772_409_600_000
"""600 ×, from Monday 2026-03-02 08:00 in Shanghai: accept clocks of 15 minutes end within two seconds."""


STEPS = (CommandKind.ACCEPT, CommandKind.START, CommandKind.FINISH, CommandKind.CHECK, CommandKind.ANSWER)
"""What is done with a ticket, from its offer to its end."""


async def read(settings: Settings) -> Log:
    """The log as replay reads it."""
    return await read_log(settings, only=TOPICS)


def decided(log: Log, cause: str) -> list[Decision]:
    """Decisions of one kind of cause."""
    return [d for entry in log.of(DECISIONS.name) if (d := codec.decode(entry.value or b"", Decision)).cause == cause]


async def report(settings: Settings) -> None:
    """Send the incidents."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True)
    await producer.start()
    acks = [
        await producer.send(
            settings.prefix + RAW.name,
            value,
            key=key,
            headers=headers,
            partition=(murmur2(key or b"") & 0x7FFFFFFF) % settings.partitions,
        )
        for key, value, headers in good(11, INCIDENTS, occurred_at="2026-03-02T00:00:00Z")
    ]
    await asyncio.gather(*acks)
    await producer.stop()


async def answer(settings: Settings, steps: Sequence[CommandKind]) -> int:
    """Somebody takes every second ticket that is offered, a stranger some others; one command cannot be read."""
    clock, log = await load_clock(settings), await read(settings)
    images = {
        c.ticket: codec.decode(bytes(c.after), Ticket)
        for d in decided(log, "incident")
        for c in d.changes
        if c.after is not None
    }
    offered = [t for t in images.values() if t.status == Status.OFFERED and t.party in set(Role)]
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True)
    await producer.start()
    sent = 0
    for ticket, kind in itertools.product(offered[::2], steps):
        home = home_of(ticket.id)
        actor = {
            CommandKind.CHECK: Actor(Role.CHECKER, f"checker-{home}-1"),
            CommandKind.ANSWER: Actor(Role.REPORTER, "caller"),
        }.get(kind, Actor(Role(ticket.party or ""), "stranger" if sent % 7 == 0 else ticket.person))
        command = Command(
            id=f"{ticket.id}:{kind}",
            kind=kind,
            actor=actor,
            accepted_at=engine_now(clock),
            ticket=ticket.id,
            text="done",
            proof=("photo",),
            passed=True if kind is CommandKind.CHECK else None,
            satisfied=True if kind is CommandKind.ANSWER else None,
        )
        await producer.send(
            settings.prefix + COMMANDS.name,
            codec.encode(command),
            key=home.encode(),
            partition=partition_of(home, settings.partitions),
        )
        sent += 1
    await producer.send_and_wait(settings.prefix + COMMANDS.name, b'{"id": 1', partition=0)
    await producer.stop()
    return sent + 1


async def a_morning(rig: Rig, steps: Sequence[CommandKind] = STEPS[:3]) -> Log:
    """Reports, commands and clocks on a real stack, dispatch started anew in between; answers the log at the end."""
    await rig.prepare("guancheng", START_MS, SPEED)
    for stage in ("intake", "dispatch"):
        rig.start(stage)
    await rig.ready()
    await report(rig.settings)

    async def incidents_decided() -> bool:
        return len(decided(await read(rig.settings), "incident")) == INCIDENTS

    await eventually(incidents_decided, 300, "every incident decided", every=0.3)
    sent = await answer(rig.settings, steps)
    rig.kill("dispatch-1")
    rig.start("dispatch")
    await rig.ready()

    async def all_decided() -> bool:
        log = await read(rig.settings)
        return len(decided(log, "command")) == sent + rig.settings.partitions and len(decided(log, "clock")) > 200

    await eventually(all_decided, 300, "every command decided and clocks fired", every=0.3)
    rig.terminate("dispatch-1")
    return await read(rig.settings)
